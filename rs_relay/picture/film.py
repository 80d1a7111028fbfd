"""What plays as a film: rectangles of tiles that keep changing and are no text, each a stream of pictures. Pure.

    plays      most tiles of a rectangle changed all the time for BEGIN seconds, as a camera's picture does: with many
               small differences between neighbours. Text has none but large ones, be it scrolled ever so fast
    goes on    while tiles of it change. It grows and shrinks with what moves, but never at once: each new stream begins
               with a key picture, which costs as much as five others
    ends       when nothing has changed for END seconds

The tiles of the rectangle that show it are its *members*: those that look like a film, and flat ones that change as
they do and have no text beside them. Another tile there (a toolbar over the film) is sent as everywhere, unless it
looks like a film just now. What rests is lossy, and so sent exactly like all that rests.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rs_relay.channels.screen.codecs import film, stills
from rs_relay.channels.screen.messages import MAX_FILMS, MAX_TILES, Film
from rs_relay.channels.screen.tiles import Grid, Mask, Rect, some, spans
from rs_relay.errors import LocalProblem
from rs_relay.picture import quality
from rs_relay.picture.damage import Words

GAP = 0.3  # seconds without a change, after which a tile does not move any more
BEGIN, BEGIN_CHANGES = 0.4, 5  # seconds, and changes in them
JOIN_CHANGES = 3  # of a tile within a film
END = 1.0
SLOWLY, SLOWEST = 2.5, 2.0  # times what passes between two updates; seconds
REST = 1.0  # for a member, while others move: a film's background flickers now and then
LOOK = 0.25  # seconds between two looks at what moves
SETTLED = 1.5  # seconds that a stream plays before another takes its place
MIN_TILES = 24  # 160 x 160 pixels: less costs little as JPEG
MIN_SIDE = 3  # tiles: a line that runs is text
MIN_SHARE = 0.4  # of a rectangle's tiles
SHRUNK = 0.5  # of a film's rectangle: if less is left of it, a smaller one begins
REBUDGET = 1.5  # times more or fewer bits than a stream was made for

SOFT = 12  # of 255: a camera's and a fractal's neighbours differ by less, the edges of letters by more
SOFT_SHARE = 0.3  # of the neighbours that differ. Measured: films 0.5 and more, text 0.2 and less
FLAT = 0.97  # of neighbours that do not: says neither

Place = tuple[int, int, int, int]  # column, row, columns, rows
# Numbers of tiles -> what they show in one row of pixels of four, (n, SIDE / 4, SIDE).
Look = Callable[[npt.NDArray[np.intp]], Words]


@dataclass(eq=False)
class _Playing:
    stream: int
    place: Place
    members: Mask  # of the whole grid
    codec: str
    encoder: film.Encoder | stills.Encoder
    bits: int
    begun: float
    whole: float  # when it was last seen to fill its rectangle

    @property
    def cut(self) -> tuple[slice, slice]:
        return _cut(self.place)


class Films:
    """Of one layout. `bits`: what one picture of a film may take."""

    def __init__(self, grid: Grid, allowed: Collection[str] = (film.NAME,)) -> None:
        self.bits = film.BITS
        self._grid, self._allowed = grid, frozenset(allowed)
        self._playing: list[_Playing] = []
        self._ended: list[Film] = []
        self._streams = 0
        self._since = np.full((grid.rows, grid.columns), -np.inf)  # when a tile began to change all the time
        self._last = self._since.copy()
        self._changes = np.zeros((grid.rows, grid.columns), np.int32)
        self._looked = self._updated = -np.inf
        self._between = 0.0  # seconds from one update to the next, of late

    @property
    def area(self) -> Mask:
        """The rectangles of all films."""
        mask = self._grid.empty()
        for each in self._playing:
            mask[each.cut] = True
        return mask

    @property
    def members(self) -> Mask:
        """The tiles that show one."""
        mask = self._grid.empty()
        for each in self._playing:
            mask |= each.members
        return mask

    @property
    def plays(self) -> bool:
        return bool(self._playing)

    def saw(self, damaged: Mask, now: float, look: Look) -> Mask:
        """What changed at `now`; those of the tiles that a film will show. Films begin and end here."""
        if not self._allowed:
            return damaged & False
        self._pass(damaged, now)
        anew = damaged & (now - self._last > self._gap)
        np.copyto(self._since, now, where=anew)
        np.copyto(self._changes, 0, where=anew)
        np.copyto(self._last, now, where=damaged)
        self._changes += damaged
        if now - self._looked >= LOOK:
            self._looked = now
            self._direct(now, look)
        shown = damaged & self.members
        if some(shown):
            others = damaged & ~shown & self.area
            shown[others] = natural(look(np.flatnonzero(others)))[0]
            shown = self._whole(shown)
        return shown

    @property
    def _gap(self) -> float:
        """A line that takes few updates a second shows a film as few pictures: it moves all the same."""
        return max(GAP, SLOWLY * self._between) if self.bits < film.BITS else GAP

    def _pass(self, damaged: Mask, now: float) -> None:
        if some(damaged):
            since, self._updated = now - self._updated, now
            if since < SLOWEST:
                self._between += (since - self._between) / 3

    def rest(self, now: float, usual: float) -> npt.NDArray[np.float64] | float:
        """Seconds after which a tile may be sent exactly, where `usual` is the time of all others."""
        moving = [each.members for each in self._playing if now - self._last[each.members].max() < usual]
        return np.where(np.logical_or.reduce(moving), max(REST, usual), usual) if moving else usual

    def moves(self, now: float) -> bool:
        """Whether one shows another picture in a moment, as far as can be told."""
        return any(now - self._last[each.members].max() < GAP for each in self._playing)

    def rested(self, changed: npt.NDArray[np.float64], now: float, usual: float) -> npt.NDArray[np.float64]:
        """When each tile may be sent exactly that changed at `changed`, as `rest` says it, if nothing changes."""
        at = changed + usual
        for each in self._playing:
            still = self._last[each.members].max() + usual
            if still > now:
                members = each.members
                at[members] = np.maximum(at[members], np.minimum(changed[members] + max(REST, usual), still))
        return at

    def ends(self) -> tuple[Film, ...]:
        """The last words on films that ended since this was asked."""
        ended, self._ended = tuple(self._ended), []
        return ended

    def shares(self, shown: Mask) -> list[tuple[int, Mask]]:
        """The films that have a part in `shown`, by number, each with that part."""
        found = []
        for n, each in enumerate(self._playing):
            part = shown[each.cut]
            if some(part):
                found.append((n, part))
        return found

    def picture(self, n: int, part: Mask, seen: Words, now: float) -> tuple[Film, ...]:
        """The next picture of film `n` (of `shares`), out of `seen`, what the screen shows; before it the end of the
        stream that it takes the place of, if it had other bits."""
        each = self._playing[n]
        words: tuple[Film, ...] = ()
        if now - each.begun >= SETTLED and not 1 / REBUDGET < self.bits / each.bits < REBUDGET:
            words = (self._last_word(each),)
            each = self._playing[n] = self._begin(each.place, each.members, now)
        column, row, columns, rows = each.place
        at = self._grid.pixels(*each.place)
        data = each.encoder.encode(_evenly(seen, at))
        where = () if part.all() else spans(part)
        return (*words, Film(each.stream, each.codec, column, row, columns, rows, data, where))

    def _whole(self, shown: Mask) -> Mask:
        """`shown`, and all of a film whose part in it cannot be said in few words."""
        for n, part in self.shares(shown):
            if np.count_nonzero(np.diff(part.ravel())) + 2 > 2 * MAX_TILES:
                shown = shown.copy()
                shown[self._playing[n].cut] = True
        return shown

    def _direct(self, now: float, look: Look) -> None:
        """Which films begin and end."""
        fresh = now - self._last <= self._gap
        area = self.area
        moving = fresh & np.where(
            area, self._changes >= JOIN_CHANGES, (self._changes >= BEGIN_CHANGES) & (now - self._since >= BEGIN)
        )
        members = self.members
        judged = moving | (members & ~fresh)
        if some(judged):
            soft, hard = self._grid.empty(), self._grid.empty()
            soft[judged], hard[judged] = natural(look(np.flatnonzero(judged)))
            self._go_on(moving & (soft | ~grown(hard)), judged & ~soft & (hard | ~fresh), now)
            self._grow(moving & soft, now)

    def _go_on(self, moving: Mask, left: Mask, now: float) -> None:
        """`moving`: what may join. `left`: what looks like a film no more."""
        going = []
        for each in self._playing:
            each.members[each.cut] |= moving[each.cut]
            each.members &= ~left
            around = bounds(each.members & moving)
            if around and around[2] * around[3] >= SHRUNK * each.place[2] * each.place[3]:
                each.whole = now
            still = not some(each.members) or now - self._last[each.members].max() >= max(END, self._gap)
            if still or (around and now - each.whole >= SETTLED):
                self._ended.append(self._last_word(each))
            else:
                going.append(each)
        self._playing = going

    def _grow(self, moving: Mask, now: float) -> None:
        """Films begin where `moving` has enough that none shows yet, and take the place of those that they meet."""
        unseen = moving & ~self.area
        for place in clusters(moving) if int(np.count_nonzero(unseen)) >= MIN_TILES else ():
            cut = _cut(place)
            met = [each for each in self._playing if _meet(each.place, place)]
            others = [each for each in self._playing if each not in met]
            young = any(now - each.begun < SETTLED for each in met)
            if int(np.count_nonzero(unseen[cut])) < MIN_TILES or len(others) >= MAX_FILMS or young:
                continue
            members = self._grid.empty()
            members[cut] = moving[cut]
            try:
                begun = self._begin(place, members, now)
            except LocalProblem:
                self._allowed = frozenset()
                return
            self._ended += [self._last_word(each) for each in met]
            self._playing = [*others, begun]

    def _begin(self, place: Place, members: Mask, now: float) -> _Playing:
        at = self._grid.pixels(*place)
        codec, encoder = self._encoder(film.even(at.width), film.even(at.height))
        self._streams += 1
        return _Playing(self._streams, place, members, codec, encoder, self.bits, now, now)

    def _encoder(self, width: int, height: int) -> tuple[str, film.Encoder | stills.Encoder]:
        """Where the line carries anything, what is the least work; else, what is the fewest bytes."""
        if stills.NAME in self._allowed and (self.bits >= film.BITS or film.NAME not in self._allowed):
            return stills.NAME, stills.Encoder()
        try:
            return film.NAME, film.Encoder(width, height, self.bits)
        except LocalProblem:
            self._allowed -= {film.NAME}
            if stills.NAME in self._allowed:
                return stills.NAME, stills.Encoder()
            raise

    def _last_word(self, each: _Playing) -> Film:
        return Film(each.stream, each.codec, *each.place, b"")


def _evenly(seen: Words, at: Rect) -> npt.NDArray[np.uint8]:
    """The pixels of `at`, (height, width, 4), their sides rounded up to even numbers."""
    cut = seen[at.y : at.y + film.even(at.height), at.x : at.x + film.even(at.width)]
    beyond = film.even(at.height) - cut.shape[0], film.even(at.width) - cut.shape[1]
    if any(beyond):  # the screen's own sides are odd
        cut = np.pad(cut, ((0, beyond[0]), (0, beyond[1])), "edge")
    return cut.view(np.uint8).reshape(*cut.shape, 4)


def natural(tiles: npt.NDArray[np.uint32]) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Which of `tiles` (n, any rows of each, 32) look like a film, and which like text; what is flat like neither."""
    green = tiles.view(np.uint8)[:, :, 1::4].astype(np.int16)
    steps = np.abs(np.diff(green, axis=2))
    differ = (steps > 0).mean(axis=(1, 2))
    soft = ((steps > 0) & (steps <= SOFT)).mean(axis=(1, 2))
    told = differ > 1 - FLAT
    like = (soft >= SOFT_SHARE * differ) | (differ > 1 - quality.SAME_NEIGHBOURS)
    return told & like, told & ~like


