from __future__ import annotations

import numpy as np
import pytest

from rs_relay.channels.screen.tiles import Grid, Rect
from rs_relay.picture.damage import changed
from rs_relay.picture.motion import Move, find
from tests.support.scenery import page, photograph

SIZE = Grid(800, 608)
LONG = page(2400, 1600, seed=1)
AROUND = page(SIZE.height, SIZE.width, seed=2)
WINDOW = Rect(70, 50, 600, 500)


def window(x: int, y: int) -> np.ndarray:
    """A desktop with a window that shows part of a long page."""
    seen = AROUND.copy()
    w = WINDOW
    seen[w.y : w.y + w.height, w.x : w.x + w.width] = LONG[y : y + w.height, x : x + w.width]
    return seen


def moved(before: np.ndarray, after: np.ndarray) -> tuple[Move | None, int, int]:
    """(what was found, damaged tiles without it, damaged tiles with it)"""
    damage = changed(before, after, SIZE)
    move = find(before, after, damage)
    rest = before.copy()
    if move:
        s, t = move.source, move.target
        assert s.inside(SIZE.width, SIZE.height)
        assert t.inside(SIZE.width, SIZE.height)
        rest[t.y : t.y + t.height, t.x : t.x + t.width] = before[s.y : s.y + s.height, s.x : s.x + s.width]
    return move, int(damage.sum()), int(changed(rest, after, SIZE).sum())


@pytest.mark.parametrize("by", [1, 3, 16, 32, 57, 120, 250, -1, -16, -33, -200])
def test_a_page_scrolled_up_or_down_is_found(by: int) -> None:
    move, without, with_it = moved(window(0, 700), window(0, 700 + by))
    assert move is not None
    assert (move.dx, move.dy) == (0, -by)
    edge = 2 * (WINDOW.width + WINDOW.height) // 32 + (abs(by) // 32 + 2) * (WINDOW.width // 32 + 1)
    assert with_it <= min(edge, without - 1)


@pytest.mark.parametrize("by", [3, 40, -64])
def test_a_page_scrolled_sideways_is_found(by: int) -> None:
    move, without, with_it = moved(window(300, 700), window(300 + by, 700))
    assert move is not None
    assert (move.dx, move.dy) == (-by, 0)
    assert with_it < without / 2


@pytest.mark.parametrize("by", [(17, 9), (-5, 3), (64, -32), (1, 1), (-40, -77), (8, 8), (33, 16)])
def test_a_dragged_window_is_found(by: tuple[int, int]) -> None:
    part = page(300, 400, seed=7)

    def at(x: int, y: int) -> np.ndarray:
        seen = AROUND.copy()
        seen[y : y + 300, x : x + 400] = part
        return seen

    move, without, with_it = moved(at(150, 120), at(150 + by[0], 120 + by[1]))
    assert move is not None
    assert (move.dx, move.dy) == by
    assert with_it < without / 2


def test_a_scroll_bar_and_a_still_heading_beside_it_do_not_hide_it() -> None:
    before, after = window(0, 700), window(0, 740)
    for picture, thumb in ((before, 100), (after, 130)):
        picture[50:80, 70:670] = 0x404040
        picture[80:550, 655:670] = 0xC0C0C0
        picture[thumb : thumb + 60, 655:670] = 0x202020
    move, without, with_it = moved(before, after)
    assert move is not None
    assert move.dy == -40
    assert with_it < without / 3


def test_a_photograph_scrolls_too() -> None:
    tall = photograph(900, SIZE.width, seed=4)
    move, without, with_it = moved(tall[100:708].copy(), tall[160:768].copy())
    assert move is not None
    assert move.dy == -60
    assert with_it < without / 4


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (page(608, 800, seed=5), page(608, 800, seed=6)),
        (page(608, 800, seed=5), photograph(608, 800)),
        (photograph(608, 800, seed=1), photograph(608, 800, seed=2)),
        (np.zeros((608, 800), np.uint32), page(608, 800)),
        (page(608, 800), np.zeros((608, 800), np.uint32)),
    ],
)
def test_another_picture_is_no_motion(before: np.ndarray, after: np.ndarray) -> None:
    move, without, with_it = moved(before, after)
    assert move is None or with_it < without / 2  # a lucky copy is welcome, a useless one is not


def test_small_damage_is_not_thought_about() -> None:
    before = window(0, 700)
    after = before.copy()
    after[100:120, 100:140] = 0
    assert moved(before, after)[0] is None


@pytest.mark.parametrize("size", [(8, 2000), (2000, 8), (33, 33), (1, 1), (100, 600)])
def test_narrow_pictures_do_no_harm(size: tuple[int, int]) -> None:
    width, height = size
    before, after = photograph(height, width, 1), photograph(height, width, 2)
    find(before, after, changed(before, after, Grid(width, height)) if min(size) > 32 else Grid(*size).empty())
    assert find(before, after, Grid(*size).empty()) is None
    find(before, after, ~Grid(*size).empty())
