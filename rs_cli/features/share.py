"""Share: the technician's own screen, shown to the customer who agreed to look.

Nothing is grabbed before the customer's window says that it is there. `seen` holds from the moment before the first
grab until nothing more is shown; after a lost link it begins again with the next one. `over` tells that the customer
closed their window; a grant that was refused or withdrawn ends `run` with NotAllowed, as everywhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from rs_relay.capture.base import Screen
from rs_relay.capture.only import OnlyMonitor
from rs_relay.capture.own import own_screen
from rs_relay.channels.screen.messages import ALL_MONITORS
from rs_relay.channels.screen.share import SPEC, Down, Up
from rs_relay.link.channel import Channel
from rs_relay.picture.show import Show

SHOWN = "Your screen is being shown to the customer."
CLOSED = "The customer has closed the window with your screen."


class Share:
    """`open_screen` is called in a thread of the show's; `seen` on the event loop, whenever it changes."""

    spec = SPEC

    def __init__(
        self,
        monitor: int = ALL_MONITORS,
        seen: Callable[[bool], None] = lambda on: None,
        open_screen: Callable[[], Screen] = own_screen,
    ) -> None:
        self.seen = False
        self._monitor, self._tell, self._open = monitor, seen, open_screen
        self._closed = asyncio.Event()

    async def run(self, channel: Channel[Up, Down]) -> None:
        loop, ended = asyncio.get_running_loop(), False

        def open_it() -> Screen:
            with suppress(RuntimeError):  # the loop has just ended
                loop.call_soon_threadsafe(lambda: self._see(not ended))
            return self._opened()

        try:
            await Show(open_it, channel, _Still()).run()
            async for _ in channel:  # it has ended: this raises why, unless the customer simply closed it
                pass
            self._closed.set()
        finally:
            ended = True
            self._see(False)

    async def over(self) -> None:
        """Until the customer closes the window."""
        await self._closed.wait()

    def _opened(self) -> Screen:
        screen = self._open()
        if self._monitor == ALL_MONITORS:
            return screen
        try:
            return OnlyMonitor(screen, self._monitor)
        except BaseException:
            screen.close()
            raise

    def _see(self, on: bool) -> None:
        if on != self.seen:
            self.seen = on
            self._tell(on)


class _Still:
    """A pulse that never beats: nobody acts on this screen from afar."""

    count = 0

    async def wait(self, seen: int) -> int:
        await asyncio.Event().wait()
        return 0
