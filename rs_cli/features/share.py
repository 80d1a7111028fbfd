"""Share: the technician's own screen, shown to the customer who agreed to look.

Nothing is grabbed before the customer's window says that it is there. `seen` holds from the moment before the first
grab until nothing more is shown; after a lost link it begins again with the next one. `over` tells that the customer
closed their window; a grant that was refused or withdrawn ends `run` with NotAllowed, as everywhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

from rs_relay.capture.base import Screen
from rs_relay.capture.only import OnlyMonitor
from rs_relay.capture.own import own_screen
from rs_relay.channels.screen import messages
from rs_relay.channels.screen.messages import ALL_MONITORS
from rs_relay.channels.screen.share import SPEC, Closed, Down, Up
from rs_relay.link.channel import Channel, ChannelClosed
from rs_relay.picture.show import Show

SHOWN = "Your screen is being shown to the customer."
CLOSED = "The customer has closed the window with your screen."


def check_screen() -> None:
    """Raises LocalProblem where there is no screen to show: before the customer is asked to look at it. May block."""
    own_screen().close()


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

        watched = _Watched(channel, self._closed)
        try:
            await Show(open_it, watched, _Still()).run()
            if not self._closed.is_set():
                async for _ in watched:  # it has ended: this raises why
                    pass
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


class _Watched:
    """The channel as the show knows it: it ends when the customer closes the window."""

    def __init__(self, channel: Channel[Up, Down], closed: asyncio.Event) -> None:
        self._channel, self._closed = channel, closed
        self.send, self.close = channel.send, channel.close

    async def receive(self) -> messages.Up:
        message = await self._channel.receive()
        if isinstance(message, Closed):
            self._closed.set()
            raise ChannelClosed
        return message

    async def __aiter__(self) -> AsyncIterator[messages.Up]:
        try:
            while True:
                yield await self.receive()
        except ChannelClosed as closed:
            if closed.error:
                raise closed.error from None

    @property
    def queued(self) -> int:
        return self._channel.queued

    @property
    def round_trip(self) -> float | None:
        return self._channel.round_trip


class _Still:
    """A pulse that never beats: nobody acts on this screen from afar."""

    count = 0

    async def wait(self, seen: int) -> int:
        await asyncio.Event().wait()
        return 0
