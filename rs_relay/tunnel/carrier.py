"""All connections of one tunnel on one channel, for either end.

Who owns what: the reader never waits for a socket (each has its own window, so what a slow one has not taken is
bounded); the writer alone says things, one at a time: what is short first, then a piece of one connection after the
other. Nothing lies in the channel's own queue, so a new connection waits behind one piece, and pieces shrink until
that takes PART_TIME.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from rs_relay.channels import tunnel as m
from rs_relay.errors import PeerBroke
from rs_relay.link.channel import Channel, ChannelClosed
from rs_relay.tunnel.dial import NoConnection
from rs_relay.tunnel.machine import WRITES, Connection, State, Table, Word
from rs_relay.tunnel.stream import AHEAD, Stream, share

PART_TIME = 0.05  # seconds
PIECE_MIN = 1024  # bytes
PIECE_FIRST = 8 * 1024  # a second on a modem line; on a quick one four pieces later it is the largest
SAYINGS = 4 * m.CONNECTIONS  # short messages that wait: an honest end never has as many, and the reader then rests

FULL = f"There are {m.CONNECTIONS} connections already."

Dial = Callable[[Any, Callable[[], Stream]], Awaitable[None]]


@dataclass(frozen=True)
class _Asked:
    """A connection that the other end has not answered yet."""

    stream: Stream
    opened: Callable[[], None]
    answer: asyncio.Future[None]

    def fail(self, error: NoConnection) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)
            self.answer.exception()  # nobody need wait for it any more


class Carrier:
    """`first`: see `Table`. `dial` connects what an Open or Came asks for to a stream of the given making, and raises
    NoConnection or PeerBroke. `other` is called with every message that is of no connection."""

    def __init__(self, channel: Channel[Any, Any], first: int, dial: Dial, other: Callable[[Any], None]) -> None:
        self._channel, self._dial, self._other = channel, dial, other
        self._table = Table(first)
        self._streams: dict[Stream, Connection] = {}
        self._by_id: dict[int, Stream] = {}
        self._asked: dict[int, _Asked] = {}
        self._dialling: dict[int, asyncio.Task[None]] = {}
        self._sayings: deque[Any] = deque()
        self._turns: deque[Stream] = deque()
        self._waits: set[Stream] = set()  # those in `_turns`
        self._work = asyncio.Event()
        self._room = asyncio.Event()
        self._piece = PIECE_FIRST
        self._share = AHEAD
        self._over = False

    async def serve(self) -> None:
        """Until the channel ends; then every connection is broken off. Raises what ended it."""
        tasks = {asyncio.create_task(self._read(), name="tunnel-read"), asyncio.create_task(self._write())}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self._over = True
            tasks |= set(self._dialling.values())
            for task in tasks:
                task.cancel()
            for asked in self._asked.values():
                asked.fail(NoConnection(m.Why.FAILED, "The line was lost."))
            for stream in list(self._streams):
                stream.cut()
            await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def connections(self) -> int:
        return len(self._streams)

    def say(self, message: Any) -> None:
        """A message that is of no connection."""
        self._sayings.append(message)
        self._work.set()

    async def open(self, stream: Stream, asks: Callable[[int], Any], opened: Callable[[], None] = lambda: None) -> None:
        """Ask the other end for a connection for `stream`, by the message that `asks` makes of an id. `opened` is
        called when it is there, before anything of the other end's is written.

        Raises NoConnection; the stream is still its owner's then."""
        if self._over or self.full:
            raise NoConnection(m.Why.FULL, FULL)
        connection = self._table.ask()
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._asked[connection.id] = _Asked(stream, opened, answer)
        self.say(asks(connection.id))
        try:
            await answer
        except BaseException:
            if self._table.say(connection, Word.SAY_RESET):
                self.say(m.Reset(connection.id))
            raise
        finally:
            self._asked.pop(connection.id, None)

    @property
    def full(self) -> bool:
        return self._table.full or len(self._streams) >= m.CONNECTIONS

    # ---- what is heard

    async def _read(self) -> None:
        async for message in self._channel:
            self._hear(message)
            while len(self._sayings) > SAYINGS:
                self._room.clear()
                await self._room.wait()

    def _hear(self, message: Any) -> None:
        match message:
            case m.Data(id=id, data=data):
                self._heard_data(id, data)
            case m.Window(id=id, size=size):
                if connection := self._table.heard(id, Word.HEAR_WINDOW):
                    self._table.credited(connection, size)
                    self._queue(self._by_id[id])
            case m.Opened(id=id):
                if connection := self._table.heard(id, Word.HEAR_OPENED):
                    self._heard_opened(connection)
            case m.Refused(id=id, why=why, text=text):
                if self._table.heard(id, Word.HEAR_REFUSED) and (asked := self._asked.get(id)):
                    asked.fail(NoConnection(why, text))
            case m.End(id=id):
                if connection := self._table.heard(id, Word.HEAR_END):
                    self._by_id[id].end()
                    self._close_if_over(connection)
            case m.Reset(id=id):
                if self._table.heard(id, Word.HEAR_RESET):
                    self._heard_reset(id)
            case m.Open(id=id) | m.Came(id=id):
                self._heard_asking(message, id)
            case _:
                self._other(message)

    def _heard_data(self, id: int, data: memoryview) -> None:
        connection = self._table.heard(id, Word.HEAR_DATA)
        if connection is None:
            return
        self._table.took(connection, len(data))
        stream = self._by_id[id]
        stream.write(data)
        if not stream.slow:
            self._grant(connection, stream, smooth=True)

    def _heard_opened(self, connection: Connection) -> None:
        if asked := self._asked.get(connection.id):
            asked.opened()
            self._join(connection, asked.stream)
            if not asked.answer.done():
                asked.answer.set_result(None)

    def _heard_reset(self, id: int) -> None:
        if dialling := self._dialling.pop(id, None):
            dialling.cancel()
        if stream := self._by_id.pop(id, None):
            stream.cut()

    def _heard_asking(self, message: Any, id: int) -> None:
        full = self.full
        connection = self._table.asked(id)
        if full:
            self._refuse(connection, NoConnection(m.Why.FULL, FULL))
            return
        self._dialling[id] = asyncio.create_task(self._answer(connection, message), name="tunnel-dial")

    async def _answer(self, connection: Connection, message: Any) -> None:
        made: list[Stream] = []

        def make() -> Stream:
            made.append(Stream())
            return made[-1]

        try:
            await self._dial(message, make)
        except NoConnection as error:
            self._refuse(connection, error)
            return
        except PeerBroke as error:
            self._refuse(connection, NoConnection(m.Why.FAILED, error.message))
            return
        except asyncio.CancelledError:
            for stream in made:
                stream.cut()
            raise
        finally:
            self._dialling.pop(connection.id, None)
        if self._over or not self._table.say(connection, Word.SAY_OPENED):
            made[-1].cut()
            return
        self.say(m.Opened(connection.id))
        self._join(connection, made[-1])

    def _refuse(self, connection: Connection, error: NoConnection) -> None:
        if self._table.say(connection, Word.SAY_REFUSED):
            self.say(m.Refused(connection.id, error.why, error.text))

    def _join(self, connection: Connection, stream: Stream) -> None:
        self._streams[stream] = connection
        self._by_id[connection.id] = stream
        stream.allow(self._share)
        self._share_out()
        stream.start(self)

    def _share_out(self) -> None:
        ahead = share(len(self._streams))
        if ahead != self._share:
            self._share = ahead
            for stream in self._streams:
                stream.allow(ahead)

    # ---- what the sockets do (Holder)

    def said(self, stream: Stream) -> None:
        self._queue(stream)

    def drained(self, stream: Stream) -> None:
        if connection := self._streams.get(stream):
            self._grant(connection, stream, smooth=False)

    def lost(self, stream: Stream) -> None:
        connection = self._streams.pop(stream, None)
        if connection is None:
            return
        self._by_id.pop(connection.id, None)
        self._share_out()
        if self._table.say(connection, Word.SAY_RESET):  # unless it had ended
            self.say(m.Reset(connection.id))

    def _grant(self, connection: Connection, stream: Stream, smooth: bool) -> None:
        """What the socket has taken since the last time may come again. `smooth`: it took it at once."""
        if more := self._table.grant(connection, stream.unwritten, smooth):
            self.say(m.Window(connection.id, more))

    def _queue(self, stream: Stream) -> None:
        connection = self._streams.get(stream)
        if connection is None or stream in self._waits or connection.state not in WRITES:
            return
        if (stream.waiting and connection.credit) or (stream.ended and not stream.waiting):
            self._waits.add(stream)
            self._turns.append(stream)
            self._work.set()

    # ---- what is said

    async def _write(self) -> None:
        clock, last = asyncio.get_running_loop().time, 0
        try:
            while True:
                message = self._next()
                if message is None:
                    self._work.clear()
                    await self._work.wait()
                    continue
                before = clock()
                await self._channel.send(message)
                self._adapt(last, clock() - before)
                last = len(message.data) if isinstance(message, m.Data) else 0
        except ChannelClosed:
            await asyncio.Event().wait()  # the reader hears it too, and says why

    def _next(self) -> Any:
        if self._sayings:
            message = self._sayings.popleft()
            if len(self._sayings) <= SAYINGS // 2:
                self._room.set()
            return message
        while self._turns:
            stream = self._turns.popleft()
            self._waits.discard(stream)
            connection = self._streams.get(stream)
            if connection is None or connection.state not in WRITES:
                continue
            if piece := stream.take(min(self._piece, connection.credit)):
                connection.credit -= len(piece)
                self._queue(stream)
                return m.Data(connection.id, memoryview(piece))
            if stream.ended and not stream.waiting:
                self._table.say(connection, Word.SAY_END)
                self._close_if_over(connection)
                return m.End(connection.id)
        return None

    def _close_if_over(self, connection: Connection) -> None:
        """Both ways have ended: the socket closes when it has taken all."""
        if connection.state is State.GONE and (stream := self._by_id.pop(connection.id, None)):
            stream.close()

    def _adapt(self, size: int, took: float) -> None:
        """The piece before, of `size` bytes, has left after `took` seconds. What is small tells nothing of a line."""
        if size >= PIECE_MIN and took > PART_TIME:
            self._piece = max(PIECE_MIN, min(self._piece, int(size * PART_TIME / took)))
        elif size >= self._piece and took < PART_TIME / 4:
            self._piece = min(m.PIECE, self._piece * 2)
