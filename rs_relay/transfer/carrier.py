"""Batches on a live channel: the only module of this room that knows coroutines and threads.

Who owns what: one task reads the channel and never waits for anything else (both ends send and receive at once, and an
end that stopped reading until it could write would be waited for by the other); each batch has one task, and one
thread in which its machine reads, hashes and writes. What a batch has heard and not yet worked off is bounded by the
sender's own WINDOW; a sender that says more than that is cut off.

While the pieces of one step are being sealed and sent, the thread reads and hashes the next ones.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from math import inf
from typing import Any, Generic, Protocol, TypeVar

from rs_relay.errors import PeerBroke, RsError, TransferFailed
from rs_relay.link.channel import Channel, ChannelClosed
from rs_relay.transfer import messages as m
from rs_relay.transfer.limit import Limit
from rs_relay.transfer.pace import Pace
from rs_relay.transfer.pack import ROOM, packed, unpacked
from rs_relay.transfer.receiver import Receiver
from rs_relay.transfer.sender import Line, Sender

STEP = 2 * 1024 * 1024  # bytes that a thread works off in one go: 2 ms, so that handing over costs nothing
BEAT = 10.0  # seconds between two signs of life of a batch
SILENCE = 60.0  # seconds without a sign of the other end's: it will not answer any more
GATHER = 0.05  # seconds that pieces may lie until there is a STEP of them
INBOX_BYTES = m.WINDOW + m.WHOLE_AHEAD + 2 * m.PIECE_MAX
INBOX_MESSAGES = 2 * m.AHEAD

T = TypeVar("T")
Heard = TypeVar("Heard")


class Inbox(Generic[Heard]):
    """What one batch has heard. Pieces nobody waits an answer for are let gather: handing over to the thread costs as
    much as hashing one of them."""

    def __init__(self, now: float = 0.0) -> None:
        self.heard_at = now
        self._runs: deque[Sequence[Heard]] = deque()  # what came in one message, not empty
        self._count = self._size = 0
        self._urgent = 0  # messages that are not to be let lie
        self.limit = Limit()  # of what is said
        self._news = asyncio.Event()
        self.arrived: asyncio.Queue[m.Heard] = asyncio.Queue()  # to be told at once

    def put(self, run: Sequence[Heard]) -> None:
        """What came in one message. Raises PeerBroke when the other end says more than it may."""
        self._runs.append(run)
        self._count += len(run)
        self._size += _weight(run)
        self._urgent += _urgent(run)
        if self._size > INBOX_BYTES or self._count > INBOX_MESSAGES:
            raise PeerBroke("The other end sent more at once than it may.")
        if self._due or len(self._runs) == 1:
            self._news.set()

    def take(self, most: int = STEP) -> list[Heard]:
        """The next messages: until there are `most` bytes of them."""
        taken: list[Heard] = []
        size = 0
        while self._runs and size < most:
            run = self._runs.popleft()
            size += _weight(run)
            self._urgent -= _urgent(run)
            taken += run
        self._count -= len(taken)
        self._size -= size
        return taken

    async def news(self) -> None:
        """Wait until there is something worth taking, or something has lain for GATHER."""
        while not self._due:
            self._news.clear()
            if not self._runs:
                await self._news.wait()
                continue
            try:
                async with asyncio.timeout(GATHER):
                    await self._news.wait()
            except TimeoutError:
                return

    @property
    def _due(self) -> bool:
        return self._urgent > 0 or self._size >= STEP


def _weight(run: Sequence[object]) -> int:
    return sum(map(m.weight, run))


def _urgent(run: Sequence[object]) -> bool:
    message = run[-1]  # pieces go alone
    return not isinstance(message, m.Piece) or message.ack


def _step_back() -> None:
    """On Linux a thread has a priority of its own: whoever hashes goes behind whoever shows what a key has done."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


