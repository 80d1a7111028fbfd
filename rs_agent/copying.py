"""The desktop's clipboard as a feature uses it: one thread that calls it, and who hears of its changes.

The desktop's clipboard tells changes from a thread of its own; all calls into it are made by one thread of ours, since
they may block. It is opened on first use, and watched only while somebody listens.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from rs_agent.desktop.base import Clipboard, Desktop

T = TypeVar("T")


class Copying:
    def __init__(self, desktop: Desktop) -> None:
        self._desktop = desktop
        self._thread = ThreadPoolExecutor(1, "clipboard")
        self._clipboard: Clipboard | None = None
        self._stop_watching: Callable[[], None] | None = None
        self._listeners: set[asyncio.Event] = set()

    @property
    def listeners(self) -> int:
        return len(self._listeners)

    async def call(self, act: Callable[[Clipboard], T]) -> T:
        """`act` in our thread. Raises what it raises, and LocalProblem where there is no clipboard."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: act(self._open()))

    async def listen(self, hear: Callable[[], Awaitable[None]], every: float) -> None:
        """Until cancelled: `hear` after each change from now on, once for several within `every` seconds."""
        changed = asyncio.Event()
        self._listeners.add(changed)
        loop = asyncio.get_running_loop()

        def tell() -> None:  # in the desktop's own thread, and perhaps once more after the loop has gone
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._changed)

        try:
            await self.call(partial(self._start, tell))
            while True:
                await changed.wait()
                changed.clear()
                await hear()
                await asyncio.sleep(every)
        finally:
            self._listeners.discard(changed)
            if not self._listeners:
                self._thread.submit(self._stop)

    def close(self) -> None:
        self._thread.submit(self._close)
        self._thread.shutdown(wait=False)

    def _changed(self) -> None:
        for listener in self._listeners:
            listener.set()

    # Only in our thread, from here on.

    def _open(self) -> Clipboard:
        if self._clipboard is None:
            self._clipboard = self._desktop.clipboard()
        return self._clipboard

    def _start(self, tell: Callable[[], None], clipboard: Clipboard) -> None:
        if self._stop_watching is None:
            self._stop_watching = clipboard.watch(tell)

    def _stop(self) -> None:
        stop, self._stop_watching = self._stop_watching, None
        if stop is not None:
            stop()

    def _close(self) -> None:
        self._stop()
        if self._clipboard is not None:
            self._clipboard.close()
