"""Files at the technician's end: what this process sends and fetches, over as many links as it takes.

Each `Transfer` is one batch: a task moves it while there is a link, and a lost link parks it until the next. Faces
start transfers, hear of each change (`heard`), and read `Transfer` for what to show; `send` and `get` are the same for
those who only want the end. A destination here obeys the rules that protect a customer: whatever names a hostile
agent gives, nothing is written outside the chosen folder (`rs_relay.transfer`).
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from rs_relay.channels.files import SPEC, Down, Get, Up
from rs_relay.errors import RsError, TransferFailed, Unreachable, UsageError
from rs_relay.link.channel import Channel, ChannelClosed
from rs_relay.transfer import messages as m
from rs_relay.transfer import plan
from rs_relay.transfer.carrier import Carrier, Inbox
from rs_relay.transfer.disk import Store
from rs_relay.transfer.names import safe_name
from rs_relay.transfer.outcome import Outcome, Progress
from rs_relay.transfer.pipe import PipeLanding, PipeSource
from rs_relay.transfer.receiver import Landing, Receiver
from rs_relay.transfer.sender import Found, Sender

RATE_OVER = 2.0  # seconds over which the rate is averaged
SHOW_EVERY = 0.1  # seconds between two changes that faces hear of


class State(StrEnum):
    WAITING = "waiting"  # for a link
    MOVING = "moving"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Report:
    """How a transfer went. `outcomes` in the order they were settled."""

    outcomes: tuple[Outcome, ...]
    seconds: float

    @property
    def arrived(self) -> tuple[Outcome, ...]:
        return tuple(o for o in self.outcomes if o.sha256)

    @property
    def skipped(self) -> tuple[Outcome, ...]:
        return tuple(o for o in self.outcomes if o.skipped)

    @property
    def failed(self) -> tuple[Outcome, ...]:
        return tuple(o for o in self.outcomes if o.error)

    def check(self) -> None:
        """Raises the error of the only file, or one that sums up several."""
        errors = [outcome.error for outcome in self.outcomes if outcome.error]
        if not errors:
            return
        if len(self.outcomes) == 1:
            raise errors[0]
        kind = type(errors[0]) if len({type(error) for error in errors}) == 1 else TransferFailed
        raise kind(f"{len(errors)} of {len(self.outcomes)} files did not arrive.", errors[0].message)


class _Machine(Protocol):
    """A Sender or a Receiver."""

    finished: bool
    aborted: RsError | None
    progress: Progress

    def give_up(self, error: RsError) -> m.Abort: ...


@dataclass(eq=False)
class Transfer:
    """One batch, for show. `number` is unique in this process."""

    number: int
    label: str
    sending: bool
    state: State = State.WAITING
    rate: float = 0.0  # bytes/s
    error: RsError | None = None
    began: float = 0.0
    outcomes: dict[str, Outcome] = field(default_factory=dict)  # by the sender's name for it
    ended: asyncio.Future[Report] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    _machine: _Machine | None = None
    _move: Callable[[Carrier, Inbox[Any]], Any] | None = None
    _task: asyncio.Task[None] | None = None
    _after: ExitStack = field(default_factory=ExitStack)
    _seen: tuple[float, int] = (0.0, 0)

    @property
    def progress(self) -> Progress:
        return self._machine.progress if self._machine else Progress()

    def told(self, outcome: Outcome) -> None:
        """In the batch's thread."""
        self.outcomes.pop(outcome.name, None)
        self.outcomes[outcome.name] = outcome