class Worker:
    """One thread, in which all work of a batch is done, in order."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._pool = ThreadPoolExecutor(1, "rs-transfer", initializer=_step_back)
        self.took = 0.0  # seconds, the latest work

    def start(self, work: Callable[[], T]) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(self._pool, self._timed, work)

    def _timed(self, work: Callable[[], T]) -> T:
        began = self._clock()
        try:
            return work()
        finally:
            self.took = self._clock() - began

    async def finish(self, work: Callable[[], T]) -> T:
        """Do this last, after whatever is still being done, and return only then, however often this task is cancelled:
        the next link must not find the machine at work for this one."""
        last = self.start(work)
        self._pool.shutdown(wait=False)
        cancelled = False
        while not last.done():
            try:
                await asyncio.wait([last])
            except asyncio.CancelledError:
                cancelled = True
        if cancelled:
            raise asyncio.CancelledError
        return last.result()


class Courtesy(Protocol):
    """To whom bulk work gives way."""

    async def turn(self, most: int) -> int:
        """Wait until a step may begin; the bytes that it may have, at most `most`."""
        ...

    def worked(self, seconds: float) -> None:
        """How long a step took."""
        ...


class _Nobody:
    async def turn(self, most: int) -> int:
        return most

    def worked(self, seconds: float) -> None:
        pass


class Carrier:
    """All batches of one channel. `courtesy` is asked before each step."""

    def __init__(
        self,
        channel: Channel[Any, Any],
        clock: Callable[[], float],
        courtesy: Courtesy | None = None,
    ) -> None:
        self._channel, self._clock, self._courtesy = channel, clock, courtesy or _Nobody()
        self._inboxes: dict[int, Inbox[Any]] = {}
        self._jobs: set[asyncio.Task[None]] = set()
        self._broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pace = Pace()
        self._dead: set[tuple[int, int]] = set()  # (batch, item) that failed, (batch, -1) aborted: no ack will come
        self._room = asyncio.Event()

    async def serve(self, first: Callable[[Any], None]) -> None:
        """Until the channel ends; `first` is called with each message of a batch that is not under way.

        Raises the error that ended the channel, or what one of the jobs raised."""
        reader = asyncio.create_task(self._read(first), name="files-read")
        watch = asyncio.create_task(self._watch(), name="files-watch")
        try:
            await asyncio.wait({reader, self._broken}, return_when=asyncio.FIRST_COMPLETED)
            if self._broken.done():
                self._broken.result()
            await reader
        finally:
            self._broken.cancel()
            tasks = {reader, watch, *self._jobs}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def start(
        self, batch: int, job: Callable[[Inbox[Any]], Coroutine[Any, Any, None]], *heard: Any
    ) -> asyncio.Task[None]:
        """Begin the work of a batch; `heard` is what was said of it already. Raises PeerBroke for one too many."""
        if len(self._inboxes) >= m.BATCHES_MAX or batch in self._inboxes:
            raise PeerBroke("The other end started more transfers than it may.")
        inbox = self._inboxes[batch] = Inbox(self._clock())
        for message in heard:
            inbox.put((message,))
        task = asyncio.create_task(self._guarded(batch, partial(job, inbox)), name=f"batch {batch}")
        self._jobs.add(task)
        task.add_done_callback(self._jobs.discard)
        return task

    def limit(self, batch: int, rate: int) -> None:
        """What this end sends of the batch goes at `rate` from now on (`limit.Limit`)."""
        if inbox := self._inboxes.get(batch):
            inbox.limit.set(rate, self._clock())
            self._room.set()

    async def break_off(self, batch: int, error: RsError) -> None:
        """Ends a batch for both ends, also one in which nothing moves; nothing happens where it has ended."""
        if (inbox := self._inboxes.get(batch)) is None:
            return
        said = m.Abort(batch, error.code, error.message, error.hint)
        self._account(said)
        inbox.put((said,))
        await self._channel.send(said)

    async def say(self, message: Any) -> None:
        await self._channel.send(message)

    async def receive(self, receiver: Receiver, inbox: Inbox[Any], moved: Callable[[], None]) -> None:
        """Until the batch has ended. Parks it if the channel goes first. `moved` is called after each step; an RsError
        of its ends the batch."""
        worker = Worker(self._clock)
        telling = asyncio.create_task(self._tell(inbox))
        try:
            while True:
                await inbox.news()
                heard = inbox.take(await self._courtesy.turn(STEP))
                try:
                    answers = await worker.start(partial(receiver.step, heard))
                except PeerBroke:
                    raise
                except RsError as error:
                    answers = [await worker.start(partial(receiver.give_up, error))]
                self._courtesy.worked(worker.took)
                try:
                    moved()
                except RsError as error:
                    answers.append(await worker.start(partial(receiver.give_up, error)))
                for answer in packed(answers):
                    await self._channel.send(answer)
                if receiver.finished or receiver.aborted:
                    return
        finally:
            telling.cancel()
            await worker.finish(receiver.park)

    async def send(self, sender: Sender, inbox: Inbox[Any], moved: Callable[[], None]) -> None:
        """Until the batch has ended, or the channel. `moved` as in `receive`."""
        worker = Worker(self._clock)
        said: list[m.FromSender] = []
        try:
            while not sender.finished and not sender.aborted:
                room = await self._courtesy.turn(STEP)
                heard = inbox.take()
                step = worker.start(partial(sender.step, heard, self._line(inbox.limit, room)))
                await self._say_all(said, inbox.limit)
                said = await step
                self._courtesy.worked(worker.took)
                try:
                    moved()
                except RsError as error:
                    said = [await worker.start(partial(sender.give_up, error))]
                if not said and not heard and not sender.waiting_for_source:
                    await inbox.news()
            await self._say_all(said, inbox.limit)
        finally:
            await worker.finish(sender.rest)

    # ---- how

    async def _tell(self, inbox: Inbox[Any]) -> None:
        """Small files are acknowledged before the disk has them, unlike pieces: many of them wait for the disk
        together, and the line's pace must not be taken from that."""
        with suppress(ChannelClosed):
            while True:
                await self._channel.send(await inbox.arrived.get())

    def _line(self, limit: Limit, most: int) -> Line:
        piece = min(self._pace.piece, limit.piece)
        # a little ahead of what is said, where that is slow: progress counts what was read
        room = most if piece == m.PIECE_MAX else min(most, 4 * piece)
        return Line(room if limit.rate < 0 else piece, piece, self._pace.ack_every)

    async def _say_all(self, said: list[m.FromSender], limit: Limit) -> None:
        for message in packed(said, min(ROOM, self._pace.piece)):
            match message:
                case m.Piece(batch=batch, item=item, offset=offset, data=data, ack=ack):
                    if not await self._turn(batch, item, limit):
                        continue
                    self._pace.said((batch, item), offset + data.nbytes, data.nbytes, ack, self._clock())
                case m.Patch(batch=batch, item=item, offset=offset, size=size, data=data):
                    if not await self._turn(batch, item, limit):
                        continue
                    self._pace.said((batch, item), offset + size, data.nbytes, True, self._clock())
                case m.Whole(batch=batch, item=item, data=data):
                    if not await self._turn(batch, item, limit):
                        continue
                    self._pace.said((batch, item), data.nbytes, data.nbytes, True, self._clock())
                case m.Pack(batch=batch, items=items):
                    last = items[-1].item  # it is what Heard will name
                    if not await self._turn(batch, last, limit):
                        continue
                    self._pace.said((batch, last), 0, m.weight(message), True, self._clock())
                case m.Hole(batch=batch, item=item, offset=offset, size=size):
                    if not await self._turn(batch, item, limit):
                        continue
                    self._pace.said((batch, item), offset + size, m.HOLE_WEIGHT, True, self._clock())
            limit.said(m.weight(message), self._clock())
            await self._channel.send(message)

    async def _turn(self, batch: int, item: int, limit: Limit) -> bool:
        """Wait until content may be said. False: nobody wants it any more."""
        while True:
            if (batch, item) in self._dead or (batch, -1) in self._dead:
                return False
            wait = limit.wait(self._clock())
            if not wait and self._pace.open():
                return True
            self._room.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(wait if 0 < wait < inf else None):
                    await self._room.wait()

    async def _watch(self) -> None:
        """Signs of life, there and back: who reads for an hour or holds a transfer is waited for, who is silent not."""
        with suppress(ChannelClosed):
            while True:
                await asyncio.sleep(BEAT)
                for batch, inbox in list(self._inboxes.items()):
                    if self._clock() - inbox.heard_at < SILENCE:
                        await self._channel.send(m.Still(batch))
                        continue
                    error = TransferFailed("The other end has fallen silent.", "Try again: it goes on where it was.")
                    await self.break_off(batch, error)

    async def _read(self, first: Callable[[Any], None]) -> None:
        async for message in self._channel:
            if living := self._inboxes.get(message.batch):
                living.heard_at = self._clock()
            if isinstance(message, m.Still):
                continue
            if isinstance(message, m.Rate):
                self._limited(message)
                continue
            if isinstance(message, m.Heard):
                self._pace.settled((message.batch, message.item), self._clock())
                self._room.set()
                continue
            run = unpacked(message)
            if not isinstance(message, m.Pack):  # no item tells of the line
                for part in run:
                    self._account(part)
            if living:
                living.put(run)
            else:
                for part in run:
                    first(part)
            if isinstance(message, m.Whole | m.Pack) and (inbox := self._inboxes.get(message.batch)):
                last = message.items[-1] if isinstance(message, m.Pack) else message
                inbox.arrived.put_nowait(m.Heard(message.batch, last.item))

    def _limited(self, message: m.Rate) -> None:
        if message.rate < m.UNKNOWN:
            raise PeerBroke("The other end asked for what is no rate.")
        self.limit(message.batch, message.rate)

    def _account(self, message: Any) -> None:
        """What an answer says about the line."""
        match message:
            case m.Ack(batch=batch, item=item, offset=offset) if offset:
                self._pace.acked((batch, item), offset, self._clock())
            case m.Ack() | m.Accept() | m.Saved() | m.Skipped() | m.Failed():
                self._pace.settled((message.batch, message.item), self._clock())
                if isinstance(message, m.Failed) and message.batch in self._inboxes:
                    self._dead.add((message.batch, message.item))
                    if len(self._dead) > m.AHEAD:  # pieces of them may be on their way to `_say_all`, not of old ones
                        self._dead = {dead for dead in self._dead if dead[1] < 0 or dead[1] > message.item - m.AHEAD}
            case m.Abort(batch=batch) if batch in self._inboxes:
                self._dead.add((batch, -1))
                self._pace.forget(lambda key: isinstance(key, tuple) and key[0] == batch)
            case _:
                return
        self._room.set()

    async def _guarded(self, batch: int, job: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await job()  # made here: a task that is cancelled before it begins leaves no coroutine behind
        except ChannelClosed:
            pass  # the reader hears it too, and says why
        except Exception as e:
            if not self._broken.done():  # the first one ends the channel; `serve` raises it
                self._broken.set_exception(e)
        finally:
            self._inboxes.pop(batch, None)
            self._dead = {dead for dead in self._dead if dead[0] != batch}
            self._pace.forget(lambda key: isinstance(key, tuple) and key[0] == batch)
            self._room.set()
