"""How a stroke looks: the same pixels at the customer's and at the technician's. Pure.

    soft    over a picture, scaled as it is: smooth edges, a highlighter that lets the text through
    hard    for a window that has a shape and no translucency: a pixel is there or not, a highlighter is every other row

A stroke is drawn as a mask of FINE times the size, where it is in the part that is asked for and nowhere else.
Alternate rows, not a chequerboard: a shape is a list of rectangles, and rows are few.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from math import atan2, ceil, cos, floor, hypot, pi, sin

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from rs_relay.channels.draw import Colour, Point, Tool
from rs_relay.channels.screen.tiles import Pixels, Rect
from rs_relay.drawing.board import Stroke

FINE = 3
PIECE = 64 * 1024  # pixels of a mask
RGB = {
    Colour.RED: (224, 27, 36), Colour.YELLOW: (246, 211, 45), Colour.GREEN: (38, 162, 105),
    Colour.BLUE: (28, 113, 216), Colour.BLACK: (20, 20, 20), Colour.WHITE: (255, 255, 255),
}  # fmt: skip
THROUGH = 0.4  # of a highlighter, over a picture
HEAD, LEAST_HEAD = 4.0, 14.0  # an arrow's head: times the width, and pixels
SPREAD = pi / 7  # between its shaft and its edge
DOT = 6.0  # a laser pointer's radius at the least

Place = tuple[float, float]


@dataclass(frozen=True)
class View:
    """Where the desktop's pixels are shown: (x, y) at ((x + ½ - left) * across, (y + ½ - top) * down)."""

    left: int = 0
    top: int = 0
    across: float = 1.0
    down: float = 1.0

    def place(self, point: Place) -> Place:
        return (point[0] + 0.5 - self.left) * self.across, (point[1] + 0.5 - self.top) * self.down


@dataclass(frozen=True)
class _Line:
    """With round ends."""

    begin: Point
    end: Point


@dataclass(frozen=True)
class _Area:
    corners: tuple[Place, ...]  # of the desktop


def around(stroke: Stroke, view: View = View()) -> Rect:
    """All that the stroke may touch, as it is shown."""
    return _about(stroke.box, _reach(stroke), view)


def grown(before: Stroke, after: Stroke, view: View = View()) -> Rect:
    """All that `after`, which grew from `before`, may touch beside it."""
    return _about(replace(after, points=after.points[len(before.points) - 1 :]).box, _reach(after), view)


def touched(stroke: Stroke, part: Rect, side: int) -> set[Rect]:
    """The pieces of `part` that the stroke may touch, 1:1, each smaller than a square of `side`. The same `part` is
    always cut at the same places."""
    return set(_near_pieces(_placed(stroke, View()), part, _radius(stroke, View()), side * side))


def _about(box: tuple[int, int, int, int], reach: float, view: View) -> Rect:
    margin = reach * max(view.across, view.down) + 1
    (left, top), (right, bottom) = view.place(box[:2]), view.place(box[2:])
    x, y = floor(left - margin), floor(top - margin)
    return Rect(x, y, ceil(right + margin) - x, ceil(bottom + margin) - y)


def soft(onto: Image.Image, part: Rect, strokes: Iterable[Stroke], view: View = View()) -> None:
    """Draw over `onto`, an RGB image that shows `part`."""
    for stroke in strokes:
        for where, mask in _masks(stroke, part, view):
            if stroke.tool is Tool.HIGHLIGHTER:
                mask = mask.point([round(level * THROUGH) for level in range(256)])
            onto.paste(RGB[stroke.colour], (where.x - part.x, where.y - part.y), mask)


def hard(strokes: Iterable[Stroke], part: Rect) -> tuple[Pixels, npt.NDArray[np.bool_]]:
    """`part` of the desktop, 1:1: colours, shape (height, width, 3), and which pixels are there, (height, width)."""
    colours = np.zeros((part.height, part.width, 3), np.uint8)
    there = np.zeros((part.height, part.width), np.bool_)
    for stroke in strokes:
        for where, mask in _masks(stroke, part, View()):
            found = np.asarray(mask) >= 128
            if stroke.tool is Tool.HIGHLIGHTER:
                found = found & (np.arange(where.y, where.y + where.height) % 2 == 0)[:, None]
            y, x = where.y - part.y, where.x - part.x
            colours[y : y + where.height, x : x + where.width][found] = RGB[stroke.colour]
            there[y : y + where.height, x : x + where.width] |= found
    return colours, there


def _masks(stroke: Stroke, part: Rect, view: View) -> Iterator[tuple[Rect, Image.Image]]:
    """How much of each pixel the stroke covers, in those pieces of `part` where it is: a long thin stroke costs what it
    covers, not the rectangle that it spans."""
    covered = _meet(around(stroke, view), part)
    if covered is None:
        return
    forms, radius = _placed(stroke, view), _radius(stroke, view)
    for piece in _near_pieces(forms, covered, radius, PIECE):
        mask = Image.new("L", (piece.width * FINE, piece.height * FINE))
        draw = ImageDraw.Draw(mask)
        for form in forms:
            if not _near(form, radius + 1, piece):
                continue
            # Whole numbers, so that a piece is what would be cut from the whole.
            fine = [(round(x * FINE) - piece.x * FINE, round(y * FINE) - piece.y * FINE) for x, y in form]
            if len(fine) == 2:
                _line(draw, fine[0], fine[1], max(1, round(radius * FINE)))
            else:
                draw.polygon(fine, fill=255)
        yield piece, mask.resize((piece.width, piece.height), Image.Resampling.BOX)


