"""A shell on the customer's computer, at the technician's end. It is the session's, and outlives this process.

What was typed is kept until the agent has heard it, and what was shown is counted: after a lost link both go on where
they stopped. `ended` says how this look into the shell ended; the terminal and the keys are the caller's.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from rs_relay.channels.shell import (
    AHEAD,
    PIECE,
    SPEC,
    UNSEEN,
    About,
    Attached,
    Begin,
    Down,
    End,
    Ended,
    Keys,
    Leave,
    List,
    Output,
    Resize,
    Screen,
    Seen,
    Shells,
    Taken,
    Typed,
    Up,
)
from rs_relay.errors import PeerBroke, RsError
from rs_relay.link.channel import Channel, ChannelClosed


class Sink(Protocol):
    async def write(self, data: bytes) -> None: ...


class Shell:
    """`number`: 0 for the latest that nobody looks into, or a new one; `new` for a new one whatever there is."""

    spec = SPEC

    def __init__(
        self,
        sink: Sink,
        term: str,
        size: tuple[int, int],
        *,
        number: int = 0,
        new: bool = False,
        attached: Callable[[Attached, bool], None] = lambda attached, again: None,
    ) -> None:
        """`attached` is called on each link; `again`: this look goes on."""
        self.ended: asyncio.Future[Ended | Taken | None] = asyncio.get_running_loop().create_future()
        self._sink, self._term, self._size = sink, term, size
        self._number, self._new, self._attached = number, new, attached
        self._key = secrets.token_hex(16)
        self._seen = UNSEEN
        self._unheard = bytearray()  # typed, and not known to have gone into the terminal
        self._typed_to = 0  # offset of its first byte
        self._sent_to = 0  # on this link
        self._channel: Channel[Up, Down] | None = None
        self._room = asyncio.Event()

    async def run(self, channel: Channel[Up, Down]) -> None:
        if self.ended.done():
            return
        columns, lines = self._size
        await channel.send(Begin(self._key, columns, lines, self._term, self._number, self._new, self._seen))
        try:
            await self._hear(channel)
        finally:
            self._channel = None

    async def type(self, data: bytes) -> None:
        """Waits while the shell takes no more. Kept over a lost link."""
        while len(self._unheard) + len(data) > AHEAD:
            self._room.clear()
            await self._room.wait()
        self._unheard += data
        await self._send_keys()

    async def resize(self, size: tuple[int, int]) -> None:
        self._size = size
        await self._say(Resize(*size))

    async def leave(self) -> None:
        """The shell goes on."""
        await self._say(Leave())
        self._settle(None)

    async def end(self) -> None:
        """End the shell; `ended` says when it has."""
        await self._say(End())

    async def result(self) -> Ended | Taken | None:
        """None: left. Raises what ended the feature."""
        return await asyncio.shield(self.ended)

    async def _hear(self, channel: Channel[Up, Down]) -> None:
        while True:
            match await channel.receive():
                case Attached() as attached:
                    await self._attach(channel, attached)
                case Screen(data=data):
                    await self._sink.write(data)
                case Output(data=data):
                    await self._sink.write(data)
                    self._seen += len(data)
                    # A shell that has ended hears it no more: what is still to be read says how it went.
                    with suppress(ChannelClosed, RsError):
                        await channel.send(Seen(self._seen), replaces="seen")
                case Typed(total=total):
                    self._drop_to(total)
                case Ended() | Taken() as ended:
                    self._settle(ended)
                    return
                case Shells():
                    raise PeerBroke("The other end answered what was not asked.")

    async def _attach(self, channel: Channel[Up, Down], attached: Attached) -> None:
        again = self._seen == attached.at
        self._number, self._new, self._seen = attached.number, False, attached.at
        if not self._typed_to <= attached.heard <= self._typed_to + len(self._unheard):
            raise PeerBroke("The other end heard what nobody typed.")
        self._sent_to = attached.heard
        self._channel = channel
        self._attached(attached, again)
        await self._send_keys()

    async def _send_keys(self) -> None:
        channel = self._channel
        if channel is None:
            return
        try:
            while data := bytes(self._unheard[self._sent_to - self._typed_to :][:PIECE]):
                at, self._sent_to = self._sent_to, self._sent_to + len(data)
                await channel.send(Keys(at, data))
        except (ChannelClosed, RsError):
            pass  # on the next link it is sent again

    def _drop_to(self, total: int) -> None:
        if not self._typed_to <= total <= self._typed_to + len(self._unheard):
            raise PeerBroke("The other end took what nobody typed.")
        del self._unheard[: total - self._typed_to]
        self._typed_to = total
        self._room.set()

    async def _say(self, message: Up) -> None:
        if self._channel is not None:
            try:
                await self._channel.send(message)
            except (ChannelClosed, RsError):
                pass  # `run` hears it, too

    def _settle(self, how: Ended | Taken | None) -> None:
        if not self.ended.done():
            self.ended.set_result(how)


class ShellList:
    """Asks what shells there are."""

    spec = SPEC

    def __init__(self) -> None:
        self._known: asyncio.Future[tuple[About, ...]] = asyncio.get_running_loop().create_future()

    async def known(self) -> tuple[About, ...]:
        return await asyncio.shield(self._known)

    async def run(self, channel: Channel[Up, Down]) -> None:
        await channel.send(List())
        said = await channel.receive()
        if not isinstance(said, Shells):
            raise PeerBroke("The other end answered what was not asked.")
        if not self._known.done():
            self._known.set_result(said.shells)
