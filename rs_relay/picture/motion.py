"""What only moved: finds how far a page was scrolled or a window dragged, so that a copy rectangle replaces most of its
tiles. Pure.

Up and down (the usual case): a few narrow bands are laid through the changed area; each row of a band becomes a hash,
before and after, and a row that is rare votes for the distance between its two places.

Any other way: some short pieces of rows (*probes*) of the new picture are looked for in the old one, and those found
vote. Of the old picture every STEPth row is searched, at each pixel; so the new one gives probes from STEP rows at a
time, of which one lies right, whatever the distance.

Whether the winner is worth it, and for which rectangle, is then counted on the pixels themselves. Nothing here need be
right: the caller looks for damage again after the copy, so a bad guess costs bytes and never a wrong pixel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rs_relay.channels.screen.tiles import SIDE, Mask, Rect
from rs_relay.picture.damage import RGB_ONLY, Words

BANDS = 6
BAND_WIDTH = 24  # pixels: wide enough to hold a few letters
MIN_TILES = 12  # damage of fewer tiles is cheaper to send than to think about
MIN_VOTES = 12  # rows
MIN_SHARE = 0.25  # of all votes for the winner: repeated text gives each distance a few
MIN_GAIN = 0.25  # of the pixels that differ: what a copy must put right, or it was chance
EVERY = 8  # of eight columns one is counted when the rectangle is chosen
STEP = 11  # of so many rows one is searched; a prime, since lines of text lie at even distances
PROBE = 8  # pixels
PROBE_ROWS = 12  # rows of tiles that give probes

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
    if int(np.count_nonzero(damaged)) < MIN_TILES:
        return None
    rows, columns = np.flatnonzero(damaged.any(axis=1)), np.flatnonzero(damaged.any(axis=0))
    top, bottom = int(rows[0]) * SIDE, min((int(rows[-1]) + 1) * SIDE, seen.shape[0])
    left, right = int(columns[0]) * SIDE, min((int(columns[-1]) + 1) * SIDE, seen.shape[1])
    if bottom - top < 2 * SIDE or right - left < 2 * SIDE:
        return None
    around = Rect(left, top, right - left, bottom - top)
    old, new = sent[top:bottom, left:right], seen[top:bottom, left:right]
    within = damaged[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    dy = _distance(old, new, within.sum(axis=0))
    if dy and (move := _worthwhile(sent, seen, around, 0, dy)):
        return move
    dx, dy = _displacement(old, new, within)
    return _worthwhile(sent, seen, around, dx, dy) if dx or dy else None


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


def _displacement(old: Words, new: Words, damaged: Mask) -> tuple[int, int]:
    """How far right and down much of `new` lies from where it was in `old`; (0, 0) if that cannot be said."""
    wanted, at_y, at_x = _probes(new, damaged)
    if not len(wanted):
        return 0, 0
    searched = _pieces(old[::STEP] & RGB_ONLY)
    # Most places are none of the wanted: one look into a small table tells.
    maybe = np.zeros(1 << 16, np.bool_)
    maybe[wanted & np.uint32(0xFFFF)] = True
    rows, columns = np.nonzero(maybe[searched & np.uint32(0xFFFF)])
    values = searched[rows, columns]
    which = np.minimum(np.searchsorted(wanted, values), len(wanted) - 1)
    hit = wanted[which] == values
    dy, dx = at_y[which[hit]] - rows[hit] * STEP, at_x[which[hit]] - columns[hit]
    span = 2 * new.shape[1]
    ways, votes = np.unique(dy * span + dx, return_counts=True)
    votes = np.where(ways == 0, 0, votes)  # what stayed
    if not len(ways) or int(votes.max()) < MIN_VOTES:
        return 0, 0
    way = int(ways[votes.argmax()]) + new.shape[1]
    return way % span - new.shape[1], way // span


def _probes(new: Words, damaged: Mask) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """(hash, y, x) of pieces that occur once, in order of their hashes."""
    rows = np.flatnonzero(damaged.any(axis=1))
    rows = rows[np.linspace(0, len(rows) - 1, min(PROBE_ROWS, len(rows))).astype(int)]
    y = (rows[:, None] * SIDE + np.arange(SIDE // 2, SIDE // 2 + STEP)).ravel()
    y = y[y < len(new)]
    band = new[y] & RGB_ONLY
    x = np.arange(0, new.shape[1] - PROBE, SIDE // 2)
    used = damaged[np.ix_(y // SIDE, x // SIDE)]
    hashes = _pieces(band)[:, x]
    edges = (band[:, 1:] != band[:, :-1]).view(np.int8)
    textured = sum(edges[:, x + n].astype(np.int8) for n in range(PROBE - 1)) >= 3  # blank tells nothing
    line, column = np.nonzero(used & textured)
    values, first, count = np.unique(hashes[line, column], return_index=True, return_counts=True)
    once = first[count == 1]
    return values[count == 1], y[line[once]], x[column[once]]


def _pieces(rows: Words) -> npt.NDArray[np.uint32]:
    """A hash of the PROBE pixels that begin at each place: of two, of four, of eight."""
    hashes = rows
    for width, factor in ((1, 0x9E3779B1), (2, 0x85EBCA77), (4, 0xC2B2AE3D)):
        hashes = hashes[:, :-width] * np.uint32(factor) + hashes[:, width:]
    return hashes ^ (hashes >> np.uint32(15))


def _worthwhile(sent: Words, seen: Words, around: Rect, dx: int, dy: int) -> Move | None:
    """The copy by (dx, dy) into the part of `around` where it pays: columns first, then rows, then columns again."""
    height, width = seen.shape
    top, bottom = max(around.y, dy), min(around.y + around.height, height + dy)
    left, right = max(around.x, dx), min(around.x + around.width, width + dx)
    if bottom - top < SIDE or right - left < SIDE:
        return None
    here = seen[top:bottom, left:right:EVERY]
    before, there = sent[top:bottom, left:right:EVERY], sent[top - dy : bottom - dy, left - dx : right - dx : EVERY]
    differs = ((here ^ before) & RGB_ONLY) != 0
    moved = ((here ^ there) & RGB_ONLY) == 0
    # What a copy wins (it was wrong, and comes right), less what it spoils (it was right, and comes wrong).
    gain = (differs & moved).view(np.int8) - (~differs & ~moved).view(np.int8)
    x0, x1 = _best_run(gain.sum(axis=0))
    y0, y1 = _best_run(gain[:, x0:x1].sum(axis=1))
    x0, x1 = _best_run(gain[y0:y1].sum(axis=0))
    if int(gain[y0:y1, x0:x1].sum()) <= MIN_GAIN * int(np.count_nonzero(differs)):
        return None
    x, y = left + x0 * EVERY, top + y0
    return Move(Rect(x - dx, y - dy, min(left + x1 * EVERY, right) - x, y1 - y0), dx, dy)


def _best_run(gain: npt.NDArray[np.int64]) -> tuple[int, int]:
    """(start, end) of the stretch with the greatest sum."""
    total = np.concatenate(([0], np.cumsum(gain)))
    lowest = np.minimum.accumulate(total)
    end = int((total - lowest).argmax())
    start = int(total[: end + 1].argmin())
    return start, end
