"""What only moved: finds how far a page was scrolled, so that a copy rectangle replaces most of its tiles. Pure.

A few narrow bands are laid through the changed area; each row of a band becomes a hash, before and after. A row whose
hash is rare votes for the distance between its two places. Whether the winner is worth it, and for which rectangle, is
then counted on the pixels themselves. Nothing here need be right: the caller looks for damage again after the copy, so
a bad guess costs bytes and never a wrong pixel.

Sideways scrolling is the same question asked of the transposed picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rs_agent.features.screen.damage import RGB_ONLY, Words
from rs_relay.channels.screen.tiles import SIDE, Mask, Rect

BANDS = 6
BAND_WIDTH = 24  # pixels: wide enough to hold a few letters
MIN_TILES = 12  # damage of fewer tiles is cheaper to send than to think about
MIN_VOTES = 12  # rows
MIN_SHARE = 0.25  # of all votes for the winner: repeated text gives each distance a few
MIN_GAIN = 0.25  # of the pixels that differ: what a copy must put right, or it was chance
EVERY = 4  # of four columns one is counted when the rectangle is chosen

_WEIGHTS = np.random.default_rng(7).integers(1, 1 << 32, BAND_WIDTH, dtype=np.uint64).astype(np.uint32) | np.uint32(1)


@dataclass(frozen=True)
class Move:
    source: Rect
    dx: int
    dy: int

    @property
    def target(self) -> Rect:
        return Rect(self.source.x + self.dx, self.source.y + self.dy, self.source.width, self.source.height)


def find(sent: Words, seen: Words, damaged: Mask) -> Move | None:
    """The copy within `sent` that makes most of it equal `seen`, or None. `sent` and `seen` have one shape."""
    if int(damaged.sum()) < MIN_TILES:
        return None
    down = _along_columns(sent, seen, damaged)
    if down is not None:
        return Move(down[0], 0, down[1])
    right = _along_columns(sent.T, seen.T, damaged.T)
    if right is not None:
        r = right[0]
        return Move(Rect(r.y, r.x, r.height, r.width), right[1], 0)
    return None


def _along_columns(sent: Words, seen: Words, damaged: Mask) -> tuple[Rect, int] | None:
    """(source, dy) for what moved up or down."""
    rows, columns = np.flatnonzero(damaged.any(axis=1)), np.flatnonzero(damaged.any(axis=0))
    top, bottom = int(rows[0]) * SIDE, min((int(rows[-1]) + 1) * SIDE, seen.shape[0])
    left, right = int(columns[0]) * SIDE, min((int(columns[-1]) + 1) * SIDE, seen.shape[1])
    if bottom - top < 2 * SIDE or right - left < BAND_WIDTH:
        return None
    old, new = sent[top:bottom, left:right], seen[top:bottom, left:right]
    dy = _distance(old, new, damaged[:, columns[0] : columns[-1] + 1].sum(axis=0))
    if dy == 0:
        return None
    found = _worthwhile(old, new, dy)
    if found is None:
        return None
    return Rect(left + found.x, top + found.y - dy, found.width, found.height), dy


def _distance(old: Words, new: Words, weight: npt.NDArray[np.int64]) -> int:
    """How many rows down most of `new` lies from where it was in `old`; 0 if that cannot be said."""
    height = len(old)
    votes = np.zeros(2 * height + 1, np.int64)
    busiest = np.sort(np.argsort(weight, kind="stable")[::-1][: max(BANDS, len(weight) // 2)])
    for column in busiest[np.linspace(0, len(busiest) - 1, min(BANDS, len(busiest))).astype(int)]:
        x = min(int(column) * SIDE + (SIDE - BAND_WIDTH) // 2, old.shape[1] - BAND_WIDTH)
        _vote(_hashes(old[:, x : x + BAND_WIDTH]), _hashes(new[:, x : x + BAND_WIDTH]), votes)
    best = int(votes.argmax())
    return best - height if votes[best] >= max(MIN_VOTES, MIN_SHARE * int(votes.sum())) else 0


def _hashes(band: Words) -> npt.NDArray[np.uint32]:
    return (band & RGB_ONLY) @ _WEIGHTS


def _vote(old: npt.NDArray[np.uint32], new: npt.NDArray[np.uint32], votes: npt.NDArray[np.int64]) -> None:
    height = len(old)
    values, first, count = np.unique(old, return_index=True, return_counts=True)
    once, place = values[count == 1], first[count == 1]  # a row that occurs often (blank) tells nothing
    if not len(once):
        return
    at = np.minimum(np.searchsorted(once, new), len(once) - 1)
    hit = (once[at] == new) & (new != old)
    votes += np.bincount(np.flatnonzero(hit) - place[at[hit]] + height, minlength=len(votes))


def _worthwhile(old: Words, new: Words, dy: int) -> Rect | None:
    """Where in `new` a copy from `dy` rows above pays: columns of tiles first, then rows, then columns again."""
    height, width = new.shape
    first, last = max(0, dy), height + min(0, dy)
    here, there = new[first:last, ::EVERY], old[first - dy : last - dy, ::EVERY]
    differs = ((here ^ old[first:last, ::EVERY]) & RGB_ONLY) != 0
    moved = ((here ^ there) & RGB_ONLY) == 0
    # What a copy wins (it was wrong, and comes right), less what it spoils (it was right, and comes wrong).
    gain = (differs & moved).view(np.int8) - (~differs & ~moved).view(np.int8)
    strips = np.add.reduceat(gain, np.arange(0, gain.shape[1], SIDE // EVERY), axis=1, dtype=np.int32)
    x0, x1 = _best_run(strips.sum(axis=0))
    y0, y1 = _best_run(strips[:, x0:x1].sum(axis=1))
    x0, x1 = _best_run(strips[y0:y1].sum(axis=0))
    if int(strips[y0:y1, x0:x1].sum()) <= MIN_GAIN * int(differs.sum()):
        return None
    return Rect(x0 * SIDE, first + y0, min(x1 * SIDE, width) - x0 * SIDE, y1 - y0)


def _best_run(gain: npt.NDArray[np.int64]) -> tuple[int, int]:
    """(start, end) of the stretch with the greatest sum."""
    total = np.concatenate(([0], np.cumsum(gain)))
    lowest = np.minimum.accumulate(total)
    end = int((total - lowest).argmax())
    start = int(total[: end + 1].argmin())
    return start, end
