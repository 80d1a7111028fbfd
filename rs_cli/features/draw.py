"""Drawing at the technician's end: strokes go out in order, and what the agent says of the board comes in.

What is drawn while there is no channel is forgotten: the agent says on the next one what is there, and until then
nothing is. The queue is bounded: when a stalled line fills it, it is emptied, and what was on its way is not drawn.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from rs_relay.channels.draw import ALL, SPEC, Begin, Down, Erase, More, Standing, Tool, Up, Where
from rs_relay.link.channel import Channel

MOST = 1000  # messages that wait: half a minute of drawing


class Draw:
    """`show` is called with each message in order, `changed` when `where` is another."""

    spec = SPEC

    def __init__(self, show: Callable[[Down], Awaitable[None]], changed: Callable[[], None] = lambda: None) -> None:
        self.where: Where | None = None  # None: no channel, or nothing heard on it yet
        self._show, self._changed = show, changed
        self._waiting: deque[Up] = deque()
        self._lasers: set[int] = set()
        self._more = asyncio.Event()
        self._active = False

    async def run(self, channel: Channel[Up, Down]) -> None:
        await self._show(Erase(ALL))  # what was there on the link before
        self._waiting.clear()
        self._active = True
        speaking = asyncio.create_task(self._speak(channel), name="draw")
        listening = asyncio.create_task(self._listen(channel), name="draw answers")
        try:
            done, _ = await asyncio.wait((speaking, listening), return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self._active = False
            self._stand(None)
            for task in (speaking, listening):
                task.cancel()
            await asyncio.gather(speaking, listening, return_exceptions=True)

    def do(self, said: Up) -> None:
        """A piece of a stroke, or an erasure."""
        if not self._active:
            return
        if isinstance(said, Begin) and said.tool is Tool.LASER:
            self._lasers = {said.id}  # nobody points with two
        if len(self._waiting) >= MOST:
            self._waiting.clear()
        self._waiting.append(said)
        self._more.set()

    def erase(self) -> None:
        """All drawings, whoever drew them."""
        self.do(Erase(ALL))

    async def _speak(self, channel: Channel[Up, Down]) -> None:
        while True:
            await self._more.wait()
            self._more.clear()
            while self._waiting:
                said = self._waiting.popleft()
                points = isinstance(said, More) and said.id in self._lasers
                await channel.send(said, replaces="laser" if points else "")

    async def _listen(self, channel: Channel[Up, Down]) -> None:
        async for said in channel:
            if isinstance(said, Standing):
                self._stand(said.where)
            await self._show(said)

    def _stand(self, where: Where | None) -> None:
        if where is not self.where:
            self.where = where
            self._changed()
