"""Which tiles of the screen are not what was last sent: pure.

Whole rows of tiles are compared first: a screen at rest costs one pass over memory (0.4 ms at 1080p), since only a row
that differs is looked at tile by tile. A hash per tile was tried and costs ten times that. Where it is told what was
drawn, a row hardly ever is as it was, and only that part of it is looked at. Where that is much, one row of pixels in
four tells of nearly all tiles that they differ, and only what is left is looked at wholly: a film of 720p costs 0.2 ms.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rs_relay.channels.screen.tiles import SIDE, Grid, Mask, Rect

Words = npt.NDArray[np.uint32]  # shape (height, width): a pixel as B, G, R, X in memory
Block = tuple[int, int, int, int]
RGB_ONLY = np.uint32(int.from_bytes(b"\xff\xff\xff\x00", "little"))  # in the order that a grabbed pixel has in memory
EVERY = 4  # of so many rows of pixels one is looked at first
SAMPLED = 4  # rows of tiles: less is looked at wholly at once
SAMPLE = 1 << 16  # words at a time, so that they stay in the cache and in memory that is there already


def changed(sent: Words, seen: Words, grid: Grid, only: Mask | None = None) -> Mask:
    """The tiles of `grid` where `seen` (height, width) differs from `sent` (whole tiles, so it may reach over the
    right and bottom edges). The fourth byte of a pixel is undefined and does not count.

    `only`: tiles that may differ, where that is known; those between two of them in a row are looked at as well, and no
    others."""
    mask = grid.empty()
    if only is None:
        left = [
            (row, 1, 0, grid.width)
            for row in range(grid.rows)
            if not np.array_equal(*_both(sent, seen, row, 1, 0, grid.width))
        ]
    else:
        left = []
        for block in _blocks(only, grid):
            if block[1] >= SAMPLED:
                left += _sampled(sent, seen, grid, block, mask)
            else:
                left.append(block)
    differing = np.zeros(grid.columns * SIDE, np.uint32)  # bits of a column of pixels
    scratch = np.empty((SIDE, grid.width), np.uint32)
    for first, rows, x, right in left:
        for row in range(first, first + rows):
            old, new = _both(sent, seen, row, 1, x, right)
            bits = np.bitwise_xor(new, old, out=scratch[: len(new), : right - x])
            differing[:] = 0
            np.bitwise_or.reduce(bits, axis=0, out=differing[x:right])
            mask[row] |= ((differing & RGB_ONLY) != 0).reshape(grid.columns, SIDE).any(axis=1)
    return mask


def take(sent: Words, seen: Words, grid: Grid, damaged: Mask) -> None:
    """Bring the tiles that `changed` found from `seen` into `sent`. What lies between two of them in a row was compared
    and is equal, so it may come along: rows at a time are quicker than tile by tile."""
    for block in _blocks(damaged, grid):
        old, new = _both(sent, seen, *block)
        old[:] = new


def _sampled(sent: Words, seen: Words, grid: Grid, block: Block, mask: Mask) -> list[Block]:
    """Sets in `mask` the tiles that differ in one row of pixels of EVERY, as nearly all of a film's do; the blocks that
    must be looked at wholly, since they have others."""
    row, rows, x, right = block
    count, wide = SIDE // EVERY, right - x
    step = max(1, SAMPLE // (count * wide))
    columns = slice(x // SIDE, -(-right // SIDE))
    differing = np.zeros((step, (columns.stop - columns.start) * SIDE), np.uint32)
    for first in range(row, row + rows, step):
        taken = min(step, row + rows - first)
        old, new = _both(sent, seen, first, taken, x, right)
        bits = old[::EVERY] ^ new[::EVERY]
        whole = len(bits) // count  # the last row of tiles may be cut
        np.bitwise_or.reduce(bits[: whole * count].reshape(whole, count, wide), axis=1, out=differing[:whole, :wide])
        if whole < taken:
            np.bitwise_or.reduce(bits[whole * count :], axis=0, out=differing[whole, :wide])
        found = ((differing[:taken] & RGB_ONLY) != 0).reshape(taken, -1, SIDE).any(axis=2)
        mask[first : first + taken, columns] = found
    rest = grid.empty()
    rest[row : row + rows, columns] = ~mask[row : row + rows, columns]
    return _blocks(rest, grid)


def _both(sent: Words, seen: Words, row: int, rows: int, left: int, right: int) -> tuple[Words, Words]:
    """Those rows of tiles, of each, as far as the picture goes."""
    new = seen[row * SIDE : (row + rows) * SIDE, left:right]
    return sent[row * SIDE : row * SIDE + len(new), left:right], new


def box(sent: Words, seen: Words, at: Rect) -> Rect:
    """The smallest rectangle within `at` that holds all pixels that differ; some must."""
    cut = np.s_[at.y : at.y + at.height, at.x : at.x + at.width]
    differing = ((sent[cut] ^ seen[cut]) & RGB_ONLY) != 0
    rows, columns = np.flatnonzero(differing.any(axis=1)), np.flatnonzero(differing.any(axis=0))
    x, y = int(columns[0]), int(rows[0])
    return Rect(at.x + x, at.y + y, int(columns[-1]) + 1 - x, int(rows[-1]) + 1 - y)


def _blocks(mask: Mask, grid: Grid) -> list[Block]:
    """What has tiles of `mask`: (row, rows, left, right), in tiles and in pixels. Of each row it is from the first to
    the last of them, and rows where that is the same are one block."""
    rows = np.flatnonzero(mask.any(axis=1))
    left = mask[rows].argmax(axis=1) * SIDE
    right = np.minimum((grid.columns - mask[rows, ::-1].argmax(axis=1)) * SIDE, grid.width)
    blocks: list[Block] = []
    for row, x, end in zip(rows.tolist(), left.tolist(), right.tolist(), strict=True):
        if blocks and blocks[-1][0] + blocks[-1][1] == row and blocks[-1][2:] == (x, end):
            blocks[-1] = (blocks[-1][0], blocks[-1][1] + 1, x, end)
        else:
            blocks.append((row, 1, x, end))
    return blocks
