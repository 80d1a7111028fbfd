"""Files at the customer's end: what a technician sends lands in one folder, what they ask for is read below home.

Law: nothing is written outside `Context.folder` and nothing read outside `Context.home`; the rules are those of
`rs_relay.transfer` (`names`, `disk`, `plan`), here they are only given the two folders. The customer is told of
everything that moves, when it starts and when it has ended. The grant is checked by the channel.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from rs_agent.feature import Context
from rs_agent.language import _
from rs_relay.channels.files import SPEC, Down, Get, Up
from rs_relay.errors import PeerBroke, RsError, UsageError
from rs_relay.link.channel import Channel
from rs_relay.text import printable
from rs_relay.transfer import messages as m
from rs_relay.transfer import plan
from rs_relay.transfer.carrier import Carrier, Inbox
from rs_relay.transfer.disk import Landing, Store
from rs_relay.transfer.outcome import Outcome
from rs_relay.transfer.part import megabytes
from rs_relay.transfer.receiver import Receiver
from rs_relay.transfer.sender import Found, Sender

KEPT = 64  # batches remembered, for those whose link may come back
KEY = 64  # characters of a batch's key at most
SHOWN = 60  # cells of a file's name in a notice


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
    tally: _Tally = field(default_factory=_Tally)
    busy: bool = False


@dataclass
class _Outgoing:
    root: plan.Root
    sender: Sender
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
        self._store: Store | None = None
        self._incoming: OrderedDict[str, _Incoming] = OrderedDict()
        self._outgoing: OrderedDict[str, _Outgoing] = OrderedDict()

    async def run(self, channel: Channel[Down, Up]) -> None:
        carrier = Carrier(channel, self._clock, self._context.pulse.give_way)
        await carrier.serve(partial(self._begin, carrier))

    def close(self) -> None:
        for outgoing in self._outgoing.values():
            outgoing.sender.close()
            outgoing.root.close()
        if self._store is not None:
            self._store.close()
            self._store = None

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
        if incoming is None or incoming.busy or incoming.receiver.aborted:
            try:
                _check_able(opened)
                store = self._open_store()
            except RsError as error:
                await carrier.say(m.Abort(opened.batch, error.code, error.message, error.hint))
                return
            tally = _Tally()
            incoming = _Incoming(Receiver(partial(_land, store), tally.count), tally)
            _keep(self._incoming, opened.key, incoming)
            self._notice(_("{name} is sending {what}."), opened.label, opened.size)
        incoming.busy = True
        try:
            await carrier.receive(incoming.receiver, inbox, lambda: None)
        finally:
            incoming.busy = False
            ended = incoming.receiver.finished or incoming.receiver.aborted
            if ended and not incoming.tally.told:  # it is kept: the technician may not have heard the last answers
                incoming.tally.told = True
                self._received(opened, incoming)

    def _open_store(self) -> Store:
        if self._store is None:
            self._store = Store(self._context.folder)
            self._store.sweep(self._today())
        return self._store

    def _received(self, opened: m.Open, incoming: _Incoming) -> None:
        tally, aborted = incoming.tally, incoming.receiver.aborted
        if tally.outcomes:
            what = tally.first if tally.outcomes == 1 else opened.label
            self._notice(_("{what} has arrived, in {folder}."), what)
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
        try:
            await carrier.send(outgoing.sender, inbox, lambda: None)
        finally:
            outgoing.busy = False
            if outgoing.sender.finished or outgoing.sender.aborted:
                self._outgoing.pop(asked.key, None)
                self._sent(outgoing)
                outgoing.root.close()

    def _prepare(self, asked: Get) -> _Outgoing:
        root = plan.below(self._context.home, asked.path)
        totals = root.totals()
        opening = m.Open(
            asked.batch, asked.key, secrets.token_hex(16), root.label, files=totals.files, size=totals.size
        )
        tally = _Tally()
        found: Iterator[Found] = root.found()
        return _Outgoing(root, Sender(opening, found, tally.count), tally)

    def _sent(self, outgoing: _Outgoing) -> None:
        label = outgoing.root.label
        if outgoing.sender.aborted or outgoing.tally.failed:
            self._notice(_("{what} was not fetched whole."), label)
            self._context.note("file not given", label)
        else:
            self._notice(_("{name} has fetched {what}."), label)
            self._context.note("file given", label)

    def _notice(self, text: str, what: str, size: int = -1) -> None:
        """One line for the customer. Names from outside pass the filter; the text is ours."""
        shown = printable(what, SHOWN)
        if size >= 0:
            shown += f" ({megabytes(size)})"
        name = printable(self._context.technician, SHOWN)
        folder = printable(_home_short(self._context), SHOWN)
        self._context.face.notice(text.format(name=name, what=shown, folder=folder))


def _land(store: Store, opened: m.Open) -> Landing:
    return store.landing(opened.key, into=opened.into, overwrite=opened.overwrite)


def _check_able(opened: m.Open) -> None:
    """Refuse what is not carried out, rather than do something else."""
    if opened.at or opened.if_newer or opened.links:
        raise UsageError("This rs-agent cannot do that with files yet.", "Send it without that option.")


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
