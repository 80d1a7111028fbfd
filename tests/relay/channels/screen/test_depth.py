"""Few colours and shades: what is said comes back, and is near what was meant."""

from __future__ import annotations

import numpy as np
import pytest

from rs_relay.channels.screen.codecs import depth
from rs_relay.channels.screen.messages import Colours
from rs_relay.channels.screen.tiles import SIDE
from tests.support.scenery import page, rgb, words

FEW = [Colours.C256, Colours.GREYS]
ALL_LEVELS = words(np.stack([np.arange(256, dtype=np.uint8)] * 3, axis=-1).reshape(8, 32, 3), filler=77)


def some(count: int = 5) -> depth.Words:
    return np.random.default_rng(3).integers(0, 1 << 32, (count, SIDE, SIDE), dtype=np.uint32)


@pytest.mark.parametrize("colours", FEW)
def test_what_was_reduced_comes_back_as_it_was(colours: Colours) -> None:
    reduced = depth.reduce(some(), colours)
    raw = depth.pack(reduced, colours)
    assert len(raw) == depth.size(5 * SIDE * SIDE, colours)
    assert (
        depth.unpack(raw, colours).reshape(5, SIDE, SIDE, 3) == rgb(reduced.reshape(-1, SIDE)).reshape(5, SIDE, SIDE, 3)
    ).all()
    assert (depth.reduce(reduced, colours) == reduced).all()


@pytest.mark.parametrize(("colours", "off"), [(Colours.C256, 43), (Colours.GREYS, 9)])
def test_each_level_is_the_nearest_and_the_ends_are_kept(colours: Colours, off: int) -> None:
    reduced = rgb(depth.reduce(ALL_LEVELS, colours)).astype(int)
    assert np.abs(reduced - rgb(ALL_LEVELS)).max() <= off
    assert reduced[0, 0].tolist() == [0, 0, 0]
    assert reduced[-1, -1].tolist() == [255, 255, 255]


def test_all_colours_are_left_alone() -> None:
    tiles = some()
    assert depth.reduce(tiles, Colours.ALL) is tiles


@pytest.mark.parametrize("divisor", depth.SHADES)
def test_shades_are_about_what_was_there(divisor: int) -> None:
    tiles = page(SIDE, SIDE * 6).reshape(SIDE, 6, SIDE).swapaxes(0, 1)
    raw = depth.shade(np.ascontiguousarray(tiles), divisor)
    assert len(raw) == 6 * depth.shade_bytes(divisor)
    there = depth.unshade(raw, divisor)
    assert there.shape == (6, SIDE, SIDE, 3)
    assert set(np.unique(there)) <= {0, 85, 170, 255}
    meant = rgb(np.ascontiguousarray(tiles).reshape(-1, SIDE)).reshape(6, SIDE, SIDE, 3).mean(axis=3)
    squares = (6, SIDE // divisor, divisor, SIDE // divisor, divisor)
    off = meant.reshape(squares).mean(axis=(2, 4)) - there[..., 0].reshape(squares).mean(axis=(2, 4))
    assert np.abs(off).max() <= 43
