"""What a Wayland desktop shows to one who looks: a Screen over a Cast that several may share."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from rs_relay.capture.base import Area, Monitor, Pixels, PointerPlace, PointerShape, ScreenChanged
from rs_relay.capture.wayland.cast import Cast
from rs_relay.capture.wayland.places import Placed

MOST_AREAS = 64  # told one by one; more are told as anywhere
NONE = PointerShape(0, 0, 0, 0, b"")


class Seen(Protocol):
    """Whose leave it is to look."""

    def cast(self, screen: WaylandScreen) -> Cast:
        """The pictures as they come now: another cast than before where the person was asked anew meanwhile. Raises
        DisplayGone or TakenBack when it is over."""
        ...

    @property
    def beside(self) -> bool:
        """Whether the pointer comes beside the picture; else it is in it, or nowhere."""
        ...

    def closed(self, screen: WaylandScreen) -> None: ...


class WaylandScreen:
    """Made by a `Leave`."""

    def __init__(self, leave: Seen, cast: Cast) -> None:
        self._leave, self.cast = leave, cast
        self._lock = threading.Lock()
        self._changed: Callable[[], None] | None = None
        self._told = False  # `changed` was called, and `damaged` was not since
        self._areas: list[Area] | None = None  # None: anywhere
        self._memory: Pixels | None = None
        self._area: Monitor | None = None
        cast.watch(self)

    # --- by the cast, in PipeWire's thread ---

    def drawn(self, area: Area | None) -> None:
        with self._lock:
            if area is None or self._areas is None or len(self._areas) >= MOST_AREAS:
                self._areas = None
            else:
                self._areas.append(area)
        self.moved()

    def moved(self) -> None:
        with self._lock:
            changed, told, self._told = self._changed, self._told, True
        if changed is not None and not told:
            changed()

    # --- by whoever looks ---

    def watch(self, changed: Callable[[], None]) -> bool:
        self._changed = changed
        return True

    def damaged(self) -> tuple[Area, ...] | None:
        with self._lock:
            areas, self._areas, self._told = self._areas, [], False
        return None if areas is None else tuple(areas)

    def shape(self) -> PointerShape | None:
        return self.cast.shape() if self._leave.beside else NONE

    def focus(self) -> Area | None:
        return None

    def monitors(self) -> tuple[Monitor, ...]:
        return tuple(placed.monitor for placed in self._places())

    def bounds(self) -> Monitor:
        return _around(self._places())

    def _places(self) -> tuple[Placed, ...]:
        cast = self._leave.cast(self)
        if cast is not self.cast:
            self.cast, self._memory, self._areas = cast, None, None
            cast.watch(self)
        places = cast.places()
        if not places:
            raise ScreenChanged("The screens of this computer have just changed.")
        return places

    def grab(self, area: Monitor, parts: Sequence[Area] | None = None) -> Pixels:
        places = self._places()
        around = _around(places)
        if area.x < 0 or area.y < 0 or area.x + area.width > around.width or area.y + area.height > around.height:
            raise ScreenChanged("The screens of this computer have just changed.")
        memory = self._memory
        if memory is None or memory.shape[:2] != (area.height, area.width) or self._area != area:
            memory = self._memory = np.zeros((area.height, area.width, 4), np.uint8)
            self._area, parts = area, None
        wanted = [Area(area.x, area.y, area.width, area.height)] if parts is None else parts
        for placed in places:
            at = placed.monitor
            each = [cut for part in wanted if (cut := _cut(part, at, area)) is not None]
            if each and not self.cast.copy(placed, memory, (at.x - area.x, at.y - area.y), each):
                raise ScreenChanged("The screens of this computer have just changed.")
        return memory

    def pointer(self) -> PointerPlace:
        return self.cast.pointer()

    def close(self) -> None:
        self._changed = None
        self._leave.closed(self)


def _around(places: Sequence[Placed]) -> Monitor:
    width = max(placed.monitor.x + placed.monitor.width for placed in places)
    height = max(placed.monitor.y + placed.monitor.height for placed in places)
    return Monitor("all", 0, 0, width, height)


def _cut(part: Area, at: Monitor, area: Monitor) -> tuple[int, int, int, int] | None:
    """What of `part` lies on the monitor `at` and within `area`, from the monitor's corner."""
    left, top = max(part.x, at.x, area.x), max(part.y, at.y, area.y)
    right = min(part.x + part.width, at.x + at.width, area.x + area.width)
    bottom = min(part.y + part.height, at.y + at.height, area.y + area.height)
    return (left - at.x, top - at.y, right - left, bottom - top) if right > left and bottom > top else None
