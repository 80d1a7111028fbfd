"""What to send first over a line that holds little: pure.

    changed tiles      exactly, if that fits into what may be sent now: a typed letter
                       else all of them as shades, as fine as fits: a page is there at a quarter in a second or two
    then, what rests   shades in full where the person works, at a half elsewhere; then exactly, where the person works
                       first, in the order of reading

What tiles cost is guessed from what they cost before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rs_relay.channels.screen.tiles import SIDE, Mask

EXACT = 0  # else the divisor of the shades
START_COST = {EXACT: 60.0, 1: 22.0, 2: 9.0, 4: 2.5}  # bytes a tile of text on a page
HEAVIER = {1: 2.0, 2: 3.0, 4: float("inf")}  # times what may be sent now: so much for the picture to be that fine
LEAST_TILES = 8  # or a frame is mostly its own head

Shades = npt.NDArray[np.uint8]  # a tile each: 0 if the viewer has it exactly or lossily otherwise, else the divisor


@dataclass(frozen=True)
class Slow:
    """`allowance`: bytes that an update may have. `focus`: the tiles where the person works."""

    allowance: int
    focus: Mask


@dataclass(frozen=True)
class Step:
    divisor: int  # EXACT, or of the shades
    tiles: Mask
    patched: bool = False  # their patches say it all


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


def plan(damaged: Mask, shades: Shades, resting: Mask, slow: Slow, costs: Costs, patched: int = 0) -> Iterator[Step]:
    """The steps of one update. `resting`: lossy tiles that have not changed for a moment, without those damaged.
    `patched`: pixels of the patches that say all that is damaged, 0 if there are none."""
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
    for divisor, wanted in (
        (1, slow.focus & (shades > 1)),
        (2, shades > 2),
        (EXACT, slow.focus),
        (EXACT, resting),
    ):
        if left <= 0:
            return
        tiles = np.flatnonzero(wanted & resting)
        fit = max(LEAST_TILES, int(left / costs.of(divisor)))
        if len(tiles):
            mask = np.zeros_like(damaged)
            mask.ravel()[tiles[:fit]] = True
            yield Step(divisor, mask)
            left -= len(tiles) * costs.of(divisor)  # what did not fit, too: nothing goes before it
            resting = resting & ~mask
