"""Standard input as lines, without blocking the loop: a terminal, a pipe or a file, on any system.

A thread reads, because a terminal cannot be polled on Windows and a file cannot be polled anywhere. It is a daemon:
a read that never returns (a person who types nothing) must not keep the program alive.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator


async def stdin_lines() -> AsyncIterator[str]:
    """Each line without its line break, until the end of the input."""
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str | None] = asyncio.Queue()

    def read() -> None:
        try:
            for line in sys.stdin:
                loop.call_soon_threadsafe(lines.put_nowait, line.rstrip("\r\n"))
            loop.call_soon_threadsafe(lines.put_nowait, None)
        except (RuntimeError, ValueError):
            return  # the loop or the input was closed under us: the program is ending

    threading.Thread(target=read, name="stdin", daemon=True).start()
    while (line := await lines.get()) is not None:
        yield line
