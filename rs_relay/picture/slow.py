"""What to send first over a line that holds little: pure.

    changed tiles      exactly, if that fits into what may be sent now: a typed letter
                       else all of them as shades, as fine as fits: a page is there at a quarter in a second or two
    then, what rests   shades in full where the person works, at a half elsewhere, but photographs there in colour at a
                       half; then exactly, where the person works first, in the order of reading; photographs last,
                       which take fifty times the bytes of text: where the person works they are a coarse one till then

What tiles cost is guessed from what they cost before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rs_relay.channels.screen.tiles import SIDE, Mask, rectangles

EXACT = 0  # else the divisor of the shades, or
HALVED, COARSE, PIXELS = -3, -2, -1  # a photograph in colour, at a half or in full, and exactly
START_COST = {
    EXACT: 60.0,
    1: 22.0,
    2: 9.0,
    4: 2.5,
    HALVED: 25.0,
    COARSE: 90.0,
    PIXELS: 2500.0,
}  # bytes a tile of text on a page
HEAVIER = {1: 2.0, 2: 3.0, 4: float("inf")}  # times what may be sent now: so much for the picture to be that fine
LEAST_TILES = 8  # or a frame is mostly its own head
LEAST_PHOTOGRAPH = 12  # tiles: its tables weigh as much as ten at a half
# Tiles at least, for the same reason: a quarter of a second at 28.8 kbit/s. Exactly, one takes that long and more.
AT_ONCE = {HALVED: 32, COARSE: 10, PIXELS: 1}

Shades = npt.NDArray[np.uint8]  # a tile each: 0 if the viewer has it exactly or lossily otherwise, else the divisor


@dataclass(frozen=True)
class Slow:
    """`allowance`: bytes that an update may have. `focus`: the tiles where the person works."""

    allowance: int
    focus: Mask


@dataclass(frozen=True)
class Step:
    divisor: int  # EXACT, or of the shades; HALVED, COARSE or PIXELS for a photograph
    tiles: Mask
    patched: bool = False  # their patches say it all

    @property
    def exact(self) -> bool:
        return self.divisor in (EXACT, PIXELS)

    @property
    def region(self) -> bool:
        """Coded by itself."""
        return self.divisor in (HALVED, COARSE)


class Costs:
    """Bytes a tile, by the step's divisor."""

    def __init__(self) -> None:
        self._cost = dict(START_COST)

    def of(self, divisor: int) -> float:
        return self._cost[divisor]

    def weigh(self, divisor: int, tiles: int, size: int) -> None:
        """That many tiles became `size` bytes. A blank page says little about the next one: it is forgotten soon."""
        if tiles >= LEAST_TILES:
            seen = min(max(size / tiles, START_COST[divisor] / 8), START_COST[divisor] * 60)
            self._cost[divisor] += (seen - self._cost[divisor]) / 4


def photographs(photographic: Mask) -> Mask:
    """Those tiles that are part of a rectangle worth a codec of its own."""
    worthy = np.zeros_like(photographic)
    for column, row, columns, rows in rectangles(photographic):
        if columns * rows >= LEAST_PHOTOGRAPH:
            worthy[row : row + rows, column : column + columns] = True
    return worthy


def plan(
    damaged: Mask,
    shades: Shades,
    resting: Mask,
    slow: Slow,
    costs: Costs,
    patched: int = 0,
    pictures: Mask | None = None,
) -> Iterator[Step]:
    """The steps of one update. `resting`: lossy tiles that have not changed for a moment, without those damaged.
    `patched`: pixels of the patches that say all that is damaged, 0 if there are none. `pictures`: the tiles of
    photographs, None where they are sent as all else."""
    if pictures is None:
        pictures = np.zeros_like(damaged)
    left = float(slow.allowance)
    count = int(np.count_nonzero(damaged))
    patches = patched / (SIDE * SIDE) * costs.of(EXACT)
    if 0 < patches <= left:
        yield Step(EXACT, damaged, patched=True)
        left -= patches
    elif count:
        divisor = next((d for d in (EXACT, 1, 2, 4) if count * costs.of(d) <= left * HEAVIER.get(d, 1.0)), 4)
        yield Step(divisor, damaged)
        left -= count * costs.of(divisor)
    focus, text, grey = slow.focus, ~pictures, shades > 0
    for divisor, wanted in (
        (1, focus & (shades > 1)),
        (2, (shades > 2) & text),
        (HALVED, grey & pictures & ~focus),
        (EXACT, focus & text),
        (COARSE, grey & pictures & focus),
        (EXACT, text),
        (PIXELS, focus),
        (PIXELS, resting),
    ):
        if left <= 0:
            return
        waiting = wanted & resting
        if count := int(np.count_nonzero(waiting)):
            mask = _some(waiting, divisor, int(left / costs.of(divisor)))
            yield Step(divisor, mask)
            left -= count * costs.of(divisor)  # what did not fit, too: nothing goes before it
            resting = resting & ~mask


def _some(waiting: Mask, divisor: int, fit: int) -> Mask:
    """About so many of the tiles that wait: in the order of reading, of a photograph one rectangle."""
    mask = np.zeros_like(waiting)
    fit = max(AT_ONCE.get(divisor, LEAST_TILES), fit)
    if divisor not in (HALVED, COARSE):
        mask.ravel()[np.flatnonzero(waiting)[:fit]] = True
        return mask
    column, row, columns, rows = rectangles(waiting)[0]
    columns = min(columns, fit)
    mask[row : row + min(rows, max(1, fit // columns)), column : column + columns] = True
    return mask
