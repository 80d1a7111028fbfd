"""Control at the technician's end: what the hands do, in order, to the customer's computer.

Laws
  1. Order is kept; a move that has not left yet is replaced by the next one.
  2. What is done while there is nobody to do it to (no grant, no link) is forgotten, never done later: a click must not
     fall on a screen that has changed meanwhile. Whoever looks is told once, by `ignored`.
  3. The queue is bounded. When a stalled line fills it, it is emptied and everything held is let go of.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from rs_relay.channels.control.messages import (
    MAX_TEXT,
    SPEC,
    Button,
    ButtonName,
    Failed,
    Key,
    Move,
    ReleaseAll,
    Type,
    Up,
    Wheel,
)
from rs_relay.errors import RsError, from_wire
from rs_relay.link.channel import Channel

MOST = 2000  # messages that wait: a mouse of 1000 Hz and a line that stands still for two seconds


class Control:
    """`ignored` is called when input goes nowhere, once until it goes somewhere again; `failed` with what the
    customer's computer could not do."""

    spec = SPEC

    def __init__(
        self,
        ignored: Callable[[], None] = lambda: None,
        failed: Callable[[RsError], None] = lambda error: None,
    ) -> None:
        self._ignored, self._failed = ignored, failed
        self._waiting: deque[Up] = deque()
        self._more = asyncio.Event()
        self._active = False
        self._told = False

    @property
    def active(self) -> bool:
        """Whether what is done now is done over there."""
        return self._active

    async def run(self, channel: Channel[Up, Failed]) -> None:
        self._waiting.clear()
        self._active, self._told = True, False
        speaking = asyncio.create_task(self._speak(channel), name="control")
        listening = asyncio.create_task(self._listen(channel), name="control answers")
        try:
            done, _ = await asyncio.wait((speaking, listening), return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self._active = False
            for task in (speaking, listening):
                task.cancel()
            await asyncio.gather(speaking, listening, return_exceptions=True)

    def move(self, x: int, y: int) -> None:
        """The pointer to a pixel of the customer's desktop."""
        self.do(Move(x, y))

    def button(self, name: ButtonName, down: bool) -> None:
        self.do(Button(name, down))

    def wheel(self, dx: int, dy: int) -> None:
        """Notches; positive dy is up, positive dx is right."""
        self.do(Wheel(dx, dy))

    def key(self, name: str, down: bool) -> None:
        self.do(Key(name, down))

    def type_(self, text: str) -> None:
        """Any text, of any length."""
        for start in range(0, len(text), MAX_TEXT):
            self.do(Type(text[start : start + MAX_TEXT]))

    def release_all(self) -> None:
        self.do(ReleaseAll())

    def do(self, message: Up) -> None:
        """Any of these, as the message that says it."""
        if not self._active:
            self._tell_ignored(message)
            return
        if isinstance(message, Move) and self._waiting and isinstance(self._waiting[-1], Move):
            self._waiting[-1] = message
        elif len(self._waiting) >= MOST:
            self._waiting.clear()
            self._waiting.append(ReleaseAll())
        else:
            self._waiting.append(message)
        self._more.set()

    async def _speak(self, channel: Channel[Up, Failed]) -> None:
        while True:
            await self._more.wait()
            self._more.clear()
            while self._waiting:
                message = self._waiting.popleft()
                await channel.send(message, replaces="move" if isinstance(message, Move) else "")

    async def _listen(self, channel: Channel[Up, Failed]) -> None:
        async for said in channel:
            self._failed(from_wire(said.code, said.message))

    def _tell_ignored(self, message: Up) -> None:
        # Letting go, or a pointer that only passes over the window, asks for nothing.
        wanted = isinstance(message, Wheel | Type) or (isinstance(message, Button | Key) and message.down)
        if wanted and not self._told:
            self._told = True
            self._ignored()
