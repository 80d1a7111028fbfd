"""Files at the technician's end: what this process sends and fetches, over as many links as it takes.

Each `Transfer` is one batch. They wait in a queue (`rs_cli.transfers.turns`); a task moves each whose turn it is while
there is a link, and a lost link parks it until the next. One that is paused is told to rest (`Rate` 0, which the far
sender obeys), gives up its turn, and goes on where it was. Faces start transfers, hear of each change (`heard`), and
read `Transfer` for what to show; `send` and `get` are the same for those who only want the end.

A destination here obeys the rules that protect a customer: whatever names a hostile agent gives, nothing is written
outside the chosen folder (`rs_relay.transfer`).
"""

from __future__ import annotations

import asyncio
import itertools
import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import msgspec

from rs_cli.transfers.record import Order, State
from rs_cli.transfers.report import Report
from rs_cli.transfers.speed import Speed
from rs_cli.transfers.turns import Turns
from rs_relay.channels.files import SPEC, Down, Get, Up
from rs_relay.errors import RsError, TransferFailed, Unreachable, UsageError
from rs_relay.link.channel import Channel, ChannelClosed
from rs_relay.transfer import messages as m
from rs_relay.transfer import plan
from rs_relay.transfer.carrier import Carrier, Inbox
from rs_relay.transfer.disk import Store
from rs_relay.transfer.limit import HELD
from rs_relay.transfer.names import safe_name
from rs_relay.transfer.outcome import Outcome, Progress
from rs_relay.transfer.pipe import PipeLanding, PipeSource
from rs_relay.transfer.receiver import Landing, Receiver
from rs_relay.transfer.sender import Found, Sender

__all__ = ["Files", "Order", "Report", "State", "Transfer"]

SHOW_EVERY = 0.1  # seconds between two changes that faces hear of
LOOK_EVERY = 0.5  # seconds after which a rate is looked at though nothing moves
OPEN_MAX = m.BATCHES_MAX - 4  # batches begun on one link, those that are paused included
WILD = "*?["


class _Machine(Protocol):
    """A Sender or a Receiver."""

    finished: bool
    aborted: RsError | None
    progress: Progress

    def give_up(self, error: RsError) -> m.Abort: ...


@dataclass(eq=False)
class Transfer:
    """One batch, for show. `number` is unique in this process; `id` among all of the user's, once it is published."""

    number: int
    order: Order
    label: str
    state: State = State.QUEUED
    limit: int = m.UNKNOWN  # bytes/s
    error: RsError | None = None
    id: int = 0
    began: float = 0.0
    report: Report = field(default_factory=Report)
    ended: asyncio.Future[Report] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    speed: Speed = field(default_factory=Speed)
    fd: int = -1  # of a pipe
    _machine: _Machine | None = None
    _move: Callable[[Carrier, Inbox[Any]], Any] | None = None
    _task: asyncio.Task[None] | None = None
    _on: Carrier | None = None  # the link that it has begun on
    _after: ExitStack = field(default_factory=ExitStack)
    _sending: str = ""  # of the far sender that is heard
    _told_at: float = 0.0
    _tops: set[str] = field(default_factory=set)  # of several that were named, what has arrived

    @property
    def sending(self) -> bool:
        return self.order.sending

    @property
    def progress(self) -> Progress:
        return self._machine.progress if self._machine else Progress()

    @property
    def rate(self) -> float:
        """Bytes/s that really move."""
        return self.speed.rate

    @property
    def seconds_left(self) -> float | None:
        progress = self.progress
        if self.state is not State.MOVING or progress.total < 0:
            return None
        return self.speed.left(max(0, progress.total - progress.done))

    @property
    def left(self) -> Order:
        """What is to be asked for again: of several that were named, those that have not arrived."""
        paths = tuple(path for path in self.order.paths if os.path.basename(path) not in self._tops)
        return msgspec.structs.replace(self.order, paths=paths or self.order.paths) if self._tops else self.order

    def told(self, outcome: Outcome) -> None:
        """In the batch's thread."""
        self.report.count(outcome)
        if len(self.order.paths) > 1 and outcome.sha256 and "/" not in outcome.name:
            self._tops.add(outcome.name)


