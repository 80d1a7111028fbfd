"""One direction of scrolling, as Tk's scrollbars ask for it and want to be told of it. Pure.

Law: 0 <= first, and first + room <= full unless all has room.
"""

from __future__ import annotations

from collections.abc import Callable

UNIT = 0.1  # of the room: one notch of an arrow


class Scroll:
    def __init__(self) -> None:
        self.first = 0  # the first pixel that is seen
        self.room = 0  # pixels that are seen at once
        self._full = 0
        self.told: Callable[[float, float], object] = lambda first, last: None

    def measure(self, room: int, full: int) -> None:
        self.room, self._full = room, full
        self._go(self.first)
        self._tell()

    def move(self, *how: str) -> bool:
        """("moveto", fraction) or ("scroll", number, "units" or "pages"). Whether it moved."""
        before = self.first
        match how:
            case ("moveto", fraction):
                self._go(round(float(fraction) * self._full))
            case ("scroll", number, "units"):
                self._go(self.first + round(float(number) * UNIT * self.room))
            case ("scroll", number, _):
                self._go(self.first + round(float(number) * (1 - UNIT) * self.room))
        self._tell()
        return self.first != before

    def _go(self, first: int) -> None:
        self.first = max(0, min(first, self._full - self.room))

    def _tell(self) -> None:
        full = max(self._full, 1)
        self.told(self.first / full, min(1.0, (self.first + self.room) / full))
