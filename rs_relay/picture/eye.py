"""Looks at a screen for one viewer: holds it, and the encoder of the layout that the viewer was given.

Of one worker thread: made, used and closed there. A monitor that comes, goes or changes its mode makes a new layout,
as does every new order; a grab that fails because the desktop changed meanwhile is tried again on the new one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from rs_relay.capture.base import Area, Monitor, Pixels, PointerPlace, PointerShape, Screen, ScreenChanged
from rs_relay.channels.screen.messages import ALL_MONITORS, MAX_MONITORS, Colours, Frame, Layout, MonitorPlace, Tune
from rs_relay.channels.screen.tiles import Grid, Mask, Rect, covering, fits, some
from rs_relay.errors import LocalProblem
from rs_relay.picture.encoder import Encoder
from rs_relay.picture.pace import Budget
from rs_relay.picture.slow import Slow

CHECK = 1.0  # seconds between two readings of the monitors
TRIES = 3  # a mode change takes some steps, each of which may fail a grab
MAX_NAME = 128
WHOLE = 10.0  # seconds after which all is looked at though nothing was told: a driver may forget to tell
MOST = 0.5  # of the picture: if more was drawn, one grab of all is as quick
AROUND = (384, 192)  # pixels round the pointer that a slow line shows first
PARTS = 4  # rectangles to grab one by one


@dataclass(frozen=True)
class Order:
    """What the technician wants to see. Each order, even an equal one, begins a new picture: `serial` differs."""

    serial: int
    monitor: int
    codecs: tuple[str, ...]
    tune: Tune = Tune()  # noqa: RUF009 - frozen


@dataclass(frozen=True)
class Look:
    layout: Layout | None  # a new picture begins with this look
    first: Frame | None  # None: nothing changed
    rest: Iterator[Frame]  # the further frames of the update; each next() encodes one
    pointer: PointerPlace
    shape: PointerShape | None  # the same object as long as it looks the same
    due: float | None  # on the clock: when something that rests is to be refined; None for nothing
    cost: float  # seconds, up to `first`
    rough: bool = False  # the line is slow, and where the person works cannot be read yet


class Eye:
    def __init__(self, screen: Screen, clock: Callable[[], float], drawn: Callable[[], None] = lambda: None) -> None:
        self._screen = screen
        self.told = screen.watch(drawn)  # what is drawn need not be looked for
        self._seen: Pixels | None = None  # the area as it was last grabbed: the screen's own memory
        self._whole = 0.0  # when all of it was
        self._clock = clock
        self._order: Order | None = None
        self._monitors: tuple[Monitor, ...] = ()
        self._bounds: Monitor | None = None
        self._area: Monitor | None = None
        self._encoder: Encoder | None = None
        self._layouts = 0
        self._seq = 0
        self._checked = float("-inf")

    def close(self) -> None:
        self._screen.close()

    def change(self, screen: Screen, drawn: Callable[[], None]) -> None:
        """Looks at another screen in place of one that is gone: a new picture begins."""
        self._screen.close()
        self._screen, self.told = screen, screen.watch(drawn)
        self._order, self._seen = None, None

    def look(self, order: Order, budget: Budget) -> Look:
        """Grabs, and encodes the first frame of what changed. Raises LocalProblem when there is nothing to see."""
        began = self._clock()
        layout = self._arrange(order, began)
        for _ in range(TRIES):
            try:
                only = self._see(began)
                break
            except ScreenChanged:
                self._checked = float("-inf")
                layout = self._arrange(order, began) or layout
                self._seen = None
        else:
            raise LocalProblem("The screen cannot be seen: it keeps changing.", "Try again in a moment.")
        encoder = self._encoder
        assert encoder is not None  # _arrange made it
        assert self._seen is not None  # _see grabbed it
        pointer, shape = self._screen.pointer(), self._screen.shape()
        slow = None if budget.allowance is None else Slow(budget.allowance, self._focus(pointer))
        encoder.afford(budget.film)
        frames = encoder.update(self._seen, began, budget.refine, only, slow)
        first = next(frames, None)
        self._seq = encoder.seq
        rough = slow is not None and encoder.rough(slow.focus)
        return Look(layout, first, frames, pointer, shape, encoder.due(began), self._clock() - began, rough)

    def _see(self, now: float) -> Mask | None:
        """Brings what was seen up to now; the tiles that this may have changed, None for any of them."""
        area = self._area
        assert area is not None  # _arrange made it
        told = self._screen.damaged()
        if told is None or self._seen is None or now - self._whole > WHOLE:
            self._seen, self._whole = self._grab(area, None), now
            return None
        grid = Grid(area.width, area.height)
        mask = grid.empty()
        for each in told:
            mask |= grid.touched(Rect(each.x - area.x, each.y - area.y, each.width, each.height))
        if int(np.count_nonzero(mask)) > grid.count * MOST:
            self._seen, self._whole = self._grab(area, None), now
        elif some(mask):
            parts = [Area(area.x + at.x, area.y + at.y, at.width, at.height) for at in _few(mask, grid)]
            self._seen = self._grab(area, parts)
        return mask

    def _focus(self, pointer: PointerPlace) -> Mask:
        """Where the person works: the window that has the keyboard, and round the pointer."""
        area, window = self._area, self._screen.focus()
        assert area is not None  # _arrange made it
        grid = Grid(area.width, area.height)
        width, height = AROUND
        mask = grid.touched(Rect(pointer.x - area.x - width // 2, pointer.y - area.y - height // 2, width, height))
        if window is not None:
            mask |= grid.touched(Rect(window.x - area.x, window.y - area.y, window.width, window.height))
        return mask

    def _grab(self, area: Monitor, parts: Sequence[Area] | None) -> Pixels:
        pixels = self._screen.grab(area, parts)
        if pixels.shape[:2] != (area.height, area.width):
            raise ScreenChanged("The screen changed its size.")
        return pixels

    def _arrange(self, order: Order, now: float) -> Layout | None:
        """A new layout, if one is due."""
        known = (self._monitors, self._bounds)
        if now - self._checked >= CHECK or order is not self._order:
            self._checked = now
            self._monitors, self._bounds = self._screen.monitors()[:MAX_MONITORS], self._screen.bounds()
        if order is self._order and known == (self._monitors, self._bounds):
            return None
        assert self._bounds is not None
        self._order = order
        chosen, self._area = _choose(self._monitors, self._bounds, order.monitor)
        self._layouts += 1
        self._seen = None
        grid = Grid(self._area.width, self._area.height)
        self._encoder = Encoder(self._layouts, grid, order.codecs, self._seq + 1, order.tune)
        return _layout(self._layouts, self._monitors, chosen, self._area, order.tune.colours)


def _few(mask: Mask, grid: Grid) -> list[Rect]:
    """Rectangles to grab for the tiles of `mask`: each is a request, so many are taken as one."""
    parts = covering(mask, grid)
    if len(parts) <= PARTS:
        return parts
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    top, left = int(rows[0]), int(columns[0])
    return [grid.pixels(left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1)]


def _choose(monitors: tuple[Monitor, ...], bounds: Monitor, wanted: int) -> tuple[int, Monitor]:
    """The monitor to show. One that is gone gives way to all; all, where that is too large, to the primary one."""
    if 0 <= wanted < len(monitors):
        chosen, area = wanted, monitors[wanted]
    else:
        chosen, area = ALL_MONITORS, bounds
        if not fits(area.width, area.height):
            chosen = next((n for n, m in enumerate(monitors) if m.primary), 0)
            area = monitors[chosen]
    if not fits(area.width, area.height):
        raise LocalProblem(f"The screen is larger than rs can show ({area.width} x {area.height}).")
    return chosen, area


def _layout(number: int, monitors: tuple[Monitor, ...], chosen: int, area: Monitor, colours: Colours) -> Layout:
    places = tuple(MonitorPlace(m.name[:MAX_NAME], m.x, m.y, m.width, m.height, m.primary) for m in monitors)
    return Layout(number, area.x, area.y, area.width, area.height, chosen, places, colours)
