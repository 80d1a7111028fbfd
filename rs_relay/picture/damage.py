"""Which tiles of the screen are not what was last sent: pure.

Whole rows of tiles are compared first: a screen at rest costs one pass over memory (0.4 ms at 1080p), since only a row
that differs is looked at tile by tile. A hash per tile was tried and costs ten times that. Where it is told what was
drawn, a row hardly ever is as it was, and only that part of it is looked at. Where that is much, one row of pixels in
four tells of nearly all tiles that they differ, and only what is left is looked at wholly: a film of 720p costs 0.2 ms.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rs_relay.channels.screen.tiles import SIDE, Grid, Mask, Rect, covering

Words = npt.NDArray[np.uint32]  # shape (height, width): a pixel as B, G, R, X in memory
Block = tuple[int, int, int, int]
RGB_ONLY = np.uint32(int.from_bytes(b"\xff\xff\xff\x00", "little"))  # in the order that a grabbed pixel has in memory
EVERY = 4  # of so many rows of pixels one is looked at first
SAMPLED = 4  # rows of tiles: less is looked at wholly at once
AT_ONCE = 1 << 16  # words, so that they stay in the cache and in memory that is there already
CALL = 16 * SIDE  # pixels of a row of tiles: as long as one more look takes


def changed(sent: Words, seen: Words, grid: Grid, only: Mask | None = None) -> Mask:
    """The tiles of `grid` where `seen` (height, width) differs from `sent` (whole tiles, so it may reach over the
    right and bottom edges). The fourth byte of a pixel is undefined and does not count.

    `only`: tiles that may differ, where that is known; those between two of them in a row are looked at as well, and no
    others."""
    mask = grid.empty()
    if only is None:
        for row in range(grid.rows):
            if not np.array_equal(*_both(sent, seen, row, 1, 0, grid.width)):
                _compare(sent, seen, (row, 1, 0, grid.width), mask)
        return mask
    for block in _joined(_blocks(only, grid)):
        if block[1] < SAMPLED:
            _compare(sent, seen, block, mask)
            continue
        _compare(sent, seen, block, mask, EVERY)
        row, rows, x, right = block
        rest = grid.empty()
        there = np.s_[row : row + rows, x // SIDE : -(-right // SIDE)]
        rest[there] = ~mask[there]
        for left in _joined(_blocks(rest, grid)):
            _compare(sent, seen, left, mask)
    return mask


def glance(sent: Words, seen: Words, grid: Grid, only: Mask, row: int) -> Mask:
    """Tiles where one row of pixels of EVERY differs, that of number `row`: of `only` all such, of others some."""
    mask = grid.empty()
    rows, columns = np.flatnonzero(only.any(axis=1)), np.flatnonzero(only.any(axis=0))
    if len(rows):
        left, right = int(columns[0]) * SIDE, min((int(columns[-1]) + 1) * SIDE, grid.width)
        _compare(sent, seen, (int(rows[0]), int(rows[-1] - rows[0]) + 1, left, right), mask, EVERY, row)
    return mask


def take(sent: Words, seen: Words, grid: Grid, damaged: Mask) -> None:
    """Bring the tiles that `changed` found from `seen` into `sent`. What lies between two of them in a row was compared
    and is equal, so it may come along: rows at a time are quicker than tile by tile."""
    for block in _blocks(damaged, grid):
        old, new = _both(sent, seen, *block)
        old[:] = new


def bring(sent: Words, seen: Words, grid: Grid, tiles: Mask) -> None:
    """Bring `tiles` from `seen` into `sent`, and nothing between them, which may not have been compared."""
    for r in covering(tiles, grid):
        cut = np.s_[r.y : r.y + r.height, r.x : r.x + r.width]
        sent[cut] = seen[cut]


def _compare(sent: Words, seen: Words, block: Block, mask: Mask, every: int = 1, begin: int = 0) -> None:
    """Sets in `mask` the tiles of `block` that differ, or that do in one row of pixels of `every`, from `begin` on."""
    row, rows, x, right = block
    count, wide = SIDE // every, right - x
    step = min(rows, max(1, AT_ONCE // (count * wide)))
    columns = slice(x // SIDE, -(-right // SIDE))
    differing = np.zeros((step, (columns.stop - columns.start) * SIDE), np.uint32)
    for first in range(row, row + rows, step):
        taken = min(step, row + rows - first)
        old, new = _both(sent, seen, first, taken, x, right)
        bits = old[begin::every] ^ new[begin::every]
        whole = len(bits) // count  # the last row of tiles may be cut
        np.bitwise_or.reduce(bits[: whole * count].reshape(whole, count, wide), axis=1, out=differing[:whole, :wide])
        if whole < taken:
            np.bitwise_or.reduce(bits[whole * count :], axis=0, out=differing[whole, :wide])
        mask[first : first + taken, columns] |= ((differing[:taken] & RGB_ONLY) != 0).reshape(taken, -1, SIDE).any(2)


def _joined(blocks: list[Block]) -> list[Block]:
    """Fewer and larger blocks that hold all of `blocks`: a call of numpy costs as much as some tiles."""
    joined: list[Block] = []
    for block in blocks:
        if joined:
            row, rows, x, right = joined[-1]
            both = row, block[0] + block[1] - row, min(x, block[2]), max(right, block[3])
            if block[0] == row + rows and _area(both) <= _area(joined[-1]) + _area(block) + CALL:
                joined[-1] = both
                continue
        joined.append(block)
    return joined


def _area(block: Block) -> int:
    return block[1] * (block[3] - block[2])


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
