"""One show of a screen to one viewer, with its own thread, encoder and pace.

    loop:     orders and *painted* come in ─▶ pace ─▶ when it says so ─▶ ask the thread, send what it made
    thread:   grab ─▶ damage ─▶ motion ─▶ quality ─▶ codecs, one frame a call

The loop never waits for pixels: while one frame is on its way out, other channels go on, and the next frame of the
same update is made only when the channel has taken this one.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Protocol, TypeVar

from rs_relay.capture.base import DisplayGone, PointerPlace, PointerShape, Screen
from rs_relay.channels.screen.messages import (
    Choose,
    Down,
    Frame,
    Painted,
    Pause,
    Pointer,
    Refresh,
    Resume,
    Shape,
    Start,
    Tune,
    Up,
)
from rs_relay.errors import LocalProblem, PeerBroke
from rs_relay.link.channel import Channel, ChannelClosed
from rs_relay.picture.eye import Eye, Look, Order
from rs_relay.picture.pace import Budget, Pace

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

T = TypeVar("T")
HEAD = 60  # bytes of a frame's fields, and of what encrypts and carries it
AGAIN = 1.0  # seconds between two looks for a display that is gone
SHAPE_LATE = 5.0  # seconds that the shape of the pointer waits on a slow line: it weighs as much as 30 tiles of text
MOST_SHAPES = 64  # that a viewer is asked to remember: as many as `glass.shape` keeps


def _soon(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    with suppress(RuntimeError):  # the loop has just ended
        loop.call_soon_threadsafe(call)


def _size(frame: Frame) -> int:
    """Bytes on the line, about."""
    parts = [len(region.data) for region in frame.regions] + [len(film.data) for film in frame.films]
    return HEAD + len(frame.data) + 2 * len(frame.spans) + sum(parts) + HEAD * len(parts)


class Pulse(Protocol):
    """Beats after something was done that the screen may show."""

    count: int

    async def wait(self, seen: int) -> int:
        """The count, as soon as it is over `seen`."""
        ...


class Show:
    """`open_screen` is called in the show's own thread."""

    def __init__(
        self,
        open_screen: Callable[[], Screen],
        channel: Channel[Down, Up],
        pulse: Pulse,
        clock: Callable[[], float] = time.monotonic,
        away: Callable[[bool], None] | None = None,
    ) -> None:
        """`away`: told when the display is gone, and when one is back in its place, which the show waits for then.
        Without it the show ends with its display."""
        self._away = away
        self._open, self._channel, self._pulse, self._clock = open_screen, channel, pulse, clock
        self._pace = Pace(clock())
        self._wake = asyncio.Event()  # something happened that may bring the next look forward
        self._order: Order | None = None
        self._ordered = clock()
        self._paused = False
        self._pointer: PointerPlace | None = None
        self._shape: PointerShape | None = None
        self._shapes: dict[PointerShape, int] = {}  # told before, and as which
        self._eye: Eye | None = None
        self._number = 0  # of the last shape
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, "screen")

    async def run(self) -> None:
        tasks = [asyncio.create_task(work(), name="screen") for work in (self._listen, self._show, self._feel)]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except ChannelClosed:
            pass  # the viewer went; why is the link's to tell
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._thread.submit(self._close)  # after what the thread may still be doing; nobody waits for it
            self._thread.shutdown(wait=False)

    async def _listen(self) -> None:
        async for message in self._channel:
            self._heard(message)
            self._wake.set()

    def _heard(self, message: Up) -> None:
        match message:
            case Start(monitor, codecs, tune):
                self._pace.rate = tune.rate
                self._order = self._new_order(monitor, codecs, tune)
            case Tune() as tune:
                self._tune(tune)
            case Painted(seq):
                self._pace.painted(self._clock(), seq)
            case Choose(monitor):
                self._order = self._new_order(monitor, self._started().codecs, self._started().tune)
            case Refresh():
                old = self._started()
                self._order = self._new_order(old.monitor, old.codecs, old.tune)
            case Pause():
                self._paused = True
            case Resume():
                self._paused = False

    def _started(self) -> Order:
        if self._order is None:
            raise PeerBroke("The other end asked for a part of the screen before it asked to see it.")
        return self._order

    def _tune(self, tune: Tune) -> None:
        """A new picture where it must be made otherwise; another rate is no reason for one."""
        old = self._started()
        self._pace.rate = tune.rate
        if (tune.colours, tune.lossless) != (old.tune.colours, old.tune.lossless):
            self._order = self._new_order(old.monitor, old.codecs, tune)

    def _new_order(self, monitor: int, codecs: tuple[str, ...], tune: Tune) -> Order:
        self._pace.restart()
        self._ordered = self._clock()
        return Order(self._order.serial + 1 if self._order else 1, monitor, codecs, tune)

    async def _feel(self) -> None:
        """What the technician does to the computer may be answered by its screen at once."""
        beats = self._pulse.count
        while True:
            beats = await self._pulse.wait(beats)
            self._pace.beat(self._clock())
            self._wake.set()

    async def _show(self) -> None:
        while True:
            self._wake.clear()
            idle = self._order is None or self._paused
            delay = None if idle else self._pace.delay(self._clock())
            if self._order is None or delay != 0:
                await self._rest(delay)
            else:
                await self._look_or_wait(self._order)

    async def _rest(self, delay: float | None) -> None:
        try:
            async with asyncio.timeout(delay):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def _look_or_wait(self, order: Order) -> None:
        try:
            await self._look(order)
        except DisplayGone:
            if self._away is None or self._eye is None:
                raise
            self._away(True)
            await self._find_again(self._eye)
            self._pace.restart()
            self._away(False)

    async def _find_again(self, eye: Eye) -> None:
        while True:
            await asyncio.sleep(AGAIN)
            with suppress(LocalProblem):
                await self._in_thread(self._reopen, eye)
                return

    def _reopen(self, eye: Eye) -> None:
        loop = self._loop
        eye.change(self._open(), lambda: _soon(loop, self._drawn))
        self._pace.told = eye.told

    async def _look(self, order: Order) -> None:
        self._pace.looking()
        self._pace.trip = self._channel.round_trip
        look = await self._in_thread(self._see, order, self._pace.budget)
        moved = look.pointer != self._pointer
        if moved:
            self._pace.restless(self._clock())
        self._pace.expect(look.due)
        self._pace.looked(self._clock(), look.cost, look.first is not None or moved)
        if look.layout is not None:
            self._pace.restart()
            await self._channel.send(look.layout)
        if look.first is not None:
            await self._send(look, order)
        if moved:
            self._pointer = look.pointer
            await self._channel.send(Pointer(look.pointer.x, look.pointer.y), replaces="pointer")
        if look.shape is not None and look.shape != self._shape and not self._later(look):
            await self._tell_shape(look.shape)

    def _later(self, look: Look) -> bool:
        """Whether there is something more urgent to tell than how the pointer looks."""
        return look.rough and self._clock() - self._ordered < SHAPE_LATE

    async def _tell_shape(self, shape: PointerShape) -> None:
        self._shape = shape
        known = self._shapes.get(shape)
        if known is not None:
            await self._channel.send(Shape(known), replaces="shape")
            return
        if len(self._shapes) >= MOST_SHAPES:  # an animated pointer that never repeats
            self._shapes.clear()
        number = self._shapes[shape] = self._number = self._number + 1
        data = zstd.compress(shape.pixels) if shape.pixels else b""
        await self._channel.send(Shape(number, shape.hot_x, shape.hot_y, shape.width, shape.height, data))

    async def _send(self, look: Look, order: Order) -> None:
        """One update. A new order cuts it short: that begins with a new picture anyway."""
        frame = look.first
        if frame is not None:
            self._pace.sent(self._clock(), frame.seq)  # before it leaves: the answer may be quicker than we are
        size = 0
        while frame is not None and order is self._order:
            await self._channel.send(frame)
            size += _size(frame)
            if not frame.more:
                self._pace.carried(frame.seq, size)
            frame = await self._in_thread(next, look.rest, None) if frame.more else None

    def _see(self, order: Order, budget: Budget) -> Look:
        if self._eye is None:
            loop = self._loop
            self._eye = Eye(self._open(), self._clock, lambda: _soon(loop, self._drawn))
            self._pace.told = self._eye.told
        return self._eye.look(order, budget)

    def _drawn(self) -> None:
        self._pace.drawn()
        self._wake.set()

    def _close(self) -> None:
        if self._eye is not None:
            self._eye.close()

    async def _in_thread(self, work: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)
