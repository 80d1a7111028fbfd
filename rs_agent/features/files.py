"""Files at the customer's end: what a technician sends lands in one folder, or where they say; what they ask for goes.

Law: nothing is written outside `Context.folder` but what the technician names, and nothing is read or written that
`places` does not reach; the rest are the rules of `rs_relay.transfer` (`names`, `disk`, `plan`). The customer is told
of everything that moves, when it starts and when it has ended. The grant of `files` is checked by the channel; a batch
that began under `disk` ends with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from rs_agent.feature import Context, Moving
from rs_agent.folders.places import HERE, Places, new_name
from rs_agent.language import _
from rs_relay.channels.files import SPEC, Down, Get, Up
from rs_relay.errors import NoSuchSession, NotAllowed, PeerBroke, RsError
from rs_relay.link.channel import Channel
from rs_relay.text import printable
from rs_relay.transfer import messages as m
from rs_relay.transfer import plan
from rs_relay.transfer.carrier import Carrier, Inbox
from rs_relay.transfer.disk import Landing, Store
from rs_relay.transfer.folder import Folder
from rs_relay.transfer.outcome import Outcome, Progress
from rs_relay.transfer.part import amount
from rs_relay.transfer.receiver import Receiver
from rs_relay.transfer.sender import Sender

KEPT = 64  # batches remembered, for those whose link may come back
KEY = 64  # characters of a batch's key at most
SHOWN = 60  # cells of a file's name in a notice
LOOK = 0.5  # seconds between two looks at how far it is; what is over by then was never seen to move
SETTLE = 2.0  # seconds that a batch has to end before one of the same key begins; a link that broke may take longer
STOPPED = NotAllowed("The customer stopped this transfer.", "Talk with them before you try again.")


@dataclass
class _Tally:
    """What the customer is told at the end of a batch."""

    outcomes: int = 0
    failed: int = 0
    first: str = ""
    told: bool = False

    def count(self, outcome: Outcome) -> None:
        if outcome.sha256:
            self.outcomes += 1
            self.first = self.first or outcome.saved_as
        self.failed += outcome.error is not None


@dataclass
class _Incoming:
    receiver: Receiver
    store: Store
    wide: bool  # began under `disk`
    tally: _Tally = field(default_factory=_Tally)
    idle: asyncio.Event = field(default_factory=asyncio.Event)  # nothing of it is under way

    @property
    def busy(self) -> bool:
        return not self.idle.is_set()


@dataclass
class _Outgoing:
    root: plan.Root | plan.Several
    sender: Sender
    wide: bool
    tally: _Tally = field(default_factory=_Tally)
    busy: bool = False


class Files:
    spec = SPEC

    def __init__(
        self,
        context: Context,
        clock: Callable[[], float] = time.monotonic,
        today: Callable[[], float] = time.time,
    ) -> None:
        self._context, self._clock, self._today = context, clock, today
        self._places = Places.of(context)
        self._stores: dict[tuple[int, int], Store] = {}  # by device and inode of the folder
        self._opening = threading.Lock()  # of them: whoever begins opens theirs in a thread
        self._beginning = 0  # those that have a store and are not in `_incoming` yet
        self._incoming: OrderedDict[str, _Incoming] = OrderedDict()
        self._outgoing: OrderedDict[str, _Outgoing] = OrderedDict()
        self._moves = 0

    async def run(self, channel: Channel[Down, Up]) -> None:
        carrier = Carrier(channel, self._clock, self._context.courtesy)
        await carrier.serve(partial(self._begin, carrier))

    def close(self) -> None:
        for outgoing in self._outgoing.values():
            outgoing.sender.close()
            outgoing.root.close()
        for store in self._stores.values():
            store.close()
        self._stores.clear()

    def _begin(self, carrier: Carrier, message: Any) -> None:
        """The first message of a batch on this channel. Anything else is late: its batch has ended here."""
        match message:
            case m.Open():
                _check(message.key)
                carrier.start(message.batch, partial(self._receive, carrier, message), message)
            case Get():
                _check(message.key)
                carrier.start(message.batch, partial(self._send, carrier, message))

    # ---- the technician sends

    async def _receive(self, carrier: Carrier, opened: m.Open, inbox: Inbox[m.FromSender]) -> None:
        incoming = self._incoming.get(opened.key)
        if incoming and incoming.busy:  # cancelled and done again at once: what it has is kept in a moment
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SETTLE):
                    await incoming.idle.wait()
            incoming = self._incoming.get(opened.key)
        if incoming is None or incoming.busy or incoming.receiver.aborted:
            self._beginning += 1
            try:
                incoming = await asyncio.to_thread(self._take, opened)
            except RsError as error:
                await carrier.say(m.Abort(opened.batch, error.code, error.message, error.hint))
                return
            finally:
                self._beginning -= 1
            _keep(self._incoming, opened.key, incoming)
            self._tidy()
            self._notice(_("{name} is sending {what}."), opened.label, opened.size)
        incoming.idle.clear()
        text = self._line(_("{name} is sending {what}."), opened.label, opened.size)
        try:
            with self._seen(carrier, opened.batch, text, lambda: incoming.receiver.progress):
                await carrier.receive(incoming.receiver, inbox, partial(self._check_disk, incoming.wide))
        finally:
            incoming.idle.set()
            ended = incoming.receiver.finished or incoming.receiver.aborted
            if ended and not incoming.tally.told:  # it is kept: the technician may not have heard the last answers
                incoming.tally.told = True
                self._received(opened, incoming)

    def _take(self, opened: m.Open) -> _Incoming:
        """Where it lands: the folder for received files, or the place that the technician named."""
        wide = self._places.wide
        tally = _Tally()
        if not opened.at:
            store, rename, reached = self._store(self._context.folder), "", None
        else:
            store, rename = self._store_at(opened.at)
            reached = self._reached

        def land(again: m.Open) -> Landing:
            return store.landing(
                opened.key,
                into=opened.into,
                overwrite=opened.overwrite,
                rename=rename,
                if_newer=opened.if_newer,
                modes=opened.modes,
                links=opened.links,
                reached=reached,
            )

        return _Incoming(Receiver(land, tally.count), store, wide, tally)

    def _store(self, folder: Path | Folder) -> Store:
        """One for each folder, however it was named: what is being written there is kept apart by it."""
        with self._opening:
            store = Store(folder)
            found = store.root.here()
            key = (found.st_dev, found.st_ino)
            if known := self._stores.get(key):
                store.close()
                return known
            store.sweep(self._today())
            self._stores[key] = store
            return store

    def _store_at(self, at: str) -> tuple[Store, str]:
        """The folder to put it into, and what it is to be called there if that is said."""
        try:
            return self._store(self._places.folder(at)), ""
        except NoSuchSession:
            pass
        try:
            spot = self._places.spot(at)
        except NoSuchSession:
            hint = "`rs mkdir -p SESSION:FOLDER` makes one."
            raise NoSuchSession("There is no such folder of the customer's to put it into.", hint) from None
        with spot as place:
            new_name(place.name)
            return self._store(place.folder.copy()), place.name

    def _reached(self, name: str, found: os.stat_result | None) -> bool:
        if found is None:
            return self._places.wide or not name.startswith(".")
        return self._places.shows(name, found)

    def _tidy(self) -> None:
        """Close the folders in which nothing is to be gone on with."""
        if self._beginning:
            return
        used = {id(incoming.store) for incoming in self._incoming.values()}
        for key, store in list(self._stores.items()):
            if id(store) not in used:
                del self._stores[key]
                store.close()

    def _check_disk(self, wide: bool) -> None:
        if wide and not self._places.wide:
            raise NotAllowed("The customer allows the home folder alone now.")

    def _received(self, opened: m.Open, incoming: _Incoming) -> None:
        tally, aborted = incoming.tally, incoming.receiver.aborted
        if tally.outcomes:
            what = tally.first if tally.outcomes == 1 else opened.label
            self._notice(_("{what} has arrived, in {folder}."), what, folder=opened.at)
            self._context.note("file received", what)
        if tally.failed or aborted:
            self._notice(_("{what} did not arrive whole."), opened.label)
            self._context.note("file not received", opened.label)

    # ---- the technician asks

    async def _send(self, carrier: Carrier, asked: Get, inbox: Inbox[m.FromReceiver]) -> None:
        outgoing = self._outgoing.get(asked.key)
        if outgoing is not None and not outgoing.busy:
            outgoing.sender.join(asked.batch)
        else:
            try:
                outgoing = await asyncio.to_thread(self._prepare, asked)
            except RsError as error:
                await carrier.say(m.Abort(asked.batch, error.code, error.message, error.hint))
                return
            _keep(self._outgoing, asked.key, outgoing)
            self._notice(_("{name} is fetching {what}."), outgoing.root.label, outgoing.sender.progress.total)
            self._context.note("file asked for", outgoing.root.label)
        outgoing.busy = True
        text = self._line(_("{name} is fetching {what}."), outgoing.root.label, outgoing.sender.progress.total)
        try:
            with self._seen(carrier, asked.batch, text, lambda: outgoing.sender.progress):
                await carrier.send(outgoing.sender, inbox, partial(self._check_disk, outgoing.wide))
        finally:
            outgoing.busy = False
            if outgoing.sender.finished or outgoing.sender.aborted:
                self._outgoing.pop(asked.key, None)
                self._sent(outgoing)
                outgoing.root.close()

    def _prepare(self, asked: Get) -> _Outgoing:
        wide = self._places.wide
        paths = self._places.expand(asked.path)
        opens = [partial(self._root, path, asked.links) for path in paths]
        root = opens[0]() if len(opens) == 1 else plan.Several(asked.path, opens)
        totals = root.totals()
        opening = m.Open(
            asked.batch,
            asked.key,
            secrets.token_hex(16),
            root.label,
            files=totals.files,
            size=totals.size,
            modes=asked.modes,
            links=asked.links,
        )
        tally = _Tally()
        return _Outgoing(root, Sender(opening, root.found(), tally.count), wide, tally)

    def _root(self, path: str, links: bool) -> plan.Root:
        place = self._places.find(path)
        if place.name == HERE:
            place.close()
            raise NoSuchSession("That folder cannot be fetched as a whole.", "Name what is in it; * stands for all.")
        return plan.Root(place.folder, place.name, place.path, place.name, shows=self._places.shows, links=links)

    def _sent(self, outgoing: _Outgoing) -> None:
        label = outgoing.root.label
        if outgoing.sender.aborted or outgoing.tally.failed:
            self._notice(_("{what} was not fetched whole."), label)
            self._context.note("file not given", label)
        else:
            self._notice(_("{name} has fetched {what}."), label)
            self._context.note("file given", label)

    # ---- what the customer sees

    @contextlib.contextmanager
    def _seen(self, carrier: Carrier, batch: int, text: str, progress: Callable[[], Progress]) -> Iterator[None]:
        """While it moves, the customer sees how far it is and can stop it."""
        self._moves += 1
        number = self._moves
        telling = asyncio.create_task(self._tell(carrier, batch, number, text, progress), name="moving")
        try:
            yield
        finally:
            telling.cancel()
            self._context.face.moved(number)

    async def _tell(
        self, carrier: Carrier, batch: int, number: int, text: str, progress: Callable[[], Progress]
    ) -> None:
        stopped = asyncio.Event()
        shown = -1.0
        while not stopped.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK):
                    await stopped.wait()
            if (part := progress().part) != shown:
                self._context.face.moving(Moving(number, text, part, stopped.set))
                shown = part
        await carrier.break_off(batch, STOPPED)

    def _notice(self, text: str, what: str, size: int = -1, folder: str = "") -> None:
        self._context.face.notice(self._line(text, what, size, folder))

    def _line(self, text: str, what: str, size: int = -1, folder: str = "") -> str:
        """One line for the customer. Names from outside pass the filter; the text is ours."""
        shown = printable(what, SHOWN)
        if size >= 0:
            shown += f" ({amount(size)})"
        name = printable(self._context.technician, SHOWN)
        where = printable(folder or _home_short(self._context), SHOWN)
        return text.format(name=name, what=shown, folder=where)


def _check(key: str) -> None:
    if not 0 < len(key) <= KEY:
        raise PeerBroke("The other end began a transfer without a proper key.")


def _keep(kept: OrderedDict[str, Any], key: str, value: _Incoming | _Outgoing) -> None:
    """Remember a batch; the oldest one that is not under way is forgotten for it."""
    while len(kept) >= KEPT and (idle := next((k for k, v in kept.items() if not v.busy), None)):
        old = kept.pop(idle)
        if isinstance(old, _Outgoing):
            old.sender.close()
            old.root.close()
    kept.pop(key, None)
    kept[key] = value


def _home_short(context: Context) -> str:
    """The folder as a person calls it."""
    try:
        return "~/" + str(context.folder.relative_to(context.home))
    except ValueError:
        return str(context.folder)
