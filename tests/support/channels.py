"""Two channels joined in memory: harsher than life where that finds faults (every message goes through the spec's
encoder and decoder, queues are short), honest where it must be (order kept, closing seen after what was queued)."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec

from rs_relay.errors import ConnectionLost, RsError
from rs_relay.link.channel import ChannelClosed
from rs_relay.link.spec import ChannelSpec

QUEUE = 8  # messages in flight each way before send() waits


class _Pipe:
    def __init__(self) -> None:
        self.items: deque[tuple[bytes, str]] = deque()
        self.changed = asyncio.Condition()
        self.closed = False
        self.error: RsError | None = None

    @property
    def size(self) -> int:
        return sum(len(data) for data, _ in self.items)


class MemoryChannel:
    """One end. `guard`, if given, is called before each message in either direction, as the agent's link does."""

    def __init__(self, spec: ChannelSpec[Any, Any], out: _Pipe, into: _Pipe, decode: Callable[[bytes], Any]) -> None:
        self.spec = spec
        self.guard: Callable[[], None] | None = None
        self.heard = 0
        self.round_trip: float | None = None
        self._out, self._in, self._decode = out, into, decode

    async def send(self, message: Any, *, replaces: str = "") -> None:
        if self.guard:
            self.guard()
        data = msgspec.msgpack.encode(message)
        if len(data) > self.spec.max_message:
            raise ValueError(f"{self.spec.name}: a message of {len(data)} bytes is over the channel's limit")
        async with self._out.changed:
            if replaces and self._out.items and self._out.items[-1][1] == replaces:
                self._out.items[-1] = (data, replaces)
                return
            await self._out.changed.wait_for(lambda: len(self._out.items) < QUEUE or self._out.closed)
            if self._out.closed:
                raise ChannelClosed(self._out.error)
            self._out.items.append((data, replaces))
            self._out.changed.notify_all()

    async def receive(self) -> Any:
        async with self._in.changed:
            await self._in.changed.wait_for(lambda: self._in.items or self._in.closed)
            if not self._in.items:
                raise ChannelClosed(self._in.error)
            data, _ = self._in.items.popleft()
            self._in.changed.notify_all()
        if self.guard:
            self.guard()
        self.heard += 1
        return self._decode(data)

    def __aiter__(self) -> AsyncIterator[Any]:
        return self._messages()

    async def _messages(self) -> AsyncIterator[Any]:
        while True:
            try:
                yield await self.receive()
            except ChannelClosed as closed:
                if closed.error:
                    raise closed.error from None
                return

    async def close(self, error: RsError | None = None) -> None:
        for pipe in (self._out, self._in):
            async with pipe.changed:
                if not pipe.closed:
                    pipe.closed, pipe.error = True, error
                    pipe.changed.notify_all()

    async def send_raw(self, data: bytes) -> None:
        """What a hostile peer may send: bytes that no encoder made."""
        async with self._out.changed:
            self._out.items.append((data, ""))
            self._out.changed.notify_all()

    @property
    def queued(self) -> int:
        return self._out.size


def channel_pair(spec: ChannelSpec[Any, Any]) -> tuple[MemoryChannel, MemoryChannel]:
    """(technician's end, agent's end)."""
    up, down = _Pipe(), _Pipe()
    return (
        MemoryChannel(spec, up, down, spec.decode_down),
        MemoryChannel(spec, down, up, spec.decode_up),
    )


async def break_off(channel: MemoryChannel) -> None:
    """The link is lost: both ends see it, and what was queued is gone."""

    channel._out.items.clear()
    channel._in.items.clear()
    await channel.close(ConnectionLost("The connection was lost."))
