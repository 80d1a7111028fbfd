from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rs_relay.channels.screen.tiles import SIDE, Grid
from rs_relay.picture.damage import EVERY, bring, changed, glance, take
from tests.support.scenery import page


def brute_force(sent: np.ndarray, seen: np.ndarray, grid: Grid) -> np.ndarray:
    mask = grid.empty()
    for row in range(grid.rows):
        for column in range(grid.columns):
            for y in range(row * SIDE, min((row + 1) * SIDE, grid.height)):
                for x in range(column * SIDE, min((column + 1) * SIDE, grid.width)):
                    if (int(sent[y, x]) ^ int(seen[y, x])) & 0xFFFFFF:
                        mask[row, column] = True
    return mask


def padded(picture: np.ndarray, grid: Grid) -> np.ndarray:
    whole = np.zeros((grid.rows * SIDE, grid.columns * SIDE), np.uint32)
    whole[: grid.height, : grid.width] = picture
    return whole


@given(st.data())
def test_it_finds_what_brute_force_finds(data: st.DataObject) -> None:
    grid = Grid(data.draw(st.integers(1, 80)), data.draw(st.integers(1, 80)))
    before = np.random.default_rng(0).integers(0, 1 << 32, (grid.height, grid.width), dtype=np.uint32)
    after = before.copy()
    for _ in range(data.draw(st.integers(0, 3))):
        y, x = data.draw(st.integers(0, grid.height - 1)), data.draw(st.integers(0, grid.width - 1))
        after[y, x] ^= np.uint32(1 << data.draw(st.integers(0, 31)))
    sent = padded(before, grid)
    assert (changed(sent, after, grid) == brute_force(sent, after, grid)).all()


@pytest.mark.parametrize("size", [(1920, 1080), (1366, 768), (31, 33)])
def test_a_screen_at_rest_has_no_damage(size: tuple[int, int]) -> None:
    grid = Grid(*size)
    picture = page(grid.height, grid.width)
    sent = padded(picture, grid)
    assert not changed(sent, picture, grid).any()
    assert not changed(sent, picture ^ np.uint32(0xFF000000), grid).any()  # the fourth byte means nothing


@given(st.data())
def test_what_was_drawn_is_all_that_is_looked_at_and_taken(data: st.DataObject) -> None:
    grid = Grid(data.draw(st.integers(1, 130)), data.draw(st.integers(1, 130)))
    random = np.random.default_rng(data.draw(st.integers(0, 99)))
    before = random.integers(0, 1 << 32, (grid.height, grid.width), dtype=np.uint32)
    drawn = random.random((grid.rows, grid.columns)) < 0.4
    after = np.where(np.kron(drawn, np.ones((SIDE, SIDE), bool))[: grid.height, : grid.width], ~before, before)
    sent = padded(before, grid)
    damaged = changed(sent, after, grid, drawn)
    assert (damaged == drawn).all()
    take(sent, after, grid, damaged)
    assert not changed(sent, after, grid).any()
    assert not changed(sent, ~after, grid, grid.empty()).any()
    assert not sent[grid.height :].any()
    assert not sent[:, grid.width :].any()


@given(st.data())
def test_much_that_was_drawn_is_sampled_and_nothing_of_it_missed(data: st.DataObject) -> None:
    """Whatever is between the rows that are looked at first: tiles that differ by one pixel, beside tiles that do all
    over."""
    grid = Grid(data.draw(st.integers(1, 200)), data.draw(st.integers(1, 300)))
    random = np.random.default_rng(data.draw(st.integers(0, 99)))
    before = random.integers(0, 1 << 32, (grid.height, grid.width), dtype=np.uint32)
    wholly = random.random((grid.rows, grid.columns)) < data.draw(st.sampled_from([0, 0.5, 0.95]))
    after = np.where(np.kron(wholly, np.ones((SIDE, SIDE), bool))[: grid.height, : grid.width], ~before, before)
    for _ in range(data.draw(st.integers(0, 3))):
        y, x = data.draw(st.integers(0, grid.height - 1)), data.draw(st.integers(0, grid.width - 1))
        after[y, x] ^= np.uint32(1 << data.draw(st.integers(0, 31)))
    sent, only = padded(before, grid), grid.empty()
    only[random.integers(0, grid.rows) :, : random.integers(1, grid.columns + 1)] = True
    differs = padded((before ^ after) & np.uint32(0xFFFFFF), grid).reshape(grid.rows, SIDE, grid.columns, SIDE)
    damaged = changed(sent, after, grid, only)
    assert (damaged == (differs.any(axis=(1, 3)) & only)).all()
    take(sent, after, grid, damaged)
    assert not changed(sent, after, grid, only).any()


@given(st.data())
def test_a_glance_finds_what_differs_in_its_rows_and_nothing_that_does_not(data: st.DataObject) -> None:
    grid = Grid(data.draw(st.integers(1, 130)), data.draw(st.integers(1, 130)))
    before = page(grid.height, grid.width)
    after, sent = before.copy(), padded(before, grid)
    y, x = data.draw(st.integers(0, grid.height - 1)), data.draw(st.integers(0, grid.width - 1))
    after[y, x] ^= 0x10
    only = grid.empty()
    only[y // SIDE, x // SIDE] = True
    found = [glance(sent, after, grid, only, row) for row in range(EVERY)]
    for row, mask in enumerate(found):
        assert (mask == (only & (y % EVERY == row))).all()
    assert not glance(sent, after, grid, grid.empty(), y % EVERY).any()


def test_what_is_brought_is_exactly_what_was_asked_for() -> None:
    grid = Grid(7 * SIDE - 5, 3 * SIDE - 9)
    sent, seen = padded(page(grid.height, grid.width), grid), page(grid.height, grid.width) ^ np.uint32(0xFF)
    tiles = grid.empty()
    tiles[0, 0] = tiles[0, 4] = tiles[2, 6] = tiles[1, 1:3] = True
    bring(sent, seen, grid, tiles)
    assert (changed(sent, seen, grid) == ~tiles).all()