class Files:
    spec = SPEC

    def __init__(
        self,
        heard: Callable[[Transfer], None] = lambda transfer: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`heard` is called, in the loop, when a transfer began, moved (ten times a second at most) or ended."""
        self.transfers: list[Transfer] = []
        self._heard, self._clock = heard, clock
        self._numbers = itertools.count(1)
        self._carrier: Carrier | None = None

    async def run(self, channel: Channel[Up, Down]) -> None:
        carrier = Carrier(channel, self._clock)
        self._carrier = carrier
        for transfer in self._unfinished():
            self._carry(carrier, transfer)
        try:
            await carrier.serve(lambda late: None)
        except Unreachable:
            raise  # the next link goes on
        except RsError as error:
            for transfer in self._unfinished():
                self._end(transfer, error)
            raise
        finally:
            self._carrier = None
            for transfer in self._unfinished():
                self._tell(transfer, State.WAITING)

    # ---- what faces call

    async def send(self, paths: Sequence[str], *, overwrite: bool = False, into: str = "") -> Report:
        """Send files and directories of this computer. Raises UsageError for a path that is not there, and the error
        that ended the batch; what failed for single files stands in the report."""
        return await self.start_send(paths, overwrite=overwrite, into=into).ended

    async def send_pipe(self, fd: int, name: str, *, overwrite: bool = False, into: str = "") -> Report:
        """Send what can be read from `fd`, until its end, as the file `name`."""
        return await self.start_send_pipe(fd, name, overwrite=overwrite, into=into).ended

    async def get(self, remote: str, local: str | Path = ".", *, overwrite: bool = False) -> Report:
        """Fetch a file or directory of the customer's into the folder `local`, or as the file of that name."""
        return await self.start_get(remote, local, overwrite=overwrite).ended

    async def get_pipe(self, remote: str, fd: int) -> Report:
        """Fetch one file and write it to `fd` as it comes."""
        return await self.start_get_pipe(remote, fd).ended

    def start_send(self, paths: Sequence[str], *, overwrite: bool = False, into: str = "") -> Transfer:
        after = ExitStack()
        roots: list[plan.Root] = []
        try:
            for path in paths:
                roots.append(plan.local(path))
                after.callback(roots[-1].close)
        except BaseException:
            after.close()
            raise
        label = roots[0].label if len(roots) == 1 else f"{len(roots)} files and folders"
        transfer = self._new(label, True, after)
        opening = partial(_opening, transfer.number, label, into, overwrite)
        transfer._move = partial(self._send, transfer, opening, lambda: _totals(roots), lambda: _found(roots))
        return self._start(transfer)

    def start_send_pipe(self, fd: int, name: str, *, overwrite: bool = False, into: str = "") -> Transfer:
        if len(safe_name(name)) != 1:
            raise UsageError("The name must be that of a file, without folders.", "--into names a folder.")
        transfer = self._new(name, True, ExitStack())
        opening = partial(_opening, transfer.number, name, into, overwrite)
        key = secrets.token_hex(32)
        found = Found(name, open=lambda: PipeSource(fd, key))
        transfer._move = partial(
            self._send, transfer, opening, lambda: plan.Totals(1, m.UNKNOWN), lambda: iter([found])
        )
        return self._start(transfer)

    def start_get(self, remote: str, local: str | Path = ".", *, overwrite: bool = False) -> Transfer:
        folder, name = _destination(Path(local))
        store = Store(folder)
        after = ExitStack()
        after.callback(store.close)
        store.sweep(time.time())

        def land(opened: m.Open) -> Landing:
            return store.landing(opened.key, overwrite=overwrite, rename=name)

        return self._start_get(remote, land, after)

    def start_get_pipe(self, remote: str, fd: int) -> Transfer:
        landing = PipeLanding(fd)
        return self._start_get(remote, lambda opened: landing, ExitStack())

    async def cancel(self, transfer: Transfer) -> None:
        """End it here and there. What has arrived of a file is kept for a later try."""
        if transfer.ended.done():
            return
        task, carrier, machine = transfer._task, self._carrier, transfer._machine
        if task:
            task.cancel()
            await asyncio.wait([task])
        error = TransferFailed("The transfer was cancelled.", "")
        if machine:
            abort = machine.give_up(error)
            if carrier:
                with suppress(RsError, ChannelClosed):
                    await carrier.say(abort)
        self._end(transfer, error, State.CANCELLED)

    # ---- how

    def _new(self, label: str, sending: bool, after: ExitStack) -> Transfer:
        transfer = Transfer(next(self._numbers), label, sending, began=self._clock())
        transfer._after = after
        return transfer

    def _start(self, transfer: Transfer) -> Transfer:
        self.transfers.append(transfer)
        self._heard(transfer)
        if self._carrier:
            self._carry(self._carrier, transfer)
        return transfer

    def _start_get(self, remote: str, land: Callable[[m.Open], Landing], after: ExitStack) -> Transfer:
        transfer = self._new(remote.rstrip("/").rpartition("/")[2] or remote, False, after)
        receiver = Receiver(land, transfer.told)
        transfer._machine = receiver
        asked = Get(transfer.number, secrets.token_hex(16), remote)
        transfer._move = partial(self._get, transfer, receiver, asked)
        return self._start(transfer)

    def _unfinished(self) -> list[Transfer]:
        return [transfer for transfer in self.transfers if not transfer.ended.done()]

    def _carry(self, carrier: Carrier, transfer: Transfer) -> None:
        self._tell(transfer, State.MOVING)
        transfer._task = carrier.start(transfer.number, partial(self._job, transfer, carrier))

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
        opening: Callable[[plan.Totals], m.Open],
        totals: Callable[[], plan.Totals],
        found: Callable[[], Iterator[Found]],
        carrier: Carrier,
        inbox: Inbox[Any],
    ) -> None:
        machine = transfer._machine
        if isinstance(machine, Sender):
            machine.join(transfer.number)
        else:
            opened = opening(await asyncio.to_thread(totals))
            machine = transfer._machine = Sender(opened, found(), transfer.told)
            transfer._after.callback(machine.close)
        await carrier.send(machine, inbox, partial(self._moved, transfer))

    async def _get(
        self, transfer: Transfer, receiver: Receiver, asked: Get, carrier: Carrier, inbox: Inbox[Any]
    ) -> None:
        await carrier.say(asked)
        await carrier.receive(receiver, inbox, partial(self._moved, transfer))

    def _moved(self, transfer: Transfer) -> None:
        now, done = self._clock(), transfer.progress.done
        then, before = transfer._seen
        if not then:
            transfer._seen = now, done
        elif now - then >= SHOW_EVERY:
            rate = (done - before) / (now - then)
            share = min(1.0, (now - then) / RATE_OVER)
            transfer.rate = rate if not transfer.rate else (1 - share) * transfer.rate + share * rate
            transfer._seen = now, done
            self._tell(transfer, State.MOVING)

    def _end(self, transfer: Transfer, error: RsError | None, state: State | None = None) -> None:
        transfer.error = error
        transfer._after.close()
        report = Report(tuple(transfer.outcomes.values()), self._clock() - transfer.began)
        if not transfer.ended.done():
            if error:
                transfer.ended.set_exception(error)
                transfer.ended.exception()  # a face that reads `error` need not await it
            else:
                transfer.ended.set_result(report)
        self._tell(transfer, state or (State.FAILED if error or report.failed else State.DONE))

    def _tell(self, transfer: Transfer, state: State) -> None:
        transfer.state = state
        self._heard(transfer)


def _opening(batch: int, label: str, into: str, overwrite: bool, totals: plan.Totals) -> m.Open:
    key, sending = secrets.token_hex(16), secrets.token_hex(16)
    return m.Open(batch, key, sending, label, into, overwrite, totals.files, totals.size)


def _totals(roots: Sequence[plan.Root]) -> plan.Totals:
    each = [root.totals() for root in roots]
    return plan.Totals(sum(t.files for t in each), sum(t.size for t in each))


def _found(roots: Sequence[plan.Root]) -> Iterator[Found]:
    for root in roots:
        yield from root.found()


def _destination(local: Path) -> tuple[Path, str]:
    """(folder, name in it or '' to keep the sender's). Raises UsageError."""
    if local.is_dir():
        return local, ""
    if not local.parent.is_dir():
        raise UsageError("There is no such folder here.", f"Make it first: {local.parent}")
    if len(safe_name(local.name)) != 1:
        raise UsageError("That is not the name of a file.")
    return local.parent, local.name
