"""What is drawn, within its bounds."""

from __future__ import annotations

import pytest

from rs_relay.channels.draw import MAX_PIECE, MAX_POINTS, MAX_STROKES, MAX_TOTAL, Begin, Colour, More, Tool
from rs_relay.drawing.board import Board, Stroke, counting
from rs_relay.errors import PeerBroke


def begin(number: int, tool: Tool = Tool.PEN, *points: tuple[int, int]) -> Begin:
    return Begin(number, tool, Colour.RED, 4, points or ((1, 1),))


@pytest.mark.parametrize(
    ("tool", "left"),
    [
        (Tool.PEN, ((1, 1), (2, 2), (3, 3))),
        (Tool.HIGHLIGHTER, ((1, 1), (2, 2), (3, 3))),
        (Tool.ARROW, ((1, 1), (3, 3))),
        (Tool.RECTANGLE, ((1, 1), (3, 3))),
        (Tool.LASER, ((3, 3),)),
    ],
)
def test_a_tool_counts_its_points(tool: Tool, left: tuple[tuple[int, int], ...]) -> None:
    assert counting(tool, ((1, 1), (2, 2), (3, 3))) == left


def test_strokes_go_on_and_are_erased() -> None:
    board = Board()
    assert board.begin(begin(1)) == []
    assert board.begin(begin(2, Tool.ARROW)) == []
    board.more(More(1, ((5, 5),)))
    board.more(More(2, ((5, 5), (9, 9))))
    board.more(More(3, ((5, 5),)))  # there is none
    assert {n: stroke.points for n, stroke in board.strokes.items()} == {1: ((1, 1), (5, 5)), 2: ((1, 1), (9, 9))}
    assert board.erase(1)
    assert not board.erase(1)
    board.clear()
    assert not board.strokes


def test_a_number_is_used_once() -> None:
    board = Board()
    board.begin(begin(1))
    with pytest.raises(PeerBroke):
        board.begin(begin(1))


def test_a_stroke_may_not_be_endless() -> None:
    board = Board()
    board.begin(begin(1))
    piece = tuple((n, n) for n in range(MAX_PIECE))
    for _ in range(MAX_POINTS // MAX_PIECE - 1):
        board.more(More(1, piece))
    with pytest.raises(PeerBroke):
        board.more(More(1, piece))


def test_the_oldest_make_room_for_strokes_and_for_points() -> None:
    board = Board()
    gone = [old for number in range(1, MAX_STROKES + 4) for old in board.begin(begin(number))]
    assert gone == [1, 2, 3]
    assert next(iter(board.strokes)) == 4
    board.clear()
    piece = tuple((n, n) for n in range(MAX_PIECE))
    for number in range(1, MAX_TOTAL // MAX_PIECE + 2):
        gone = board.begin(begin(number, Tool.PEN, *piece))
    assert gone == [1]
    assert sum(len(stroke.points) for stroke in board.strokes.values()) <= MAX_TOTAL
    gone = [old for _ in range(5) for old in board.more(More(number, piece))]
    assert gone
    assert number not in gone
    assert sum(len(stroke.points) for stroke in board.strokes.values()) <= MAX_TOTAL


def test_a_stroke_knows_its_box_and_whether_it_only_grew() -> None:
    pen = Stroke(Tool.PEN, Colour.RED, 4, ((3, 9), (-2, 4)))
    assert pen.box == (-2, 4, 3, 9)
    longer = pen.further(((10, 10),))
    assert longer.box == (-2, 4, 10, 10)
    assert longer.grew_from(pen)
    assert not pen.grew_from(longer)
    assert not longer.grew_from(Stroke(Tool.PEN, Colour.BLUE, 4, pen.points))
    arrow = Stroke(Tool.ARROW, Colour.RED, 4, ((0, 0),))
    assert not arrow.further(((5, 5),)).grew_from(arrow)  # its head is somewhere else
