"""A small picture of the customer's screen that is made anew every second or so, for who does not want a window.

After the first picture the agent is asked for one update a second at most, and for none while it is paused; each is put
together here, in a thread, and credit for the next goes back when it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from rs_relay.channels.screen.codecs import PLAIN
from rs_relay.channels.screen.messages import (
    ALL_MONITORS,
    SPEC,
    Down,
    Frame,
    Layout,
    Painted,
    Pause,
    Resume,
    Start,
    Tune,
    Up,
)
from rs_relay.channels.screen.picture import Picture
from rs_relay.channels.screen.tiles import Pixels
from rs_relay.link.channel import Channel, ChannelClosed

RATE = 1  # a second
FIRST = 5  # updates that come as quickly as they can, until the picture is exact: a slow line begins with shades


class Preview:
    """`changed` is called when there is a new picture."""

    spec = SPEC

    def __init__(self, changed: Callable[[], None] = lambda: None, monitor: int = ALL_MONITORS) -> None:
        self.paused = False
        self.pixels: Pixels | None = None  # (height, width, 3), the last whole picture; a new array each time
        self._changed, self._monitor = changed, monitor
        self._channel: Channel[Up, Down] | None = None
        self._first = FIRST

    async def run(self, channel: Channel[Up, Down]) -> None:
        await channel.send(Start(self._monitor, PLAIN))
        self._first = FIRST
        if self.paused:
            await channel.send(Pause())
        self._channel = channel
        picture = Picture(PLAIN)
        try:
            async for message in channel:
                match message:
                    case Layout():
                        picture.reset(message)
                    case Frame():
                        await self._frame(picture, message, channel)
                    case _:
                        pass  # the pointer is not in the picture
        finally:
            self._channel = None

    async def pause(self, on: bool) -> None:
        """No pictures until it is off again."""
        if on == self.paused:
            return
        self.paused = on
        if self._channel is not None:
            try:
                await self._channel.send(Pause() if on else Resume())
            except ChannelClosed:
                return

    async def _frame(self, picture: Picture, frame: Frame, channel: Channel[Up, Down]) -> None:
        await asyncio.to_thread(picture.apply, frame)
        if not frame.more:
            self.pixels = picture.pixels.copy()
            self._changed()
            await channel.send(Painted(frame.seq))
            await self._slow_down(picture, channel)

    async def _slow_down(self, picture: Picture, channel: Channel[Up, Down]) -> None:
        if self._first:
            self._first = 0 if picture.exact else self._first - 1
            if not self._first:
                await channel.send(Tune(rate=RATE))