def grown(mask: Mask) -> Mask:
    """`mask`, and the tiles beside its own."""
    grown = mask.copy()
    grown[1:] |= mask[:-1]
    grown[:-1] |= mask[1:]
    down = grown.copy()
    grown[:, 1:] |= down[:, :-1]
    grown[:, :-1] |= down[:, 1:]
    return grown


def bounds(mask: Mask) -> Place | None:
    """The rectangle around the tiles of `mask`; None if it has none."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    return (
        int(columns[0]),
        int(rows[0]),
        int(columns[-1] - columns[0]) + 1,
        int(rows[-1] - rows[0]) + 1,
    )


def clusters(mask: Mask) -> list[Place]:
    """Rectangles that are mostly tiles of `mask`, cut apart where two rows or columns have none; the largest first."""
    found: list[Place] = []
    left: list[Place] = [(0, 0, mask.shape[1], mask.shape[0])]
    while left:
        column, row, columns, rows = left.pop()
        part = mask[row : row + rows, column : column + columns]
        if int(np.count_nonzero(part)) < MIN_TILES:
            continue
        across, down = (_stretches(np.asarray(part.any(axis=axis))) for axis in (0, 1))
        if (len(across), len(down)) == (1, 1):
            (x, width), (y, height) = across[0], down[0]
            if min(width, height) >= MIN_SIDE and int(np.count_nonzero(part)) >= MIN_SHARE * width * height:
                found.append((column + x, row + y, width, height))
        else:
            left += [(column + x, row + y, width, height) for x, width in across for y, height in down]
    return sorted(found, key=lambda place: -place[2] * place[3])


def _stretches(line: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """(start, length) of what is set, over gaps of one."""
    filled = line.copy()
    filled[1:-1] |= line[:-2] & line[2:]
    edges = np.flatnonzero(np.diff(filled.view(np.int8), prepend=0, append=0))
    return [(int(a), int(b - a)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _cut(place: Place) -> tuple[slice, slice]:
    column, row, columns, rows = place
    return slice(row, row + rows), slice(column, column + columns)


def _meet(one: Place, other: Place) -> bool:
    return (
        one[0] < other[0] + other[2]
        and other[0] < one[0] + one[2]
        and one[1] < other[1] + other[3]
        and other[1] < one[1] + one[3]
    )
