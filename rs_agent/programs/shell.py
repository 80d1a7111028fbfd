"""One shell of the session: a terminal that goes on whether somebody looks into it or not.

    free ──look──▶ watched ──leave──▶ free            free: output is kept as far as it fits, the shell never waits
                      └──link lost──▶ waiting ──60 s──▶ free      waiting: it stops before anything unseen would go
    watched: no more output is read than the technician's line has room for

Who does what: one task reads the terminal, one feeds it. A look (`watch`) is a generator of what is to be said next.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from rs_agent.bucket import Bucket
from rs_agent.programs.base import Running, Size
from rs_agent.programs.pace import Pace
from rs_agent.programs.scrollback import KEEP, Scrollback
from rs_agent.programs.transcript import Transcript
from rs_relay import streams
from rs_relay.channels.shell import AHEAD, About
from rs_relay.errors import PeerBroke

PIECE = 4 * 1024  # bytes that a terminal hands out at once
# Nobody reads faster, and a shell that pours must leave processor and line to the rest: 512 KiB, then 4 MiB/s.
BURST, PER_SECOND = 128, 1024.0  # pieces
WAITING = 60.0  # seconds that a shell waits for somebody whose link broke
UNSEEN = KEEP * 3 // 4  # bytes of output it goes on with meanwhile
NAME = 32  # characters of what runs in it


class Shell:
    """Inside a running loop. `gone` is called when it has ended by itself."""

    def __init__(
        self, number: int, program: Running, transcript: Transcript | None, gone: Callable[[Shell], None]
    ) -> None:
        self.number, self.began = number, time.time()
        self.program, self.scrollback = program, Scrollback()
        self.pace = Pace(0)  # of whoever looks in now, or was there when their link broke
        self.viewer: object | None = None
        self.key = ""
        self.heard = 0  # bytes of input that came by this key, and those of them that went into the terminal
        self.typed = 0
        self._transcript = transcript
        self._input: deque[bytes] = deque()
        self._pending = asyncio.Event()
        self._changed = asyncio.Event()
        self._wait_until = 0.0
        self._gone = gone
        self._drained = False
        self._tasks = [
            asyncio.create_task(self._read(), name="shell-output"),
            asyncio.create_task(self._feed(), name="shell-input"),
        ]

    def about(self) -> About:
        return About(self.number, self.began, self.viewer is not None, self._at_front())

    # ---- whoever looks in

    def attach(self, viewer: object, key: str, seen: int) -> bool:
        """`viewer` looks in from now on; whether output goes on where `seen` says, with the same key as before."""
        again = key == self.key and self.scrollback.start <= seen <= self.scrollback.end
        if key != self.key:
            self.key, self.heard, self.typed = key, 0, 0
            self._input.clear()
        self.viewer = viewer
        self.pace = Pace(seen if again else self.scrollback.end)
        self._change()
        return again

    def detach(self, viewer: object, *, lost: bool) -> None:
        if self.viewer is viewer:
            self.viewer = None
            self._wait_until = asyncio.get_running_loop().time() + WAITING if lost else 0.0
            self._change()

    async def next_output(self, viewer: object, limit: int) -> bytes | None:
        """What is to be said next to `viewer`; None when there will be nothing more: the shell has ended, or
        somebody else has taken it."""
        while self.viewer is viewer:
            size = min(limit, self.pace.room, self.scrollback.end - self.pace.said_to)
            if size > 0:
                data = self.scrollback.since(self.pace.said_to, size)
                self.pace.said(len(data), asyncio.get_running_loop().time())
                return data
            if self._drained and self.pace.said_to == self.scrollback.end:
                return None
            await self._next_change()
        return None

    def seen(self, total: int) -> None:
        if not self.pace.heard(total, asyncio.get_running_loop().time()):
            raise PeerBroke("The other end has seen what a shell did not say.")
        self._change()

    def type(self, at: int, data: bytes) -> None:
        """Typed by the holder of the key, byte `at` and on. What was heard before is passed over."""
        if at > self.heard:
            raise PeerBroke("The other end left out something that was typed.")
        new = data[self.heard - at :]
        self.heard += len(new)
        if self.heard - self.typed > AHEAD:
            raise PeerBroke("The other end typed more than there was room for.")
        if new:
            self._input.append(new)
            self._pending.set()

    def resize(self, size: Size, *, repaint: bool = False) -> None:
        """`repaint`: whatever draws on the whole screen is to draw it again."""
        if repaint and self.scrollback.alternate:
            self.program.resize(Size(size.columns, max(1, size.lines - 1)))
        self.program.resize(size)

    @property
    def changed(self) -> asyncio.Event:
        """Set at the next change of anything here."""
        return self._changed

    # ---- the end

    async def end(self) -> None:
        """As if its window had been closed: HUP, then what is usual."""
        self.program.signal("HUP")
        await self.program.end()
        self.close()
        self._gone(self)

    def close(self) -> None:
        for task in self._tasks:
            if task is not asyncio.current_task():
                task.cancel()
        self.program.kill()
        # when the two have let go of its descriptors: their numbers may be given out again at once
        asyncio.get_running_loop().call_soon(self.program.close)
        if self._transcript is not None:
            self._transcript.close()
        self._drained = True
        self._change()

    # ---- the two tasks

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        bucket = Bucket(BURST, PER_SECOND, loop.time)
        fd = self.program.stdout
        while fd is not None:
            while (wait := self._must_wait()) > 0:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._next_change(), wait)
            data = await streams.read(fd, PIECE)
            if not data:
                break
            self.scrollback.add(data)
            if self._transcript is not None:
                self._transcript.write(data)
            self._change()
            await asyncio.sleep(bucket.take())
        await self.program.over
        self._drained = True
        self._change()
        self._gone(self)

    def _must_wait(self) -> float:
        """Seconds that no more may be read, if nothing changes."""
        ahead = self.scrollback.end - self.pace.seen
        if self.viewer is not None:
            return 60.0 if ahead >= self.pace.window else 0.0
        return max(0.0, self._wait_until - asyncio.get_running_loop().time()) if ahead >= UNSEEN else 0.0

    async def _feed(self) -> None:
        while (fd := self.program.stdin) is not None:
            while not self._input:
                self._pending.clear()
                await self._pending.wait()
            data = self._input.popleft()
            try:
                await streams.write(fd, data)
            except OSError:
                return  # it has ended
            self.typed = min(self.typed + len(data), self.heard)
            self._change()

    def _change(self) -> None:
        self._changed, before = asyncio.Event(), self._changed
        before.set()

    async def _next_change(self) -> None:
        await self._changed.wait()

    def _at_front(self) -> str:
        """The name of the program that has the terminal now; '' where it cannot be told."""
        if self.program.stdout is None or os.name != "posix":
            return ""
        with suppress(OSError):
            group = os.tcgetpgrp(self.program.stdout)
            with open(f"/proc/{group}/comm", encoding="utf-8", errors="replace") as file:
                return file.read(NAME).strip()
        return ""
