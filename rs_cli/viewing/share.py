"""The share turned round, as a switch in the window's menu: the customer looks at the technician's screen.

While it is shown the status line says so, and the tool bar has the button that stops it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from rs_cli.features.share import CLOSED, SHOWN, Share, check_screen
from rs_cli.viewer import pipe
from rs_cli.viewing.companion import Around

ASKED = "The customer is asked whether they want to see your screen…"
STOPPED = "Your screen is no longer shown."


class ShareEntry:
    def __init__(self, around: Around) -> None:
        self._around = around
        self._showing: asyncio.Task[None] | None = None
        self._seen = False

    def entries(self) -> Iterable[pipe.Entry]:
        on = self._showing is not None
        yield pipe.Entry("share", "Show my screen to the customer", pipe.Kind.CHECK, on=on)
        if self._seen:
            yield pipe.Entry("unshare", "Stop showing my screen", tool=True)

    async def chosen(self, what: str, on: bool) -> None:
        if what == "share" and on:
            await self._show()
        elif self._showing is not None:
            self._showing.cancel()

    async def _show(self) -> None:
        if self._showing is not None:
            return
        share = Share(seen=self._tell)
        self._showing = asyncio.create_task(self._share(share), name="share")
        self._around.touch()
        try:
            await asyncio.wait([self._showing])
            if not self._showing.cancelled():
                self._showing.result()  # raises why it ended, unless the customer closed the window
                self._around.say(CLOSED)
        finally:
            self._showing.cancel()
            self._showing = None
            await self._around.session.drop(share)

    async def _share(self, share: Share) -> None:
        await asyncio.to_thread(check_screen)
        self._around.say(ASKED)
        await self._around.session.during(share, share.over())

    def _tell(self, on: bool) -> None:
        self._seen = on
        self._around.stand("share", SHOWN if on else "")
        if not on:
            self._around.say(STOPPED)
        self._around.touch()
