"""A mouse that draws, as the messages that say it: one stroke, or as many as a very long one takes. Pure.

Law: each message is within the protocol's bounds, whatever way the mouse goes; `end` leaves no stroke begun.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from rs_relay.channels.draw import MAX_PIECE, MAX_POINTS, Begin, Colour, Done, More, Point, Tool
from rs_relay.drawing.board import counting

NEAR = 2  # pixels: a point that close to the one before shows nothing
EDGE = 1 << 15  # of coordinates

Said: TypeAlias = Begin | More | Done


class Hand:
    def __init__(self, tool: Tool, colour: Colour, width: int, number: Callable[[], int]) -> None:
        """`number` gives a stroke one that it never gave before."""
        self._tool, self._colour, self._width, self._number = tool, colour, width, number
        self._every = tool in (Tool.PEN, Tool.HIGHLIGHTER)  # point counts
        self._drawing: int | None = None
        self._kept: Point | None = None  # the last one
        self._skipped: Point | None = None  # after it
        self._end: tuple[Point, ...] = ()  # the last point that was said
        self._length = 0

    def draw(self, points: Iterable[Point]) -> list[Said]:
        """The mouse went over these, in pixels of the desktop."""
        kept = counting(self._tool, tuple(self._sieved(points)))
        if not self._every and self._drawing is not None:
            kept = kept[-1:]
        said: list[Said] = []
        for at in range(0, len(kept), MAX_PIECE - 1):
            said += self._say(kept[at : at + MAX_PIECE - 1])
        return said

    def end(self) -> list[Said]:
        """The mouse stopped drawing."""
        if self._drawing is None:
            return []
        said = self._say((self._skipped,)) if self._skipped else []
        said.append(Done(self._drawing))
        self._drawing = self._kept = self._skipped = None
        return said

    def _sieved(self, points: Iterable[Point]) -> Iterator[Point]:
        for x, y in points:
            point = (min(max(x, -EDGE), EDGE - 1), min(max(y, -EDGE), EDGE - 1))
            kept = self._kept
            if kept is not None and max(abs(kept[0] - point[0]), abs(kept[1] - point[1])) < NEAR:
                self._skipped = point if point != kept else None
                continue
            self._kept, self._skipped = point, None
            yield point

    def _say(self, points: tuple[Point, ...]) -> list[Said]:
        said: list[Said] = []
        if self._drawing is not None and self._every and self._length + len(points) > MAX_POINTS:
            said.append(Done(self._drawing))
            self._drawing, points = None, (*self._end, *points)
        if self._drawing is None:
            self._drawing, self._length = self._number(), len(points)
            said.append(Begin(self._drawing, self._tool, self._colour, self._width, points))
        else:
            self._length += len(points)
            said.append(More(self._drawing, points))
        self._end = points[-1:]
        return said
