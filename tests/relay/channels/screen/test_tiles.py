from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rs_relay.channels.screen.tiles import MAX_SIDE, SIDE, Grid, Rect, covering, fits, grid, numbers, rectangles, spans
from rs_relay.errors import PeerBroke

masks = hnp.arrays(np.bool_, st.tuples(st.integers(1, 12), st.integers(1, 12)))


def cut(mask: np.ndarray) -> Grid:
    return Grid(mask.shape[1] * SIDE, mask.shape[0] * SIDE)


@given(masks)
def test_spans_say_exactly_the_tiles(mask: np.ndarray) -> None:
    assert numbers(spans(mask), cut(mask), mask.size).tolist() == np.flatnonzero(mask).tolist()


def test_a_letter_and_a_whole_picture_are_two_numbers() -> None:
    mask = Grid(1920, 1080).empty()
    mask[17, 3] = True
    assert spans(mask) == (17 * 60 + 3, 1)
    assert spans(~Grid(1920, 1080).empty()) == (0, 60 * 34)


@pytest.mark.parametrize(
    "said",
    [
        (1,),  # odd
        (0, 5),  # over the end
        (3, 1, 0, 1),  # over the end by the second
        (4, 0, 1, 0),
        (0, -1),
        (-1, 2),
        (1 << 53, 1),
        (0, 1 << 53),
        (0, 3),  # over the limit
    ],
)
def test_spans_that_lie_are_refused(said: tuple[int, ...]) -> None:
    with pytest.raises(PeerBroke):
        numbers(said, Grid(2 * SIDE, 2 * SIDE), 2)


@given(masks)
def test_rectangles_cover_the_mask_once(mask: np.ndarray) -> None:
    count = np.zeros(mask.shape, int)
    for column, row, columns, rows in rectangles(mask):
        assert columns > 0
        assert rows > 0
        count[row : row + rows, column : column + columns] += 1
    assert (count == mask).all()


def test_equal_runs_below_each_other_become_one_rectangle() -> None:
    mask = np.zeros((5, 7), np.bool_)
    mask[1:4, 2:6] = True
    assert rectangles(mask) == [(2, 1, 4, 3)]


def test_rectangles_are_cut_at_the_edge() -> None:
    uneven = Grid(SIDE + 3, SIDE + 1)
    assert (uneven.columns, uneven.rows) == (2, 2)
    assert covering(~uneven.empty(), uneven) == [Rect(0, 0, SIDE + 3, SIDE + 1)]
    assert uneven.pixels(1, 1, 1, 1) == Rect(SIDE, SIDE, 3, 1)


@pytest.mark.parametrize(
    ("width", "height", "fine"),
    [
        (1, 1, True),
        (7680, 4320, True),
        (3 * 3840, 2160, True),
        (MAX_SIDE, 2000, True),
        (7681, 4320, False),
        (MAX_SIDE + 1, 1, False),
        (1, MAX_SIDE + 1, False),
        (0, 100, False),
        (100, 0, False),
        (-5, 100, False),
    ],
)
def test_which_sizes_are_pictures(width: int, height: int, fine: bool) -> None:
    assert fits(width, height) is fine
    if fine:
        assert grid(width, height) == Grid(width, height)
    else:
        with pytest.raises(PeerBroke):
            grid(width, height)


@pytest.mark.parametrize(
    "rect",
    [Rect(-1, 0, 2, 2), Rect(0, -1, 2, 2), Rect(0, 0, 0, 2), Rect(0, 0, 2, 0), Rect(9, 0, 2, 2), Rect(0, 9, 2, 2)],
)
def test_inside_knows_what_is_not(rect: Rect) -> None:
    assert not rect.inside(10, 10)
    assert Rect(0, 0, 10, 10).inside(10, 10)
