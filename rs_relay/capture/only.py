"""One monitor of several, for whoever shows no more than that one: the others are not there, by no way of asking.

It is known by its name from the beginning on. When it goes, there is nothing to show: never another in its place.
"""

from __future__ import annotations

from collections.abc import Sequence

from rs_relay.capture.base import Area, Monitor, Pixels, PointerPlace, Screen, ScreenChanged
from rs_relay.errors import LocalProblem


class OnlyMonitor:
    """A Screen. `number` counts from 0 among the monitors that `screen` has now; raises LocalProblem for none of
    them."""

    def __init__(self, screen: Screen, number: int) -> None:
        found = screen.monitors()
        if not 0 <= number < len(found):
            raise LocalProblem(
                f"There is no monitor {number + 1} here.",
                f"There are {len(found)}." if len(found) > 1 else "There is one.",
            )
        self._screen, self._at = screen, found[number]
        self.watch, self.damaged, self.shape, self.close = screen.watch, screen.damaged, screen.shape, screen.close
        self.focus = screen.focus

    def monitors(self) -> tuple[Monitor, ...]:
        now = next((monitor for monitor in self._screen.monitors() if monitor.name == self._at.name), None)
        if now is None:
            raise LocalProblem("The monitor that was shown is gone.")
        self._at = now
        return (now,)

    def bounds(self) -> Monitor:
        at = self.monitors()[0]
        return Monitor("all", at.x, at.y, at.width, at.height)

    def grab(self, area: Monitor, parts: Sequence[Area] | None = None) -> Pixels:
        if not (_within(self._at, area) and all(_within(self._at, part) for part in parts or ())):
            raise ScreenChanged("The monitor that is shown has just changed.")
        return self._screen.grab(area, parts)

    def pointer(self) -> PointerPlace:
        """Beside the picture, always at the same place, while it is on another monitor."""
        at, place = self._at, self._screen.pointer()
        inside = 0 <= place.x - at.x < at.width and 0 <= place.y - at.y < at.height
        return place if inside else PointerPlace(at.x - 1, at.y - 1)


def _within(at: Monitor, area: Monitor | Area) -> bool:
    return (
        at.x <= area.x
        and at.y <= area.y
        and area.x + area.width <= at.x + at.width
        and area.y + area.height <= at.y + at.height
    )