class Files:
    spec = SPEC

    def __init__(
        self,
        heard: Callable[[Transfer], None] = lambda transfer: None,
        clock: Callable[[], float] = time.monotonic,
        at_once: int = 1,
    ) -> None:
        """`heard` is called, in the loop, when a transfer began, moved (ten times a second at most) or ended."""
        self.transfers: list[Transfer] = []
        self._heard, self._clock = heard, clock
        self._numbers = itertools.count(1)
        self._turns: Turns[Transfer] = Turns(at_once)
        self._carrier: Carrier | None = None
        self._saying: set[asyncio.Task[None]] = set()
        self._stores: dict[Path, tuple[Store, int]] = {}

    async def run(self, channel: Channel[Up, Down]) -> None:
        carrier = Carrier(channel, self._clock)
        self._carrier = carrier
        ticking = asyncio.create_task(self._tick(), name="files-tick")
        self._go_on()
        try:
            await carrier.serve(lambda late: None)
        except Unreachable:
            raise  # the next link goes on
        except RsError as error:
            self._carrier = None  # nothing begins on it any more
            for transfer in self._unfinished():
                self._end(transfer, error)
            raise
        finally:
            ticking.cancel()
            self._carrier = None
            for transfer in self._unfinished():
                transfer.speed.rest()
                if transfer.state is State.MOVING:
                    self._tell(transfer, State.WAITING)

    # ---- what faces call

    async def send(self, paths: Sequence[str], **how: Any) -> Report:
        """Send files and directories of this computer. Raises UsageError for a path that is not there, and the error
        that ended the batch; what failed for single files stands in the report. `how` as in `start_send`."""
        return await self.start_send(paths, **how).ended

    async def send_pipe(self, fd: int, name: str, **how: Any) -> Report:
        """Send what can be read from `fd`, until its end, as the file `name`."""
        return await self.start_send_pipe(fd, name, **how).ended

    async def get(self, remote: str, local: str | Path = ".", **how: Any) -> Report:
        """Fetch a file or directory of the customer's into the folder `local`, or as the file of that name."""
        return await self.start_get(remote, local, **how).ended

    async def get_pipe(self, remote: str, fd: int, *, limit: int = m.UNKNOWN) -> Report:
        """Fetch one file and write it to `fd` as it comes."""
        return await self.start_get_pipe(remote, fd, limit=limit).ended

    def start_send(self, paths: Sequence[str], *, limit: int = m.UNKNOWN, **how: Any) -> Transfer:
        """`how`: into, at, overwrite, if_newer, modes, links (`transfers.record.Order`). Raises UsageError."""
        return self.start(Order(True, tuple(os.path.abspath(path) for path in paths), _key(), **how), limit)

    def start_send_pipe(self, fd: int, name: str, *, limit: int = m.UNKNOWN, **how: Any) -> Transfer:
        if len(safe_name(name)) != 1:
            raise UsageError("The name must be that of a file, without folders.", "--into names a folder.")
        return self.start(Order(True, (name,), _key(), pipe=True, **how), limit, fd)

    def start_get(self, remote: str, local: str | Path = ".", *, limit: int = m.UNKNOWN, **how: Any) -> Transfer:
        return self.start(Order(False, (remote,), _key(), os.path.abspath(local), **how), limit)

    def start_get_pipe(self, remote: str, fd: int, *, limit: int = m.UNKNOWN) -> Transfer:
        return self.start(Order(False, (remote,), _key(), pipe=True), limit, fd)

    def start(self, order: Order, limit: int = m.UNKNOWN, fd: int = -1) -> Transfer:
        """Put it into the queue. Raises UsageError for what cannot be begun."""
        transfer = Transfer(next(self._numbers), order, _label(order), limit=limit, fd=fd)
        self.transfers.append(transfer)
        self._turns.join(transfer)
        self._tell(transfer, State.QUEUED)
        self._go_on()
        return transfer

    def retry(self, transfer: Transfer) -> Transfer:
        """Once more what failed or was cancelled, in the same place of the list; what has arrived stays there.

        Raises UsageError for what cannot be begun again."""
        if not transfer.ended.done() or transfer.state is State.DONE:
            raise UsageError("Only what failed or was cancelled is done again.")
        if transfer.order.pipe:
            raise UsageError("What came from a pipe cannot be sent again.")
        again = self.start(transfer.left, transfer.limit)
        again.id = transfer.id
        self.transfers.remove(again)
        self.transfers[self.transfers.index(transfer)] = again
        return again

    def pause(self, transfer: Transfer) -> None:
        """It rests until `resume`; the next one has its turn."""
        if not transfer.ended.done():
            self._turns.hold(transfer)
            self._set_pace(transfer)
            transfer.speed.rest()
            self._tell(transfer, State.PAUSED)
            self._go_on()

    def resume(self, transfer: Transfer) -> None:
        """It waits for its turn again."""
        if transfer.state is State.PAUSED:
            self._turns.release(transfer)
            self._tell(transfer, State.QUEUED)
            self._go_on()

    def move(self, transfer: Transfer, steps: int | None) -> None:
        """`steps` places down in the queue, or to its front with None. What moves already is not stopped for it."""
        self._turns.move(transfer, steps)
        self._tell(transfer, transfer.state)

    def place(self, transfer: Transfer) -> int:
        """Where it stands in the queue, from 1; 0 when it has ended."""
        order = self._turns.order
        return order.index(transfer) + 1 if transfer in order else 0

    @property
    def queue(self) -> list[Transfer]:
        """Those that have not ended, in order."""
        return list(self._turns.order)

    def set_limit(self, transfer: Transfer, rate: int) -> None:
        """Bytes/s from now on; UNKNOWN: as much as the line carries."""
        transfer.limit = rate
        transfer.speed.rest()  # what it was says nothing about what it will be
        self._set_pace(transfer)
        self._tell(transfer, transfer.state)

    async def cancel(self, transfer: Transfer) -> None:
        """End it here and there. What has arrived of a file is kept for a later try."""
        if transfer.ended.done():
            return
        task, carrier, machine = transfer._task, transfer._on, transfer._machine
        if task:
            task.cancel()
            await asyncio.wait([task])
        error = TransferFailed("The transfer was cancelled.", "")
        if machine:
            abort = machine.give_up(error)
            if carrier and carrier is self._carrier:
                with suppress(RsError, ChannelClosed):
                    await carrier.say(abort)
        self._end(transfer, error, State.CANCELLED)

    # ---- whose turn it is

    def _unfinished(self) -> list[Transfer]:
        return [transfer for transfer in self.transfers if not transfer.ended.done()]

    def _go_on(self) -> None:
        """Begin what is due, as far as there is a link."""
        for transfer in self._turns.due():
            self._tell(transfer, State.WAITING)
        carrier = self._carrier
        for transfer in self._turns.running if carrier else ():
            if carrier and transfer.state is State.WAITING:
                self._carry(carrier, transfer)

    def _carry(self, carrier: Carrier, transfer: Transfer) -> None:
        if transfer._on is carrier:  # it was paused on this very link
            self._tell(transfer, State.MOVING)
            self._set_pace(transfer)
            return
        if sum(other._on is carrier for other in self._turns.order) >= OPEN_MAX:
            return  # when one of those has ended
        try:
            if transfer._move is None:
                transfer.began = self._clock()
                self._open(transfer)
        except RsError as error:
            self._end(transfer, error)
            return
        transfer._on = carrier
        self._tell(transfer, State.MOVING)
        transfer._task = carrier.start(transfer.number, partial(self._job, transfer, carrier))
        if transfer.sending:
            carrier.limit(transfer.number, transfer.limit)

    def _set_pace(self, transfer: Transfer) -> None:
        """Make the sender keep to what is wanted now, whichever end it is at."""
        carrier = self._carrier
        if carrier is None or transfer._on is not carrier:
            return
        if transfer.sending:
            carrier.limit(transfer.number, self._pace(transfer))
        else:
            task = asyncio.create_task(_say(carrier, m.Rate(transfer.number, self._pace(transfer))))
            self._saying.add(task)
            task.add_done_callback(self._saying.discard)

    def _pace(self, transfer: Transfer) -> int:
        return HELD if self._turns.is_held(transfer) else transfer.limit

    # ---- how it is moved

    def _open(self, transfer: Transfer) -> None:
        """Take hold of what it needs of this computer. Raises UsageError, LocalProblem."""
        order = transfer.order
        if not order.sending:
            receiver = Receiver(self._landing(transfer), partial(_told, transfer))
            transfer._machine = receiver
            asked = Get(transfer.number, order.key, order.paths[0], order.modes, order.links)
            transfer._move = partial(self._get, transfer, receiver, asked)
        elif order.pipe:
            key, fd = secrets.token_hex(32), transfer.fd
            found = Found(transfer.label, open=lambda: PipeSource(fd, key))
            transfer._move = partial(self._send, transfer, lambda: plan.Totals(1, m.UNKNOWN), lambda: iter([found]))
        else:
            opens = [partial(plan.local, path, links=order.links) for path in order.paths]
            root = opens[0]() if len(opens) == 1 else plan.Several(transfer.label, opens)
            transfer._after.callback(root.close)
            transfer._move = partial(self._send, transfer, root.totals, root.found)

    def _landing(self, transfer: Transfer) -> Callable[[m.Open], Landing]:
        order = transfer.order
        if order.pipe:
            landing = PipeLanding(transfer.fd)
            return lambda opened: landing
        folder, name = _destination(order)
        store = transfer._after.enter_context(self._store(folder))
        return lambda opened: store.landing(
            opened.key,
            overwrite=order.overwrite,
            rename=name,
            if_newer=order.if_newer,
            modes=order.modes,
            links=order.links,
        )

    @contextmanager
    def _store(self, folder: Path) -> Iterator[Store]:
        """The folder, open; one for all that land in it at once: they share its room and its partial files."""
        path = folder.resolve()
        if path not in self._stores:
            store = Store(path)
            store.sweep(time.time())
            self._stores[path] = (store, 0)
        store, users = self._stores[path]
        self._stores[path] = (store, users + 1)
        try:
            yield store
        finally:
            store, users = self._stores.pop(path)
            if users > 1:
                self._stores[path] = (store, users - 1)
            else:
                store.close()

    async def _job(self, transfer: Transfer, carrier: Carrier, inbox: Inbox[Any]) -> None:
        if transfer._move is None:
            return
        try:
            await transfer._move(carrier, inbox)
        except BrokenPipeError as e:  # nobody reads what we write: not an error of the transfer
            if not transfer.ended.done():
                transfer.ended.set_exception(e)
            error = TransferFailed("Nobody reads any more.", "")
            self._end(transfer, error, State.CANCELLED)
            if transfer._machine:
                await carrier.say(transfer._machine.give_up(error))
            return
        machine = transfer._machine
        if machine and (machine.finished or machine.aborted):
            self._end(transfer, machine.aborted)

    async def _send(
        self,
        transfer: Transfer,
        totals: Callable[[], plan.Totals],
        found: Callable[[], Iterator[Found]],
        carrier: Carrier,
        inbox: Inbox[Any],
    ) -> None:
        machine = transfer._machine
        if isinstance(machine, Sender):
            machine.join(transfer.number)
        else:
            opened = _opening(transfer, await asyncio.to_thread(totals))
            machine = transfer._machine = Sender(opened, found(), transfer.told)
            transfer._after.callback(machine.close)
        await carrier.send(machine, inbox, partial(self._moved, transfer))

    async def _get(
        self, transfer: Transfer, receiver: Receiver, asked: Get, carrier: Carrier, inbox: Inbox[Any]
    ) -> None:
        await carrier.say(asked)
        if (rate := self._pace(transfer)) != m.UNKNOWN:
            await carrier.say(m.Rate(transfer.number, rate))
        await carrier.receive(receiver, inbox, partial(self._moved, transfer))

    # ---- what is told

    async def _tick(self) -> None:
        """A rate falls, too, when nothing moves."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            for transfer in self._turns.running:
                self._moved(transfer)

    def _moved(self, transfer: Transfer) -> None:
        now = self._clock()
        if now - transfer._told_at < SHOW_EVERY or transfer.state is not State.MOVING:
            return
        transfer._told_at = now
        progress = transfer.progress
        transfer.speed.moved(progress.done - progress.resumed, now)
        self._tell(transfer, State.MOVING)

    def _end(self, transfer: Transfer, error: RsError | None, state: State | None = None) -> None:
        transfer.error = error
        transfer._after.close()
        transfer._move, transfer._on = None, None
        self._turns.leave(transfer)
        report = transfer.report
        report.seconds = self._clock() - transfer.began if transfer.began else 0.0
        if not transfer.ended.done():
            if error:
                transfer.ended.set_exception(error)
                transfer.ended.exception()  # a face that reads `error` need not await it
            else:
                transfer.ended.set_result(report)
        self._tell(transfer, state or (State.FAILED if error or report.failures else State.DONE))
        self._go_on()

    def _tell(self, transfer: Transfer, state: State) -> None:
        transfer.state = state
        self._heard(transfer)


async def _say(carrier: Carrier, message: Any) -> None:
    with suppress(RsError, ChannelClosed):  # the next link hears it anew
        await carrier.say(message)


def _told(transfer: Transfer, outcome: Outcome) -> None:
    """What a receiver tells. A sender that was started anew says everything again."""
    receiver = transfer._machine
    opened = receiver.opened if isinstance(receiver, Receiver) else None
    sending = opened.sending if opened else ""
    if transfer._sending != sending:
        transfer._sending, transfer.report = sending, Report()
    transfer.told(outcome)


def _key() -> str:
    return secrets.token_hex(16)


def _label(order: Order) -> str:
    """What it is called. Raises UsageError when it cannot be begun."""
    if not order.sending:
        if not order.pipe:
            _destination(order)
        return order.paths[0].rstrip("/").rpartition("/")[2] or order.paths[0] or "~"
    if order.pipe:
        return order.paths[0]
    labels = []
    for path in order.paths:
        root = plan.local(path)
        root.close()
        labels.append(root.label)
    return labels[0] if len(labels) == 1 else f"{len(labels)} files and folders"


def _opening(transfer: Transfer, totals: plan.Totals) -> m.Open:
    order = transfer.order
    return m.Open(
        transfer.number,
        order.key,
        secrets.token_hex(16),
        transfer.label,
        order.into,
        order.overwrite,
        totals.files,
        totals.size,
        at=order.at,
        if_newer=order.if_newer,
        modes=order.modes,
        links=order.links,
    )


def _destination(order: Order) -> tuple[Path, str]:
    """(folder, name in it or '' to keep the sender's). Raises UsageError."""
    local = Path(order.local)
    if local.is_dir():
        return local, ""
    if any(sign in order.paths[0] for sign in WILD):
        raise UsageError("Several files need a folder to go into.", f"Make it first: {local}")
    if not local.parent.is_dir():
        raise UsageError("There is no such folder here.", f"Make it first: {local.parent}")
    if len(safe_name(local.name)) != 1:
        raise UsageError("That is not the name of a file.")
    return local.parent, local.name
