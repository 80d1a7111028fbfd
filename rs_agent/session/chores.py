"""Tasks that nobody waits for, begun by a session and ended with it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any


class Chores:
    """Inside a running loop."""

    def __init__(self) -> None:
        self._under_way: set[asyncio.Task[None]] = set()

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="session")
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    def others(self) -> set[asyncio.Task[None]]:
        """All but the one that asks."""
        return self._under_way - {asyncio.current_task()}


async def cancelled(tasks: Iterable[asyncio.Task[None]], seconds: float) -> None:
    """Cancels `tasks` and waits for them, but not longer than `seconds`."""
    waiting = set(tasks)
    for task in waiting:
        task.cancel()
    if waiting:
        await asyncio.wait(waiting, timeout=seconds)
