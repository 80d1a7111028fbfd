"""What one program moves, put on the board, and what others ask of it, done.

One task looks EVERY so often while the program has transfers; it ends with the `async with`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from time import time
from typing import Generic, Protocol, TypeVar

import msgspec

from rs_cli.transfers.board import Ask, Board
from rs_cli.transfers.record import FAILURES, Failure, Order, Record, State
from rs_cli.transfers.report import Report
from rs_relay.errors import LocalProblem, RsError
from rs_relay.transfer.outcome import Progress

EVERY = 0.25  # seconds


class Shown(Protocol):
    """A transfer, as far as others may know it."""

    id: int
    label: str
    state: State
    limit: int
    error: RsError | None
    report: Report

    @property
    def progress(self) -> Progress: ...

    @property
    def left(self) -> Order: ...

    @property
    def rate(self) -> float: ...


T = TypeVar("T", bound=Shown)


class Moving(Protocol[T]):
    """Whoever moves them."""

    transfers: list[T]

    def place(self, transfer: T) -> int: ...

    def pause(self, transfer: T) -> None: ...

    def resume(self, transfer: T) -> None: ...

    def move(self, transfer: T, steps: int | None) -> None: ...

    def set_limit(self, transfer: T, rate: int) -> None: ...

    def retry(self, transfer: T) -> T: ...

    async def cancel(self, transfer: T) -> None: ...


class Publisher(Generic[T]):
    """`session` and `customer`: whose session it is in."""

    def __init__(
        self, files: Moving[T], session: int, customer: str, board: Board, clock: Callable[[], float] = time
    ) -> None:
        self._files, self._session, self._customer = files, session, customer
        self._board, self._clock = board, clock
        self._written: dict[int, Record] = {}

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(EVERY)

    async def look(self) -> None:
        """Write what has changed, do what was asked."""
        with suppress(LocalProblem):  # a full disk of ours stops no transfer
            self.write()
            if self._written:
                for number, ask, path in self._board.asked():
                    transfer = next((t for t in self._files.transfers if t.id == number), None)
                    if transfer is None:
                        continue  # another program's
                    await self._do(transfer, ask)
                    self.write()
                    path.unlink(missing_ok=True)

    def write(self) -> None:
        for transfer in self._files.transfers:
            if not transfer.id:
                transfer.id = self._board.claim()
            before = self._written.get(transfer.id)
            if before is not None and before.state.is_over and before.state is transfer.state:
                continue
            record = self._record(transfer, before)
            if record != before:
                self._board.write(record)
                self._written[transfer.id] = record

    def _record(self, transfer: T, before: Record | None) -> Record:
        progress, report, now = transfer.progress, transfer.report, self._clock()
        is_over = transfer.state.is_over
        record = Record(
            transfer.id,
            self._board.owner,
            self._session,
            self._customer,
            transfer.left,
            transfer.label,
            transfer.state,
            self._files.place(transfer),
            "" if is_over else progress.name,
            progress.done,
            progress.total,
            progress.resumed,
            progress.files,
            progress.all_files,
            0.0 if is_over else round(transfer.rate),
            transfer.limit,
            report.skips,
            report.failures,
            tuple(Failure(o.name, o.error.code, o.error.message) for o in report.failed[:FAILURES] if o.error),
            Failure(transfer.label, transfer.error.code, transfer.error.message) if transfer.error else None,
            before.began if before else now,
            now if is_over else 0.0,
        )
        if transfer.state is State.DONE:  # nothing is to be done again: the paths are nobody's business any more
            order = msgspec.structs.replace(transfer.left, paths=(), local="", into="", at="")
            record = msgspec.structs.replace(record, order=order)
        return record

    async def _do(self, transfer: T, ask: Ask) -> None:
        match ask.what:
            case "pause":
                self._files.pause(transfer)
            case "resume":
                self._files.resume(transfer)
            case "first":
                self._files.move(transfer, None)
            case "up":
                self._files.move(transfer, -1)
            case "down":
                self._files.move(transfer, 1)
            case "cancel":
                await self._files.cancel(transfer)
            case "retry":
                with suppress(RsError):  # its new line says so
                    self._files.retry(transfer)
            case "limit":
                self._files.set_limit(transfer, ask.rate)


@asynccontextmanager
async def published(files: Moving[T], session: int, customer: str, board: Board | None = None) -> AsyncIterator[None]:
    """Others see the transfers of `files`, and may act on them, until the block is left."""
    try:
        board = board or Board()
    except LocalProblem:
        yield  # they can be moved without
        return
    publisher = Publisher(files, session, customer, board)
    task = asyncio.create_task(publisher.run(), name="transfers")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
        with suppress(LocalProblem):
            publisher.write()
        board.close()
