"""Geometry of a picture cut into tiles of 32 pixels: pure, and the one place where a size is judged.

A picture of `width` by `height` pixels has `columns` by `rows` tiles, numbered in row-major order; those at the right
and bottom edge may be cut. A set of tiles is a boolean array of shape (rows, columns), a *mask*.

32 px is one or two tiles for a typed letter, 2040 for a whole 1080p picture, and twice the 16 px of a JPEG's blocks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rs_relay.errors import PeerBroke

SIDE = 32
MAX_SIDE = 16_384
MAX_AREA = 7680 * 4320  # 8K, or four 4K monitors: 100 MB of RGB

Pixels = npt.NDArray[np.uint8]  # shape (height, width, 3): R, G, B
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Rect:
    """Pixels of the picture."""

    x: int
    y: int
    width: int
    height: int

    @property
    def area(self) -> int:
        return self.width * self.height

    def inside(self, width: int, height: int) -> bool:
        """Not empty, and wholly within a picture of that size."""
        return (
            self.x >= 0
            and self.y >= 0
            and self.width > 0
            and self.height > 0
            and self.x + self.width <= width
            and self.y + self.height <= height
        )


@dataclass(frozen=True)
class Grid:
    """A picture's size, and how it is cut."""

    width: int
    height: int

    @property
    def columns(self) -> int:
        return -(-self.width // SIDE)

    @property
    def rows(self) -> int:
        return -(-self.height // SIDE)

    @property
    def count(self) -> int:
        return self.columns * self.rows

    def empty(self) -> Mask:
        return np.zeros((self.rows, self.columns), np.bool_)

    def touched(self, rect: Rect) -> Mask:
        """The tiles that have a pixel of `rect`, which may reach beyond the picture."""
        mask = self.empty()
        x, y = max(rect.x, 0), max(rect.y, 0)
        right, bottom = min(rect.x + rect.width, self.width), min(rect.y + rect.height, self.height)
        if right > x and bottom > y:
            mask[y // SIDE : (bottom - 1) // SIDE + 1, x // SIDE : (right - 1) // SIDE + 1] = True
        return mask

    def pixels(self, column: int, row: int, columns: int, rows: int) -> Rect:
        """A rectangle of tiles as pixels, cut at the picture's edge."""
        x, y = column * SIDE, row * SIDE
        return Rect(x, y, min(columns * SIDE, self.width - x), min(rows * SIDE, self.height - y))


def some(mask: Mask | npt.NDArray[np.uint8]) -> bool:
    """Whether it has a tile at all: what `mask.any()` says, in a tenth of its time."""
    return int(np.count_nonzero(mask)) > 0


def fits(width: int, height: int) -> bool:
    """Whether rs shows pictures of that size at all."""
    return 0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE and width * height <= MAX_AREA


def grid(width: int, height: int) -> Grid:
    """The grid of a picture that the other end announced. Raises PeerBroke for an absurd size: before anything of
    that size is allocated."""
    if not fits(width, height):
        raise PeerBroke("The other end announced a picture of an impossible size.")
    return Grid(width, height)


def spans(mask: Mask) -> tuple[int, ...]:
    """The tiles of `mask` as skip, take, skip, take …: two small numbers for a typed letter or for a whole picture,
    and nothing but ascending, distinct tiles can be said in it."""
    flat = np.concatenate(([False], mask.ravel(), [False]))
    edges = np.flatnonzero(flat[1:] != flat[:-1])
    return tuple(np.diff(edges, prepend=0).tolist())


def numbers(said: Iterable[int], cut: Grid, limit: int) -> npt.NDArray[np.intp]:
    """The tile numbers that `spans` said. Raises PeerBroke if one is outside the grid, or if
    they are more than `limit`."""
    lengths = np.fromiter(said, np.int64)
    if len(lengths) == 0:
        return np.empty(0, np.intp)
    if len(lengths) % 2 or int(lengths.min()) < 0 or int(lengths.max()) > cut.count:
        raise PeerBroke("The other end named tiles in a way that makes no sense.")
    ends = np.cumsum(lengths)
    if int(ends[-1]) > cut.count or int(lengths[1::2].sum()) > limit:
        raise PeerBroke("The other end named tiles outside of the picture.")
    flat = np.repeat(np.arange(len(lengths)) % 2 == 1, lengths)
    return np.flatnonzero(flat)


def rectangles(mask: Mask) -> list[tuple[int, int, int, int]]:
    """Disjoint rectangles (column, row, columns, rows), in tiles, that cover exactly the tiles of `mask`, each run of a
    row joined to an equal run in the row above."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return []
    top, left, height, width = int(rows[0]), int(columns[0]), len(rows), len(columns)
    if int(np.count_nonzero(mask[top : top + height, left : left + width])) == height * width:
        return [(left, top, width, height)]  # the usual case, and one that costs nothing
    done: list[tuple[int, int, int, int]] = []
    growing: dict[tuple[int, int], int] = {}  # (first column, columns) of the row above -> row it began in
    above = -1
    for row, runs in _runs(mask).items():
        here = dict.fromkeys(runs, row)
        for run, began in growing.items():
            if row == above + 1 and run in here:
                here[run] = began
            else:
                done.append((run[0], began, run[1], above + 1 - began))
        growing, above = here, row
    done += [(column, began, columns, above + 1 - began) for (column, columns), began in growing.items()]
    done.sort(key=lambda r: (r[1], r[0]))
    return done


def _runs(mask: Mask) -> dict[int, list[tuple[int, int]]]:
    """Row -> (first column, columns) of its runs, for the rows that have some, from the top."""
    padded = np.zeros((mask.shape[0], mask.shape[1] + 2), np.int8)
    padded[:, 1:-1] = mask
    edges = np.diff(padded, axis=1)
    rows, first = np.nonzero(edges == 1)
    after = np.nonzero(edges == -1)[1]
    found: dict[int, list[tuple[int, int]]] = {}
    for row, column, columns in zip(rows.tolist(), first.tolist(), (after - first).tolist(), strict=True):
        found.setdefault(row, []).append((column, columns))
    return found


def covering(mask: Mask, cut: Grid) -> list[Rect]:
    """The tiles of `mask` as pixel rectangles."""
    return [cut.pixels(*r) for r in rectangles(mask)]
