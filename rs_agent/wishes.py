"""What several technicians want of one keeper: a change holds for as long as at least one of them wants it.

On the event loop, but for what the keeper tells, which comes from a thread of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from rs_agent.desktop.base import Desktop
from rs_agent.desktop.keeping import Change, Keeper, Kept


class Wishes:
    """`changed(before, now)` is called whenever what holds, or why something does not, has become another."""

    def __init__(self, desktop: Desktop, purpose: str, changed: Callable[[Kept, Kept], None]) -> None:
        self.kept = Kept()
        self._desktop, self._purpose, self._changed = desktop, purpose, changed
        self._wants: dict[object, frozenset[Change]] = {}
        self._keeper: Keeper | None = None
        self._news = asyncio.Event()

    async def want(self, who: object, changes: frozenset[Change]) -> None:
        """All that `who` wants now. Raises LocalProblem where this desktop has no keeper at all."""
        if changes and self._keeper is None:
            loop = asyncio.get_running_loop()
            self._keeper = await asyncio.to_thread(self._desktop.keeper, self._purpose, self._teller(loop))
        self._wants[who] = changes
        self._settle()

    def drop(self, who: object) -> None:
        if self._wants.pop(who, None):
            self._settle()

    async def wait(self, seen: Kept | None) -> Kept:
        """What holds, as soon as it is not what was `seen`."""
        while self.kept == seen:
            await self._news.wait()
        return self.kept

    def close(self) -> None:
        self._wants.clear()
        if self._keeper is not None:
            self._keeper.close()
            self._keeper = None

    def _settle(self) -> None:
        if self._keeper is not None:
            self._keeper.want(frozenset[Change]().union(*self._wants.values()))

    def _teller(self, loop: asyncio.AbstractEventLoop) -> Callable[[Kept], None]:
        def tell(kept: Kept) -> None:
            with suppress(RuntimeError):  # the loop has closed: nobody is there to hear it
                loop.call_soon_threadsafe(self._told, kept)

        return tell

    def _told(self, kept: Kept) -> None:
        before, self.kept = self.kept, kept
        if before == kept:
            return
        self._changed(before, kept)
        self._news, news = asyncio.Event(), self._news
        news.set()
