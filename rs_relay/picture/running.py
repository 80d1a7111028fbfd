"""How closely the tiles of a film are looked at: what differs from what was sent, at the least cost. No I/O, no clock.

All that was drawn on is compared wholly; but in a film's rectangle only every COMPARE seconds, and in between

    a tile of the film that differed at the last look     is shown as it comes: it is neither compared nor brought into
                                                          what was sent, but *owed* to it
    another tile                                          is compared in one row of pixels of four, the next four times
                                                          in others: a letter is found at once. It is *unsure* till then

So nothing is lost. An owed tile is never read out of what was sent: when it is looked at it counts as changed, whatever
is found, since the viewer may have what it showed in between; when it was not drawn on since, the viewer was shown what
is there, and it is brought into what was sent. An unsure tile is compared wholly at the next look, drawn on or not, and
`unsure` asks for one. For a film of 720p this is a sixth of all work.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rs_relay.channels.screen.tiles import Grid, Mask, some
from rs_relay.picture.damage import EVERY, Words, bring, changed, glance

COMPARE = 0.25  # seconds


@dataclass(frozen=True)
class Found:
    changed: Mask  # the tiles that differ, or may
    owed: Mask  # of them, those that need not differ
    unseen: Mask  # tiles that were drawn on and are shown without a look
    close: bool  # what lies between two changed tiles of a row was compared as well


class Running:
    """Of one layout."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._owed, self._unsure = grid.empty(), grid.empty()
        self._moves = grid.empty()  # tiles of films that differed when they were last looked at
        self._looked = np.full((grid.rows, grid.columns), -np.inf)
        self._row = 0  # of EVERY

    @property
    def unsure(self) -> bool:
        return some(self._unsure)

    def look(
        self, sent: Words, seen: Words, drawn: Mask | None, members: Mask, area: Mask, now: float | None = None
    ) -> Found:
        """`drawn`: the tiles that may differ, None for all of them. `members`: the tiles that show a film, `area`: all
        in films' rectangles. Without `now` all is compared wholly."""
        unseen = glanced = self._grid.empty()
        whole = drawn
        if drawn is not None:
            bring(sent, seen, self._grid, self._owed & ~drawn)
            self._owed &= drawn
            if now is not None:
                young = drawn & area & (now - self._looked < COMPARE)
                unseen = young & members & self._moves
                glanced = young & ~unseen
            whole = (drawn | self._unsure) & ~unseen & ~glanced
        found = changed(sent, seen, self._grid, whole)
        at = ~unseen & ~glanced if whole is None else whole
        self._unsure &= ~at
        np.copyto(self._moves, found & members, where=at)
        if now is not None:
            np.copyto(self._looked, now, where=at)
        if some(glanced):
            self._row = (self._row + 1) % EVERY
            different = glanced & glance(sent, seen, self._grid, glanced, self._row)
            self._unsure = (self._unsure | glanced) & ~different
            self._moves |= different & members
            found |= different
        owed = self._owed & ~unseen
        self._owed &= unseen
        return Found(found | owed, owed, unseen, not (some(unseen) or some(glanced) or some(owed)))

    def owe(self, tiles: Mask) -> None:
        """They are shown, and not brought into what was sent."""
        self._owed |= tiles
