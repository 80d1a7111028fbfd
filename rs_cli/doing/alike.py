"""Both clipboards kept in step for as long as somebody wants: texts go over by themselves, the rest is told.

What was on either before stays there. A text over SYNC_LIMIT, a picture and files are told, with what fetches them.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Any

from rs_cli.command_line.answers import Copied
from rs_cli.features.clipboard import Clipboard, LocalClipboard, Moved, no_clipboard
from rs_cli.features.clips import Clips, beside_text
from rs_relay.channels.clips import Format, Offered
from rs_relay.errors import RsError


class Alike:
    """Of one session. `tell` hears each copy that crossed, or was left where it is."""

    def __init__(self, number: int, local: LocalClipboard | None, tell: Callable[[Copied], None]) -> None:
        """Raises LocalProblem without a clipboard of this computer."""
        if local is None:
            raise no_clipboard()
        self._number, self._tell = number, tell
        self._clipboard = Clipboard(local, self._moved)
        self._clips = Clips(self._offered)

    async def keep(self, session: Any, ready: Callable[[], None] = lambda: None) -> None:
        """Until cancelled. Raises what ends it: NotAllowed when it is withdrawn, LocalProblem of the customer's
        computer, SessionEnded."""
        try:
            await session.during(self._clipboard, self._keep(session, ready))
        finally:
            await self._clipboard.close()

    async def _keep(self, session: Any, ready: Callable[[], None]) -> None:
        await self._clipboard.watch(True)
        with contextlib.suppress(RsError):  # an agent whose clipboard carries text alone
            await session.use(self._clips)
            await self._clips.watch(True)
        ready()
        await asyncio.Event().wait()

    def _moved(self, moved: Moved) -> None:
        self._say("get" if moved.from_customer else "send", Format.TEXT, moved.size, moved.taken)

    def _offered(self, offered: Offered) -> None:
        if item := beside_text(offered):
            self._say("get", item.format, item.size, False)

    def _say(self, direction: str, what: Format, size: int, copied: bool) -> None:
        self._tell(Copied(time.time(), self._number, direction, str(what), size, copied))
