"""A mouse's way as messages, each within bounds."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rs_relay.channels.draw import MAX_PIECE, SPEC, Begin, Colour, Done, More, Tool
from rs_relay.drawing.board import Board
from rs_relay.drawing.hand import NEAR, Hand


def hand(tool: Tool = Tool.PEN) -> Hand:
    return Hand(tool, Colour.RED, 4, itertools.count(1).__next__)


def test_a_stroke_begins_goes_on_and_is_whole() -> None:
    pen = hand()
    assert pen.draw([(1, 1)]) == [Begin(1, Tool.PEN, Colour.RED, 4, ((1, 1),))]
    assert pen.draw([(10, 10), (20, 20)]) == [More(1, ((10, 10), (20, 20)))]
    assert pen.end() == [Done(1)]
    assert pen.end() == []
    assert isinstance(pen.draw([(5, 5)])[0], Begin)


def test_points_that_show_nothing_are_left_out_but_the_last_one() -> None:
    pen = hand()
    pen.draw([(1, 1)])
    assert pen.draw([(1, 1), (2, 2)]) == []
    assert pen.end() == [More(1, ((2, 2),)), Done(1)]


@pytest.mark.parametrize("tool", [Tool.ARROW, Tool.RECTANGLE, Tool.LASER])
def test_where_only_the_last_counts_only_the_last_is_said(tool: Tool) -> None:
    one = hand(tool)
    one.draw([(1, 1)])
    assert one.draw([(10, 10), (20, 20), (30, 30)]) == [More(1, ((30, 30),))]


def test_what_is_far_away_stays_within_the_protocol() -> None:
    assert hand().draw([(10**6, -(10**6))])[0].points == ((32767, -32768),)  # type: ignore[union-attr]


@given(
    st.sampled_from(list(Tool)),
    st.lists(st.lists(st.tuples(st.integers(-40_000, 40_000), st.integers(-40_000, 40_000)), max_size=700), max_size=9),
)
def test_whatever_way_it_goes_a_board_takes_it(tool: Tool, ways: list[list[tuple[int, int]]]) -> None:
    one, board = hand(tool), Board()
    said = [message for way in ways for message in one.draw(way)] + one.end()
    for message in said:
        assert SPEC.decode_up(_packed(message)) == message
        if isinstance(message, Begin):
            board.begin(message)
        elif isinstance(message, More):
            board.more(message)
    begun = [message.id for message in said if isinstance(message, Begin)]
    assert begun == [message.id for message in said if isinstance(message, Done)]


def test_a_very_long_line_goes_on_in_the_next_stroke_without_a_gap() -> None:
    one, board = hand(), Board()
    for n in range(0, 5000 * NEAR, NEAR * 100):
        for message in one.draw([(n + step, 7) for step in range(0, NEAR * 100, NEAR)]):
            if isinstance(message, Begin):
                board.begin(message)
            elif isinstance(message, More):
                board.more(message)
    strokes = list(board.strokes.values())
    assert len(strokes) == 3
    assert all(a.points[-1] == b.points[0] for a, b in itertools.pairwise(strokes))
    assert all(len(stroke.points) > MAX_PIECE for stroke in strokes)


def _packed(message: Begin | More | Done) -> bytes:
    import msgspec

    return msgspec.msgpack.encode(message)
