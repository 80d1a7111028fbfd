"""Where the screens of a Wayland desktop lie in the picture of all of them. Pure.

A desktop counts in a measure of its own, in which a screen may have fewer units than pixels (scaling). Pictures come
in pixels, and so does everything that rs says; what a desktop is told is turned back by `Placed`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rs_relay.capture.base import Monitor
from rs_relay.portal.session import Source


@dataclass(frozen=True)
class Placed:
    """`scale`: pixels to one unit of the desktop's own measure."""

    source: Source
    monitor: Monitor
    scale: tuple[float, float]

    def holds(self, x: int, y: int) -> bool:
        at = self.monitor
        return at.x <= x < at.x + at.width and at.y <= y < at.y + at.height

    def within(self, x: int, y: int) -> tuple[float, float]:
        """A pixel of the whole desktop, clamped to this screen, by the desktop's measure from the screen's corner."""
        at = self.monitor
        inner_x, inner_y = max(0, min(x - at.x, at.width - 1)), max(0, min(y - at.y, at.height - 1))
        return inner_x / self.scale[0], inner_y / self.scale[1]


def scale(source: Source, size: tuple[int, int]) -> tuple[float, float]:
    """Of a screen whose picture has `size` pixels."""
    return (size[0] / source.width if source.width else 1.0, size[1] / source.height if source.height else 1.0)


def arrange(
    sources: Sequence[Source], sizes: Sequence[tuple[int, int]], scales: Sequence[tuple[float, float]]
) -> tuple[Placed, ...]:
    """As they stand on the desktop; screens of different scales stand apart rather than one over the other. Side by
    side where the desktop does not say. The corner of all is (0, 0), the first is the primary one."""
    found: list[Placed] = []
    placed = all(source.placed for source in sources)
    most_x, most_y = max((s[0] for s in scales), default=1.0), max((s[1] for s in scales), default=1.0)
    left = min((source.x for source in sources), default=0)
    top = min((source.y for source in sources), default=0)
    beside = 0
    for number, (source, (width, height), per_unit) in enumerate(zip(sources, sizes, scales, strict=True)):
        x = round((source.x - left) * most_x) if placed else beside
        y = round((source.y - top) * most_y) if placed else 0
        beside += width
        monitor = Monitor(f"screen {number + 1}", x, y, width, height, primary=number == 0)
        found.append(Placed(source, monitor, per_unit))
    return tuple(found)


def under(places: Sequence[Placed], x: int, y: int) -> Placed | None:
    """The screen that has this pixel, or the nearest one; None where there is no screen."""

    def away(one: Placed) -> int:
        at = one.monitor
        beside = max(at.x - x, x - (at.x + at.width - 1), 0)
        above = max(at.y - y, y - (at.y + at.height - 1), 0)
        return beside * beside + above * above

    return min(places, key=away, default=None)
