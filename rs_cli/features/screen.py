"""The screen at the technician's end: messages pass to whoever shows them, still compressed, and credit comes back.

Nothing is decoded here, and nothing waits in a queue: `show` returns when the viewer has taken the message, only then
is the next one heard, and so a slow viewer slows the sender. What the technician chose (the monitor, a pause, how the
picture is made) lives here, for the next link begins anew: Start, a whole picture, and the viewer goes on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from rs_relay.channels.screen.messages import (
    ALL_MONITORS,
    SPEC,
    Choose,
    Down,
    Painted,
    Pause,
    Refresh,
    Resume,
    Start,
    Tune,
    Up,
)
from rs_relay.link.channel import Channel, ChannelClosed


class Screen:
    """`show` is called with each message in order; `codecs` are the lossy ones that it can decode."""

    spec = SPEC

    def __init__(
        self,
        show: Callable[[Down], Awaitable[None]],
        *,
        monitor: int = ALL_MONITORS,
        codecs: tuple[str, ...] = (),
        tune: Tune = Tune(),  # noqa: B008 - frozen
    ) -> None:
        self.monitor, self.tune = monitor, tune
        self.paused = False
        self._show, self._codecs = show, codecs
        self._channel: Channel[Up, Down] | None = None
        self._begun: Start | None = None  # what went along with the request for the channel
        self._taps: list[Callable[[Down], None]] = []

    def tap(self, heard: Callable[[Down], None]) -> Callable[[], None]:
        """Call `heard` with each message from now on, before it is shown; returns how to stop that. It may not wait."""
        self._taps.append(heard)
        return lambda: self._taps.remove(heard)

    def first(self) -> Start | None:
        """Nothing while it is paused: a picture would be made before the agent hears of that."""
        self._begun = None if self.paused else self._start()
        return self._begun

    async def run(self, channel: Channel[Up, Down]) -> None:
        begun, self._begun = self._begun, None
        if begun != self._start():  # or it was chosen otherwise while the channel was opened
            await channel.send(self._start())
        if self.paused:
            await channel.send(Pause())
        self._channel = channel
        try:
            async for message in channel:
                for heard in self._taps:
                    heard(message)
                await self._show(message)
        finally:
            self._channel = None

    async def painted(self, message: Painted) -> None:
        """What was sent so far is before the technician's eyes."""
        await self._say(message)

    async def choose(self, monitor: int) -> None:
        """Another monitor, or ALL_MONITORS, now and on later links."""
        self.monitor = monitor
        await self._say(Choose(monitor))

    async def make(self, tune: Tune) -> None:
        """The picture is made so, now and on later links."""
        self.tune = tune
        await self._say(tune)

    async def refresh(self) -> None:
        """All again, from a new layout."""
        await self._say(Refresh())

    async def pause(self, on: bool) -> None:
        """No frames until it is off again."""
        self.paused = on
        await self._say(Pause() if on else Resume())

    def _start(self) -> Start:
        return Start(self.monitor, self._codecs, self.tune)

    async def _say(self, message: Up) -> None:
        """To the link that is there; the next one begins with all that matters of it."""
        if self._channel is None:
            return
        try:
            await self._channel.send(message)
        except ChannelClosed:
            return