def _near_pieces(forms: list[list[Place]], part: Rect, radius: float, area: int) -> Iterator[Rect]:
    """`part` halved until no piece is over `area` pixels; those that a form is near to."""
    near = [form for form in forms if _near(form, radius + 1, part)]
    if near and part.area > area:
        for half in _halves(part):
            yield from _near_pieces(near, half, radius, area)
    elif near:
        yield part


def _placed(stroke: Stroke, view: View) -> list[list[Place]]:
    """Its forms as they are shown."""
    return [[view.place(corner) for corner in _corners(form)] for form in _forms(stroke)]


def _radius(stroke: Stroke, view: View) -> float:
    """Of its lines, as they are shown."""
    radius = DOT + stroke.width / 2 if stroke.tool is Tool.LASER else stroke.width / 2
    return radius * max(view.across, view.down)


def _halves(part: Rect) -> tuple[Rect, Rect]:
    if part.width > part.height:
        half = part.width // 2
        return Rect(part.x, part.y, half, part.height), Rect(part.x + half, part.y, part.width - half, part.height)
    half = part.height // 2
    return Rect(part.x, part.y, part.width, half), Rect(part.x, part.y + half, part.width, part.height - half)


def _line(draw: ImageDraw.ImageDraw, begin: tuple[int, int], end: tuple[int, int], radius: int) -> None:
    for x, y in {begin, end}:
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    length = hypot(end[0] - begin[0], end[1] - begin[1])
    if length:
        dx, dy = round((end[1] - begin[1]) / length * radius), round((begin[0] - end[0]) / length * radius)
        sides = [(begin, 1), (end, 1), (end, -1), (begin, -1)]
        draw.polygon([(x + side * dx, y + side * dy) for (x, y), side in sides], fill=255)


def _forms(stroke: Stroke) -> Iterator[_Line | _Area]:
    points = stroke.points
    match stroke.tool:
        case Tool.RECTANGLE:
            (left, top), (right, bottom) = points[0], points[-1]
            corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
            yield from (_Line(a, b) for a, b in pairwise(corners))
        case Tool.ARROW if points[0] != points[-1]:
            yield from _arrow(points[0], points[-1], _head(stroke))
        case _:
            yield from (_Line(a, b) for a, b in zip(points, points[1:] or points, strict=False))


def _arrow(tail: Point, tip: Point, head: float) -> Iterator[_Line | _Area]:
    """The shaft ends in the head, so that its round end does not blunt the tip."""
    way = atan2(tail[1] - tip[1], tail[0] - tip[0])
    length = hypot(tail[0] - tip[0], tail[1] - tip[1])
    head = min(head, length)
    within = head * 0.7
    yield _Line(tail, (round(tip[0] + within * cos(way)), round(tip[1] + within * sin(way))))
    wings = [(tip[0] + head * cos(way + turn), tip[1] + head * sin(way + turn)) for turn in (SPREAD, -SPREAD)]
    yield _Area((tip, *wings))


def _head(stroke: Stroke) -> float:
    return max(HEAD * stroke.width, LEAST_HEAD)


def _reach(stroke: Stroke) -> float:
    """How far from its points a stroke is seen, in pixels of the desktop."""
    match stroke.tool:
        case Tool.LASER:
            return DOT + stroke.width / 2
        case Tool.ARROW:
            return max(_head(stroke) * sin(SPREAD), stroke.width / 2)
        case _:
            return stroke.width / 2


def _corners(form: _Line | _Area) -> tuple[Place, ...]:
    return form.corners if isinstance(form, _Area) else (form.begin, form.end)


def _near(places: list[Place], margin: float, part: Rect) -> bool:
    """Whether what has these corners, and a margin, may touch `part`."""
    beside = (
        max(x for x, _ in places) + margin < part.x
        or min(x for x, _ in places) - margin > part.x + part.width
        or max(y for _, y in places) + margin < part.y
        or min(y for _, y in places) - margin > part.y + part.height
    )
    if beside or len(places) > 2:
        return not beside
    (x, y), (to_x, to_y) = places
    length = hypot(to_x - x, to_y - y)
    # How far the middle of the part is from the line: a slanted one does not come near all that it spans.
    across, down = part.x + part.width / 2 - x, part.y + part.height / 2 - y
    away = abs(across * (to_y - y) - down * (to_x - x))
    return away <= (hypot(part.width, part.height) / 2 + margin) * length or not length


def _meet(one: Rect, other: Rect) -> Rect | None:
    """What both have."""
    x, y = max(one.x, other.x), max(one.y, other.y)
    width = min(one.x + one.width, other.x + other.width) - x
    height = min(one.y + one.height, other.y + other.height) - y
    return Rect(x, y, width, height) if width > 0 and height > 0 else None
