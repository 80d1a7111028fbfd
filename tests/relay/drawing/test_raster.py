"""How strokes look: in place, of their colour, the same whole and in pieces, cheap however large."""

from __future__ import annotations

import time

import numpy as np
import pytest
from PIL import Image

from rs_relay.channels.draw import MAX_POINTS, Colour, Tool
from rs_relay.channels.screen.tiles import Pixels, Rect
from rs_relay.drawing.board import Stroke
from rs_relay.drawing.raster import RGB, THROUGH, View, around, grown, hard, soft, touched

BEHIND = (90, 120, 150)
WHOLE = Rect(0, 0, 200, 150)
FAR = (1 << 15) - 1
PEN = Stroke(Tool.PEN, Colour.RED, 5, ((20, 30), (100, 30), (100, 100)))
ARROW = Stroke(Tool.ARROW, Colour.BLUE, 4, ((30, 120), (150, 120)))
BOX = Stroke(Tool.RECTANGLE, Colour.GREEN, 4, ((150, 90), (120, 50)))
MARK = Stroke(Tool.HIGHLIGHTER, Colour.YELLOW, 20, ((20, 60), (90, 60)))
DOT = Stroke(Tool.LASER, Colour.RED, 6, ((170, 30),))
ALL = [PEN, ARROW, BOX, MARK, DOT]


def paint(strokes: list[Stroke], part: Rect = WHOLE, view: View = View()) -> Pixels:  # noqa: B008
    image = Image.new("RGB", (part.width, part.height), BEHIND)
    soft(image, part, strokes, view)
    return np.asarray(image)


def at(picture: Pixels, x: int, y: int) -> tuple[int, ...]:
    return tuple(int(value) for value in picture[y, x])


def changed(picture: Pixels) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero((picture != BEHIND).any(2))
    return int(columns.min()), int(rows.min()), int(columns.max()), int(rows.max())


def test_each_tool_is_where_its_points_say() -> None:
    picture = paint(ALL)
    assert at(picture, 60, 30) == RGB[Colour.RED]
    assert at(picture, 100, 70) == RGB[Colour.RED]
    assert at(picture, 60, 120) == RGB[Colour.BLUE]
    assert at(picture, 120, 70) == at(picture, 135, 50) == at(picture, 150, 70) == at(picture, 135, 90)
    assert at(picture, 135, 70) == BEHIND  # a rectangle is empty
    assert at(picture, 170, 30) == at(picture, 164, 30) == RGB[Colour.RED]
    assert at(picture, 10, 10) == BEHIND


def test_an_arrow_points_to_where_it_ends() -> None:
    head = (paint([ARROW]) != BEHIND).any(2).sum(0)  # thickness by column
    assert head[40] <= 5
    assert head[140] >= 10
    assert head[148] < head[140]
    assert changed(paint([ARROW]))[2] <= 151  # nothing beyond the tip


def test_a_highlighter_lets_through_what_is_below() -> None:
    seen = at(paint([MARK]), 50, 60)
    mixed = [round(b + (c - b) * THROUGH) for b, c in zip(BEHIND, RGB[Colour.YELLOW], strict=True)]
    assert all(abs(a - b) <= 1 for a, b in zip(seen, mixed, strict=True))
    _, there = hard([MARK], WHOLE)
    assert there[52:68, 50].tolist() in ([True, False] * 8, [False, True] * 8)


@pytest.mark.parametrize("stroke", ALL)
@pytest.mark.parametrize("view", [View(), View(-30, 10, 0.5, 0.5), View(0, 0, 1.7, 1.6)])
def test_nothing_is_drawn_beside_what_it_says_it_covers(stroke: Stroke, view: View) -> None:
    large = Rect(-50, -50, 500, 400)
    left, top, right, bottom = changed(paint([stroke], large, view))
    box = around(stroke, view)
    assert box.x <= left - 50
    assert box.y <= top - 50
    assert right - 50 < box.x + box.width
    assert bottom - 50 < box.y + box.height


@pytest.mark.parametrize("view", [View(), View(0, 0, 0.6, 0.6)])
def test_pieces_are_cut_from_the_whole(view: View) -> None:
    whole = paint(ALL, WHOLE, view)
    for part in (Rect(0, 0, 100, 75), Rect(95, 20, 30, 90), Rect(150, 10, 50, 140)):
        piece = whole[part.y : part.y + part.height, part.x : part.x + part.width]
        assert np.array_equal(paint(ALL, part, view), piece)


def test_what_grew_is_within_what_it_says() -> None:
    longer = PEN.further(((40, 140),))
    differs = (paint([longer]) != paint([PEN])).any(2)
    rows, columns = np.nonzero(differs)
    box = grown(PEN, longer)
    assert box.x <= columns.min()
    assert columns.max() < box.x + box.width
    assert box.y <= rows.min()
    assert rows.max() < box.y + box.height


@pytest.mark.parametrize("stroke", [*ALL, Stroke(Tool.ARROW, Colour.RED, 5, ((10, 140), (190, 10)))])
def test_what_it_touches_is_all_of_it_and_little_else(stroke: Stroke) -> None:
    pieces = touched(stroke, WHOLE, 32)
    left_over = (paint([stroke]) != BEHIND).any(2)
    for piece in pieces:
        left_over[piece.y : piece.y + piece.height, piece.x : piece.x + piece.width] = False
    assert not left_over.any()
    assert sum(piece.area for piece in pieces) < WHOLE.area / 2
    assert touched(stroke, WHOLE, 32) == pieces


def test_hard_is_soft_without_its_edges() -> None:
    colours, there = hard([PEN, ARROW, BOX, DOT], WHOLE)
    over = np.where(there[..., None], colours, np.uint8(0)) + np.where(there[..., None], np.uint8(0), BEHIND)
    differs = np.abs(over.astype(int) - paint([PEN, ARROW, BOX, DOT]).astype(int)).max(2)
    assert (differs > 0).mean() < 0.05  # edges only
    assert {tuple(map(int, c)) for c in colours[there]} == {RGB[c] for c in (Colour.RED, Colour.BLUE, Colour.GREEN)}


def test_the_later_is_above_the_earlier() -> None:
    over = Stroke(Tool.PEN, Colour.BLACK, 5, ((60, 10), (60, 50)))
    assert at(paint([PEN, over]), 60, 30) == RGB[Colour.BLACK]
    assert at(paint([over, PEN]), 60, 30) == RGB[Colour.RED]


def test_a_stroke_of_one_point_is_a_dot() -> None:
    for tool in Tool:
        assert at(paint([Stroke(tool, Colour.RED, 8, ((50, 50),))]), 50, 50) != BEHIND


def test_a_screen_full_of_the_impossible_costs_a_moment() -> None:
    zigzag = tuple(((-FAR, n) if n % 2 else (FAR, n)) for n in range(MAX_POINTS))
    began = time.process_time()
    hard([Stroke(Tool.PEN, Colour.RED, 40, zigzag)], Rect(0, 0, 1920, 1080))
    hard([Stroke(Tool.RECTANGLE, Colour.RED, 40, ((-FAR, -FAR), (FAR, FAR)))] * 300, Rect(0, 0, 1920, 1080))
    assert time.process_time() - began < 20
