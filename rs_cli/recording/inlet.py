"""What lies between a window and a recording of what it shows: the window never waits, the picture never loses a piece.

Messages wait in a queue of QUEUE bytes. If the recorder is too slow even for that, all that waits is thrown away and
the agent is asked for the whole picture; so it is at the beginning, since nobody enters a stream in its middle.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from rs_relay.channels.screen.messages import Down, Frame, Layout

QUEUE = 32 * 1024 * 1024


class Inlet:
    """`refresh` asks the agent for a new Layout."""

    def __init__(self, take: Callable[[Down], Awaitable[None]], refresh: Callable[[], Awaitable[None]]) -> None:
        self._take, self._refresh = take, refresh
        self._waiting: deque[Down] = deque()
        self._bytes = 0
        self._more = asyncio.Event()
        self._lost = True  # until the next Layout
        self._ask = True  # for it

    def put(self, message: Down) -> None:
        """Never waits."""
        if isinstance(message, Layout):
            self._lost = False
        elif isinstance(message, Frame) and (self._lost or self._bytes > QUEUE):
            if not self._lost:
                self._lost = self._ask = True
                self._waiting.clear()
                self._bytes = 0
                self._more.set()
            return
        self._waiting.append(message)
        self._bytes += size(message)
        self._more.set()

    async def run(self) -> None:
        """For ever. Raises what `take` raises."""
        while True:
            while self._waiting:
                message = self._waiting.popleft()
                self._bytes -= size(message)
                await self._take(message)
            if self._ask:
                self._ask = False
                await self._refresh()
            await self._more.wait()
            self._more.clear()


def size(message: Down) -> int:
    """Bytes that it holds, roughly."""
    if not isinstance(message, Frame):
        return 64
    regions, films = sum(len(r.data) for r in message.regions), sum(len(f.data) for f in message.films)
    return 64 + len(message.data) + regions + films
