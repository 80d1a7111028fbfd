"""What is drawn: strokes by their numbers, the oldest first. Pure, and bounded whatever anybody says.

Law: never more than MAX_STROKES strokes, MAX_POINTS points in one and MAX_TOTAL in all. A stroke is frozen: who keeps
an old one can see that it is another now, and whether it only grew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType

from rs_relay.channels.draw import MAX_POINTS, MAX_STROKES, MAX_TOTAL, Begin, Colour, More, Point, Tool
from rs_relay.errors import PeerBroke


@dataclass(frozen=True)
class Stroke:
    tool: Tool
    colour: Colour
    width: int
    points: tuple[Point, ...]  # those that count

    @cached_property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom of its points."""
        across, down = [x for x, _ in self.points], [y for _, y in self.points]
        return min(across), min(down), max(across), max(down)

    def further(self, points: tuple[Point, ...]) -> Stroke:
        """The same stroke, drawn on. Raises PeerBroke when it becomes too long."""
        together = counting(self.tool, self.points + points)
        if len(together) > MAX_POINTS:
            raise PeerBroke("The other end drew a longer stroke than the protocol allows.")
        return replace(self, points=together)

    def grew_from(self, before: Stroke) -> bool:
        """Whether all that `before` shows is in this one, too."""
        return (
            self.tool in (Tool.PEN, Tool.HIGHLIGHTER)
            and replace(self, points=before.points) == before
            and self.points[: len(before.points)] == before.points
        )


def counting(tool: Tool, points: tuple[Point, ...]) -> tuple[Point, ...]:
    """Those of the points that the tool looks at."""
    match tool:
        case Tool.LASER:
            return points[-1:]
        case Tool.ARROW | Tool.RECTANGLE:
            return points if len(points) < 3 else (points[0], points[-1])
        case _:
            return points


class Board:
    def __init__(self) -> None:
        self._strokes: dict[int, Stroke] = {}
        self._total = 0

    @property
    def strokes(self) -> Mapping[int, Stroke]:
        """The first is the lowest."""
        return MappingProxyType(self._strokes)

    def begin(self, said: Begin) -> list[int]:
        """The strokes that had to go for it. Raises PeerBroke for a number that is taken."""
        if said.id in self._strokes:
            raise PeerBroke("The other end began a stroke twice.")
        self._strokes[said.id] = Stroke(said.tool, said.colour, said.width, counting(said.tool, said.points))
        self._total += len(self._strokes[said.id].points)
        return self._make_room()

    def more(self, said: More) -> list[int]:
        """The strokes that had to go for it; a stroke that is not there (any more) is left alone."""
        before = self._strokes.get(said.id)
        if before is None:
            return []
        after = before.further(said.points)
        self._strokes[said.id] = after
        self._total += len(after.points) - len(before.points)
        return self._make_room()

    def erase(self, number: int) -> bool:
        """Whether it was there."""
        gone = self._strokes.pop(number, None)
        self._total -= len(gone.points) if gone else 0
        return gone is not None

    def clear(self) -> None:
        self._strokes.clear()
        self._total = 0

    def _make_room(self) -> list[int]:
        gone = []
        while len(self._strokes) > MAX_STROKES or self._total > MAX_TOTAL:
            gone.append(next(iter(self._strokes)))
            self.erase(gone[-1])
        return gone
