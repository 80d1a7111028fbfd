"""A command on the customer's computer, at the technician's end: three streams, signals, and how it ended.

A command belongs to its channel: when the link breaks, the agent ends it, and here that is told as ConnectionLost.
It is never run again by itself, since nobody can know how far it came.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from rs_relay.channels.exec import (
    AHEAD,
    PIECE,
    SPEC,
    STDERR,
    STDOUT,
    Deaf,
    Down,
    EndOfInput,
    Errors,
    Exited,
    Failed,
    Input,
    Output,
    Resize,
    Run,
    Signal,
    Taken,
    Unheard,
    Up,
)
from rs_relay.errors import NO_ROOM, ConnectionLost, PeerBroke, RsError, unwritten
from rs_relay.link.channel import Channel, ChannelClosed


class Source(Protocol):
    async def read(self, limit: int) -> bytes:
        """b"" at the end."""
        ...


class Sink(Protocol):
    async def write(self, data: memoryview) -> None:
        """Raises OSError when nobody reads it any more."""
        ...


class Exec:
    spec = SPEC

    def __init__(self, command: Run, source: Source | None, stdout: Sink, stderr: Sink) -> None:
        """`source`: its standard input, None where `command.input` says that there is none."""
        self.ended: asyncio.Future[Exited | Failed] = asyncio.get_running_loop().create_future()
        self._command, self._source = command, source
        self._sinks: dict[int, Sink | None] = {STDOUT: stdout, STDERR: stderr}
        self._channel: Channel[Up, Down] | None = None
        self._sent = self._taken = 0
        self._room = asyncio.Event()
        self._deaf = False
        self._full: RsError | None = None  # what could not be written here any more

    async def result(self) -> Exited | Failed:
        """How it ended, after all that it wrote has been written here. Raises ConnectionLost, NotAllowed …"""
        return await asyncio.shield(self.ended)

    async def run(self, channel: Channel[Up, Down]) -> None:
        if self.ended.done():
            return
        feeding: asyncio.Task[None] | None = None
        error: RsError = ConnectionLost(
            "The connection was lost while the command ran; it has been ended there.",
            "How far it came is not known. Look before you run it again.",
        )
        try:
            await channel.send(self._command)
            self._channel = channel
            if self._source is not None:
                feeding = asyncio.create_task(self._feed(channel, self._source), name="input")
            await self._hear(channel)
        except ChannelClosed as closed:
            if closed.error is not None and not isinstance(closed.error, ConnectionLost):
                error = closed.error
            raise
        except RsError as e:
            if not isinstance(e, ConnectionLost):
                error = e
            raise
        finally:
            self._channel = None
            if feeding is not None:
                feeding.cancel()
                await asyncio.gather(feeding, return_exceptions=True)
            if not self.ended.done():
                self.ended.set_exception(error)
                self.ended.exception()  # nobody need wait for it

    async def signal(self, name: str) -> None:
        await self._say(Signal(name))

    async def resize(self, columns: int, lines: int) -> None:
        await self._say(Resize(columns, lines))

    async def _say(self, message: Up) -> None:
        if self._channel is not None:
            try:
                await self._channel.send(message)
            except (ChannelClosed, RsError):
                pass  # `run` hears it, too

    async def _hear(self, channel: Channel[Up, Down]) -> None:
        while True:
            match await channel.receive():
                case Output(data=data):
                    await self._write(STDOUT, data)
                case Errors(data=data):
                    await self._write(STDERR, data)
                case Taken(total=total):
                    if not self._taken <= total <= self._sent:
                        raise PeerBroke("The other end took input that nobody sent.")
                    self._taken = total
                    self._room.set()
                case Deaf():
                    self._deaf = True
                    self._room.set()
                case Exited() | Failed() as ended:
                    if self._full:  # the command may well have ended as if nothing were
                        raise self._full
                    self.ended.set_result(ended)
                    return

    async def _write(self, stream: int, data: memoryview) -> None:
        """What nobody reads any more is dropped, and the command told so, as a pipe would."""
        sink = self._sinks[stream]
        if sink is None:
            return
        try:
            await sink.write(data)
        except OSError as e:
            self._full = self._full or (unwritten(e) if e.errno in NO_ROOM else None)
            self._sinks[stream] = None
            await self._say(Unheard(stream))

    async def _feed(self, channel: Channel[Up, Down], source: Source) -> None:
        try:
            while not self._deaf:
                while self._sent - self._taken + PIECE > AHEAD and not self._deaf:
                    self._room.clear()
                    await self._room.wait()
                data = await source.read(PIECE)
                if not data:
                    await channel.send(EndOfInput())
                    return
                self._sent += len(data)
                await channel.send(Input(memoryview(data)))
        except (ChannelClosed, RsError):
            pass  # `run` hears it, too
