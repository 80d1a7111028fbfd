"""A live link: one `LinkSession` on one socket, and its channels as coroutines. With `dial`, the only I/O of this room.

Who owns what: each record goes to `receive` where the socket reads it, and the reader task hears how that ended; the
writer task alone calls `next_record`; channels only queue and take. The writer asks for the next record when the socket
has taken the one before, so that what is urgent overtakes what is large here, and not never. A link that breaks is cut
at once, without a polite close (a polite close of a broken line costs seconds); the session above it dials again.

On a slow line the parts of bulk messages shrink until one takes about 20 ms to leave, and no more of them is under way
than `ration` says, so that a key press waits for little.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from rs_relay.errors import SENTENCE, ConnectionLost, LocalProblem, PeerBroke, RsError, SessionEnded, TooLarge
from rs_relay.link import session as core
from rs_relay.link.channel import ChannelClosed
from rs_relay.link.frames import BadFrame
from rs_relay.link.handshake import Opened, Role
from rs_relay.link.ration import Line, Ration
from rs_relay.link.seal import BadRecord
from rs_relay.link.spec import ChannelSpec, Priority
from rs_relay.text import printable

PING_EVERY = 10.0  # seconds of silence, then a ping
SILENCE = 25.0  # seconds without a record, pings answered or not: the line is dead
PART_TIME = 0.020  # seconds that one part of a bulk message may keep the line
PART_MIN, PART_MAX = 4 * 1024, core.WHOLE

Said = TypeVar("Said")
Heard = TypeVar("Heard")

_encoder = msgspec.msgpack.Encoder()


class Socket(Protocol):
    """What carries records, in order, whole. `send` returns when it has room for more. Errors are OSError."""

    headroom: int  # bytes it likes to find free before a record

    async def send(self, data: bytes | bytearray, headroom: int = 0) -> None: ...

    def keep_unsent(self, size: int) -> None: ...

    async def each(self, heard: Callable[[bytes], None]) -> None:
        """Hand over each record as it comes, until the socket ends or `heard` raises; raises what that was."""
        ...

    async def close(self) -> None: ...

    def abort(self) -> None: ...


class Facts(msgspec.Struct, frozen=True):
    """What the agent says first on each link, for the technician's book. `host` and `door` are for the relay's door."""

    host: str
    door: str
    name: str
    round_trip: float = 0.0  # seconds, the quickest on any link of this session's; 0: not known


class LinkChannel(Generic[Said, Heard]):
    """See `rs_relay.link.channel.Channel`. `guard`, if set, is called before each message in either direction and
    raises the reason why it may not pass."""

    def __init__(self, link: Link, number: int, spec: ChannelSpec[Any, Any], guard: Callable[[], None] | None) -> None:
        self.spec = spec
        self._link, self._number, self._guard = link, number, guard
        self._decode = spec.decode_down if link.role is Role.TECHNICIAN else spec.decode_up
        self._inbox: deque[tuple[bytes | memoryview, int]] = deque()
        self._changed = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._closed = False
        self._error: RsError | None = None

    async def send(self, message: Said, *, replaces: str = "") -> None:
        self._check()
        data = _encoder.encode(message)
        if len(data) > self.spec.max_message:
            raise TooLarge(f"That is too large to send at once ({len(data) // 1024} KiB).")
        while not self._closed and self.queued >= self.spec.ahead:
            self._room.clear()
            await self._room.wait()
        self._check()
        if self._closed or not self._link.session.send(self._number, data, replaces):
            raise ChannelClosed(self._error)
        self._link.wake()

    async def receive(self) -> Heard:
        while not self._inbox:
            if self._closed:
                raise ChannelClosed(self._error)
            self._changed.clear()
            await self._changed.wait()
        data, cost = self._inbox.popleft()
        if self._link.session.consumed(self._number, cost):
            self._link.wake()
        self._check()
        message: Heard = self._decode(data)
        return message

    def __aiter__(self) -> AsyncIterator[Heard]:
        return self._messages()

    async def _messages(self) -> AsyncIterator[Heard]:
        while True:
            try:
                message = await self.receive()
            except ChannelClosed as closed:
                if closed.error:
                    raise closed.error from None
                return
            yield message

    async def close(self, error: RsError | None = None) -> None:
        self._link.session.close(self._number, error)
        self._link.forget(self._number)
        self._link.wake()
        self.ended(error)

    def cut(self, error: RsError) -> None:
        """Close now, in place of anything still queued, heard or said."""
        self._inbox.clear()
        self._link.session.close(self._number, error, at_once=True)
        self._link.forget(self._number)
        self._link.wake()
        self.ended(error)

    @property
    def queued(self) -> int:
        return self._link.session.queued(self._number)

    @property
    def round_trip(self) -> float | None:
        return self._link.round_trip

    def _check(self) -> None:
        if self._guard:
            self._guard()

    # called by the link

    def heard(self, data: bytes | memoryview, cost: int) -> None:
        self._inbox.append((data, cost))
        self._changed.set()

    def ended(self, error: RsError | None) -> None:
        if not self._closed:
            self._closed, self._error = True, error
        self._changed.set()
        self._room.set()

    def sent(self) -> None:
        if not self._room.is_set() and self.queued < self.spec.ahead:
            self._room.set()


@dataclass
class Request:
    """The technician asks for a channel. Answer it once. What they say first on it is heard when it is accepted, and
    passes the guard as all else."""

    name: str
    _link: Link
    _number: int
    _first: bytes = b""

    def accept(self, spec: ChannelSpec[Any, Any], guard: Callable[[], None] | None = None) -> LinkChannel[Any, Any]:
        """Raises ChannelClosed when the technician has let go of it meanwhile."""
        channel = self._link.accept(self._number, spec, guard)
        if self._first:
            channel.heard(self._first, 0)
        return channel

    def refuse(self, error: RsError) -> None:
        self._link.session.refuse(self._number, error)
        self._link.wake()


@dataclass
class Traffic:
    """What a link has seen of its line."""

    records_in: int = 0
    records_out: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    round_trip: float | None = None  # seconds, of the last ping


class Link:
    """One link of a session. Made by `dial` after the handshake; `start` it inside a running loop."""

    def __init__(
        self,
        opened: Opened,
        role: Role,
        socket: Socket,
        clock: Callable[[], float] = time.monotonic,
        line: Line | None = None,
    ) -> None:
        """`line`: what is known of the line by other links over it."""
        self.role = role
        self.opened = opened
        self.session = core.LinkSession(opened, role, clock())
        self.traffic = Traffic()
        self.ended: asyncio.Future[RsError | None] = asyncio.get_running_loop().create_future()
        self._socket, self._clock = socket, clock
        self._channels: dict[int, LinkChannel[Any, Any]] = {}
        self._opening: dict[int, asyncio.Future[None]] = {}
        self._requests: asyncio.Queue[Request | None] = asyncio.Queue()
        self._facts: asyncio.Future[Facts] = asyncio.get_running_loop().create_future()
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._part = 64 * 1024
        self._ration = Ration(clock(), line)
        self._last_heard = clock()
        self._leaving = False
        self._parting = ""  # why the other end left, in its words
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, facts: Facts | None = None) -> None:
        """Begin. The agent's end passes what it says first."""
        if facts:
            self.session.hello(_encoder.encode(facts))
        self._ask(self._clock())  # how long a way there and back takes while nothing else is on the line
        self._tasks = [
            asyncio.create_task(self._read(), name="link-read"),
            asyncio.create_task(self._write(), name="link-write"),
            asyncio.create_task(self._watch(), name="link-watch"),
        ]

    # ---- for the sessions above

    async def facts(self) -> Facts:
        """What the agent said first. Raises the error the link ended with."""
        return await asyncio.shield(self._facts)

    async def open(self, spec: ChannelSpec[Any, Any], first: Any = None) -> LinkChannel[Any, Any]:
        """Technician: open a channel; waits while the customer is asked. Raises the error of a refusal.

        `first`: what is said on it first; it goes along with the request where it is short."""
        if self.ended.done():
            raise self._why()
        said = b"" if first is None else _encoder.encode(first)
        along = said if len(said) <= core.FIRST else b""
        number = self.session.open(spec.name, spec.priority, spec.window, spec.max_message, along)
        if number >= 2**32:
            raise LocalProblem("This link has been used for too long.", "Connect again.")
        channel: LinkChannel[Any, Any] = LinkChannel(self, number, spec, None)
        self._channels[number] = channel
        self._opening[number] = asyncio.get_running_loop().create_future()
        self.wake()
        try:
            await self._opening[number]
        except BaseException:
            self.session.close(number)
            self.forget(number)
            self.wake()
            raise
        finally:
            self._opening.pop(number, None)
        if said and not along:
            with suppress(ChannelClosed):  # its user hears of it
                await channel.send(first)
        return channel

    async def requests(self) -> AsyncIterator[Request]:
        """Agent: the channels that the technician asks for, until the link ends."""
        while request := await self._requests.get():
            yield request

    async def close(self, reason: str = "") -> None:
        """End the link by intention: what is queued goes out first, then goodbye."""
        if not self.ended.done():
            self._leaving = True
            for number in list(self._channels):
                await self._channels[number].close()
            self.wake()
            await self._drain()
            self.session.bye(reason)
            self.wake()
            await self._drain()
        self._finish(None)
        await self._socket.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def abort(self, error: RsError | None = None) -> None:
        """Cut it now, even in the middle of a polite close."""
        self._finish(error or ConnectionLost("The connection was cut."))
        self._socket.abort()

    async def _drain(self) -> None:
        self._idle.clear()
        self.wake()
        waits: set[asyncio.Future[Any]] = {asyncio.ensure_future(self._idle.wait()), self.ended}
        # a line that takes nothing for ten seconds is not worth waiting for
        await asyncio.wait(waits, timeout=10.0, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits - {self.ended}:
            wait.cancel()

    # ---- for the channels

    @property
    def round_trip(self) -> float | None:
        """Seconds, the quickest so far."""
        return self._ration.quickest

    def wake(self) -> None:
        self._wake.set()

    def forget(self, number: int) -> None:
        self._channels.pop(number, None)

    def accept(
        self, number: int, spec: ChannelSpec[Any, Any], guard: Callable[[], None] | None
    ) -> LinkChannel[Any, Any]:
        if not self.session.accept(number, spec.priority, spec.window, spec.max_message):
            raise ChannelClosed(None)
        channel: LinkChannel[Any, Any] = LinkChannel(self, number, spec, guard)
        self._channels[number] = channel
        self.wake()
        return channel

    # ---- the three tasks

    async def _read(self) -> None:
        try:
            await self._socket.each(self._heard)
        except (BadRecord, BadFrame):
            self._finish(ConnectionLost("The connection carried something that the other end did not send."))
        except OSError:
            self._finish(None if self._leaving else ConnectionLost("The connection was lost."))

    def _heard(self, record: bytes) -> None:
        if self.ended.done():
            return
        self._last_heard = self._clock()
        self.traffic.records_in += 1
        self.traffic.bytes_in += len(record)
        for event in self.session.receive(record):
            self._handle(event)
        if not self.session.idle:  # an answer is owed, or credit may have come
            self.wake()

    async def _write(self) -> None:
        try:
            while not self.ended.done():
                now = self._clock()
                if self._ration.due(now):
                    self._ask(now)
                room = self._ration.room() if self.session.waits(Priority.BULK) else None
                made = self.session.next_record(now, self._part, self._socket.headroom, room)
                if made is None:
                    if room != 0:  # else something is held back, and leaves when what is under way has arrived
                        self._idle.set()
                    self._wake.clear()
                    await self._wake.wait()
                    continue
                record, number = made
                channel = self._channels.get(number) if number is not None else None
                # (a channel that this end has closed is forgotten here, and may still have much to say)
                bulk = number is not None and self.session.priority(number) is Priority.BULK
                self._ration.sent(len(record), bulk)
                await self._socket.send(record, self._socket.headroom)
                self.traffic.records_out += 1
                self.traffic.bytes_out += len(record)
                self._adapt(len(record), self._clock() - now)
                if channel is not None:
                    channel.sent()
        except OSError:
            self._finish(None if self._leaving else ConnectionLost("The connection was lost."))

    def _ask(self, now: float) -> None:
        self.session.ping(self._ration.ping(now))

    def _adapt(self, size: int, took: float) -> None:
        """Shrink the parts on a line that is slow to take them, grow them on one that is not."""
        if took > PART_TIME and size > PART_MIN and self._part > PART_MIN:
            self._part = max(PART_MIN, self._part // 2)
        elif took < PART_TIME / 4 and self._part // 2 <= size and self._part < PART_MAX:
            self._part = min(PART_MAX, self._part * 2)
        else:
            return
        # one part on its way and one behind it: less starves a quick line, more lets a key press wait on a slow one
        self._socket.keep_unsent(2 * self._part)

    async def _watch(self) -> None:
        while not self.ended.done():
            await asyncio.sleep(PING_EVERY / 2)
            silent = self._clock() - self._last_heard
            if silent > SILENCE:
                self._finish(ConnectionLost("The other end has not been heard for a while."))
            elif silent > PING_EVERY / 2:
                self._ask(self._clock())
                self.wake()

    # ---- what happened

    def _handle(self, event: core.Event) -> None:
        match event:
            case core.Heard(number, data, cost):
                if channel := self._channels.get(number):
                    channel.heard(data, cost)
            case core.Accepted(number):
                if (waiting := self._opening.get(number)) and not waiting.done():
                    waiting.set_result(None)
            case core.Gone(number, error):
                self._gone(number, error)
            case core.Asked(number, name, first):
                self._requests.put_nowait(Request(name, self, number, first))
            case core.HelloHeard(body):
                self._greet(body)
            case core.Pong(stamp):
                trip = self._ration.answered(self._clock(), stamp)
                self.traffic.round_trip = self.traffic.round_trip if trip is None else trip
            case core.Bye(reason):
                self._parting = printable(reason, SENTENCE)
                self._finish(None)

    def _gone(self, number: int, error: RsError | None) -> None:
        waiting = self._opening.get(number)
        if waiting and not waiting.done():
            waiting.set_exception(error or PeerBroke("The other end refused without a reason."))
        if channel := self._channels.pop(number, None):
            channel.ended(error)

    def _greet(self, body: bytes) -> None:
        try:
            facts = msgspec.msgpack.decode(body, type=Facts)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise BadFrame("a hello that says nothing") from None
        self._ration.line.told(facts.round_trip, self._clock())
        if not self._facts.done():
            self._facts.set_result(facts)

    def _why(self) -> RsError:
        error = self.ended.result() if self.ended.done() else None
        return error or SessionEnded(self._parting or "The other end closed the link.", "" if self._parting else None)

    def _finish(self, error: RsError | None) -> None:
        """The link is over: everybody who waits hears why, and the socket is cut."""
        if self.ended.done():
            return
        self.ended.set_result(error)
        for channel in list(self._channels.values()):
            channel.ended(error)
        self._channels.clear()
        for waiting in self._opening.values():
            if not waiting.done():
                waiting.set_exception(self._why())
        if not self._facts.done():
            self._facts.set_exception(self._why())
            self._facts.exception()  # nobody need have asked
        self._requests.put_nowait(None)
        current = asyncio.current_task()
        for task in self._tasks:
            if task is not current:
                task.cancel()
        if not self._leaving:
            self._socket.abort()
