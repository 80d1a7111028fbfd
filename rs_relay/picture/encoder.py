"""From what the screen shows to the frames of an update: holds what one viewer has been sent. No I/O, no clock.

damage (against what was last sent) -> motion (what only moved) -> film (what keeps moving) -> quality (text or
photograph) -> codecs. `_sent` is at each moment what the viewer's picture holds once it has applied every frame made so
far, but for the tiles in `_lossy`, where the viewer has an approximation of it.

Not here: one encoder for several viewers. Each viewer paints at its own pace, so what was last sent differs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from rs_relay.capture.base import Pixels as Grabbed
from rs_relay.channels.screen.codecs import depth, exact, film, halved, jpeg, stills
from rs_relay.channels.screen.messages import MAX_TILES, Colours, Copy, Film, Frame, Patch, Region, Tune
from rs_relay.channels.screen.tiles import SIDE, Grid, Mask, Rect, covering, rectangles, some, spans
from rs_relay.picture import motion, quality, slow
from rs_relay.picture.damage import EVERY, Words, box, bring, changed, take
from rs_relay.picture.film import Films, grown
from rs_relay.picture.motion import Move
from rs_relay.picture.running import Found, Running
from rs_relay.picture.slow import Slow, Step

PIECE = 512  # tiles a frame, so that one is decoded while the next is made
ALONG = 64  # tiles that go with a film's picture
NEXT_PICTURE = 0.1  # seconds in which a film that plays shows another, which takes along what rests
ANY = 1 << 40  # bytes
SMALL_REGION = 4  # tiles: a JPEG's tables weigh as much as these do
PATCHED, PATCH_SHARE = 8, 0.6  # tiles, and of their pixels: so few of them are sent as patches
PICTURES = 4000  # bytes an update: on a line that carries less a photograph is shades, too, until it rests
COARSE = 30  # of 100, the quality of one in full where the person works, on such a line
NO_NUMBERS = np.zeros(0, np.intp)
NO_TILES: Words = np.zeros((0, SIDE, SIDE), np.uint32)
SHADES_WINDOW_LOG = 20  # 1 MiB: four pages
MOTION_PAUSE = 16  # updates to go without looking for motion, at most, while none is found


@dataclass(frozen=True)
class _Piece:
    """What becomes one frame."""

    copies: tuple[Copy, ...] = ()
    tiles: npt.NDArray[np.intp] | None = None
    places: tuple[tuple[int, int, int, int], ...] = ()
    shades: int = 0  # the tiles' divisor
    kind: int = 0  # of the places: how a slow line gets a photograph, see `slow`
    patches: tuple[Rect, ...] = ()

    @property
    def plain(self) -> bool:
        """Nothing but exact tiles, if anything."""
        return not (self.copies or self.places or self.patches)

    @property
    def few(self) -> bool:
        """Nothing but exact tiles, and not many."""
        return self.plain and (self.tiles is None or len(self.tiles) <= ALONG)


class Encoder:
    """One layout of one viewer, from black to its end."""

    def __init__(
        self, layout: int, grid: Grid, codecs: Sequence[str] = (), first_seq: int = 1, tune: Tune | None = None
    ) -> None:
        self.seq = first_seq - 1  # of the last update made
        self._layout, self._grid = layout, grid
        self._colours, lossless = (tune.colours, tune.lossless) if tune else (Colours.ALL, False)
        self._lossy_allowed = jpeg.NAME in codecs and self._colours is Colours.ALL and not lossless
        self._shades_allowed = depth.NAME in codecs
        self._halved_allowed = self._lossy_allowed and halved.NAME in codecs
        self._photographic, self._photographs = grid.empty(), grid.empty()  # on a slow line: each tile, and the large
        self._reduced: Words | None = None  # what was seen, in few colours
        self._sent: Words = np.zeros((grid.rows * SIDE, grid.columns * SIDE), np.uint32)
        self._lossy = grid.empty()
        self._shades: slow.Shades = np.zeros((grid.rows, grid.columns), np.uint8)
        self._costs = slow.Costs()
        self._changed_at = np.full((grid.rows, grid.columns), -np.inf)
        self._stream: exact.Encoder | None = None
        self._shade_stream: exact.Encoder | None = None
        self._films = Films(grid, _films(codecs) if self._lossy_allowed else ())
        self._running = Running(grid)
        self._lossy_bytes = ANY
        self._quality = jpeg.QUALITY
        self._level = exact.LEVEL
        self._begun = False
        self._still = 0  # updates in a row whose damage was no motion
        self._pause = 0  # updates until motion is looked for again

    @property
    def lossy(self) -> int:
        """Tiles that the viewer does not have exactly."""
        return int(np.count_nonzero(self._lossy))

    def rough(self, where: Mask) -> bool:
        """Whether text in some of those tiles cannot be read yet."""
        return some(where & (self._shades > 1))

    def due(self, now: float) -> float | None:
        """When the first of the tiles that the viewer does not have exactly will have rested, if nothing happens, or
        when to look again at those that were not looked at closely; None where there is none."""
        if self._running.unsure:
            return now + NEXT_PICTURE
        if not some(self._lossy):
            return None
        if some(self._shades):  # they wait for nothing but the line
            return now
        at = float(self._films.rested(self._changed_at, now, quality.REST)[self._lossy].min())
        return max(at, now + NEXT_PICTURE) if self._films.moves(now) else at

    def afford(self, bits: int) -> None:
        """What one picture of a film may take from now on. What is sent as JPEG comes less often: it gets as much as
        five of them."""
        self._films.bits = bits
        self._lossy_bytes = bits * 5 // 8 if bits < film.BITS else ANY

    def update(
        self,
        grabbed: Grabbed,
        now: float,
        refine: int = MAX_TILES,
        only: Mask | None = None,
        line: Slow | None = None,
    ) -> Iterator[Frame]:
        """The frames that turn what was sent into `grabbed` (height, width, 4); none when there is nothing to say.

        `only`: the tiles that may have changed since the last update, where that is known.
        `refine`: how many tiles that rest may be sent exactly besides. `line`: what a slow line allows. `grabbed` must
        not change until the last frame has been taken, and each must be taken: what it says counts as sent.
        """
        seen = self._in_colours(np.ascontiguousarray(grabbed).view(np.uint32)[..., 0], only)
        found = self._look(seen, only, now if line is None else None)
        damaged = found.changed
        copies: tuple[Copy, ...] = ()
        moved = self._grid.empty()
        if some(damaged):
            move = self._motion(seen, damaged & ~self._films.area)
            if move is not None:
                copies, moved = (self._move(move),), self._grid.touched(move.target)
                damaged = changed(self._sent, seen, self._grid, damaged | moved) | found.owed
        patches = self._patches(seen, damaged)
        (take if found.close else bring)(self._sent, seen, self._grid, damaged)
        slowly = line if self._shades_allowed else None
        if slowly is None and some(self._shades):  # the line was slow, and is so no more
            damaged |= self._shades > 0
            patches = ()
        pictures = slowly is None or slowly.allowance >= PICTURES
        shown = self._films.saw((damaged | found.unseen) & pictures, now, self._lines)
        ends = self._films.ends()
        damaged |= self._owe(seen, found.unseen & ~damaged, shown)
        lossy = self._choose(damaged & ~shown, now) & pictures
        text = damaged & ~shown & ~lossy
        if slowly is not None and self._halved_allowed:
            self._look_for_photographs(text | moved)
        steps = list(self._steps(text, patches if (text == damaged).all() else (), damaged, now, refine, slowly))
        if not (copies or some(damaged) or steps or ends) and self._begun:
            return
        self._quality = quality.jpeg_quality(int(np.count_nonzero(lossy)), self._lossy_bytes)
        if self._begun or slowly is None:  # what a slow line is shown first may have rested for hours
            np.copyto(self._changed_at, now, where=damaged)
        self._begun = True
        self.seq += 1
        self._lossy |= lossy | shown
        np.copyto(self._shades, 0, where=lossy | shown)
        for step in steps:
            np.copyto(self._lossy, not step.exact, where=step.tiles)
            np.copyto(self._shades, max(0, step.divisor), where=step.tiles)
        pieces = list(_pieces(copies, patches, steps, lossy))
        along = all(step.exact for step in steps) and not some(text & ~grown(self._films.area))
        yield from self._frames(pieces, seen, shown, ends, now, along)

    def _look(self, seen: Words, only: Mask | None, now: float | None) -> Found:
        """What changed, as closely as a film is looked at."""
        films = self._films
        return self._running.look(self._sent, seen, only, films.members, films.area, now)

    def _owe(self, seen: Words, unseen: Mask, shown: Mask) -> Mask:
        """What is `unseen` and not `shown` after all, since a film ends there, is sent like all else."""
        if some(unseen):
            bring(self._sent, seen, self._grid, unseen & ~shown)
            self._running.owe(unseen & shown)
        return unseen

    def _steps(
        self,
        text: Mask,
        patches: tuple[Rect, ...],
        damaged: Mask,
        now: float,
        refine: int,
        line: Slow | None,
    ) -> Iterator[Step]:
        """What to send of the changed tiles that are no picture, and of those that rest."""
        if line is not None:
            rested = self._lossy & ~damaged & (now - self._changed_at >= self._films.rest(now, quality.REST))
            self._level = exact.DENSE if line.allowance < PICTURES else exact.LEVEL
            patched = sum(at.area for at in patches)
            yield from slow.plan(text, self._shades, rested, line, self._costs, patched, self._photographs)
            return
        resting = self._resting(damaged, now, refine)
        if patches:
            yield Step(slow.EXACT, text, patched=True)
        else:
            resting = resting | text
        if some(resting):
            yield Step(slow.EXACT, resting)

    def _look_for_photographs(self, among: Mask) -> None:
        if not some(among):
            return
        before = self._photographic[among]
        self._photographic[among] = quality.photographic(self._tiles(np.flatnonzero(among)))
        if (self._photographic[among] != before).any():
            self._photographs = slow.photographs(self._photographic)

    def _patches(self, seen: Words, damaged: Mask) -> tuple[Rect, ...]:
        """What differs in the tiles of `damaged`, if those are few, the viewer had them exactly, and it is less than
        they are: a typed letter was there before, pixel for pixel, but never at the same place of a tile."""
        count = int(np.count_nonzero(damaged))
        if not 0 < count <= PATCHED or some(self._lossy & damaged):
            return ()
        found = tuple(box(self._sent, seen, at) for at in covering(damaged, self._grid))
        return found if sum(at.area for at in found) <= count * SIDE * SIDE * PATCH_SHARE else ()

    def _in_colours(self, seen: Words, only: Mask | None) -> Words:
        """`seen` as it can be said in this layout's colours."""
        if self._colours is Colours.ALL:
            return seen
        if self._reduced is None or only is None:
            self._reduced = depth.reduce(seen, self._colours)
        else:
            for r in covering(only, self._grid):
                cut = np.s_[r.y : r.y + r.height, r.x : r.x + r.width]
                self._reduced[cut] = depth.reduce(seen[cut], self._colours)
        return self._reduced

    def _motion(self, seen: Words, damaged: Mask) -> Move | None:
        if self._pause:
            self._pause -= 1
            return None
        if int(np.count_nonzero(damaged)) < motion.MIN_TILES:
            return None
        move = motion.find(self._sent[: self._grid.height, : self._grid.width], seen, damaged)
        self._still = 0 if move else self._still + 1
        self._pause = min(self._still // 4, MOTION_PAUSE)
        return move

    def _move(self, move: Move) -> Copy:
        s, t = move.source, move.target
        self._sent[t.y : t.y + t.height, t.x : t.x + t.width] = self._sent[
            s.y : s.y + s.height, s.x : s.x + s.width
        ].copy()
        if some(self._lossy):
            self._move_lossy(move)
        return Copy(s.x, s.y, s.width, s.height, t.x, t.y)

    def _move_lossy(self, move: Move) -> None:
        """A tile that got pixels from a lossy one is lossy; those it had may stay, so no tile becomes exact."""
        t = move.target
        rows = np.arange(t.y // SIDE, -(-(t.y + t.height) // SIDE))
        columns = np.arange(t.x // SIDE, -(-(t.x + t.width) // SIDE))
        from_rows = [((rows * SIDE + edge - move.dy) // SIDE).clip(0, self._grid.rows - 1) for edge in (0, SIDE - 1)]
        from_columns = [
            ((columns * SIDE + edge - move.dx) // SIDE).clip(0, self._grid.columns - 1) for edge in (0, SIDE - 1)
        ]
        to = np.ix_(rows, columns)
        before, shades = self._lossy.copy(), self._shades.copy()
        for r in from_rows:
            for c in from_columns:
                self._lossy[to] |= before[np.ix_(r, c)]
                self._shades[to] = np.maximum(self._shades[to], shades[np.ix_(r, c)])

    def _resting(self, damaged: Mask, now: float, refine: int) -> Mask:
        """The lossy tiles to send exactly now: unchanged for a while, the longest unchanged first."""
        mask = self._lossy & ~damaged & (now - self._changed_at >= self._films.rest(now, quality.REST))
        if int(np.count_nonzero(mask)) > refine:
            at = np.where(mask, self._changed_at, np.inf).ravel()
            keep = np.argsort(at, kind="stable")[:refine]
            mask = self._grid.empty()
            mask.ravel()[keep] = True
        return mask

    def _choose(self, damaged: Mask, now: float) -> Mask:
        """Which of the damaged tiles to send lossily."""
        if not self._lossy_allowed or not some(damaged):
            return self._grid.empty()
        moving = damaged & (now - self._changed_at < quality.MOVING)
        if int(np.count_nonzero(damaged)) < quality.WORTH_IT and not some(moving):
            return self._grid.empty()
        photographs = self._grid.empty()
        photographs[damaged] = quality.photographic(self._tiles(np.flatnonzero(damaged)))
        lossy = quality.lossy(damaged, photographs, moving)
        for column, row, columns, rows in rectangles(lossy):
            if columns * rows < SMALL_REGION:
                lossy[row : row + rows, column : column + columns] = False
        return lossy

    def _frames(
        self, pieces: list[_Piece], seen: Words, shown: Mask, ends: tuple[Film, ...], now: float, along: bool
    ) -> Iterator[Frame]:
        """`shown`: what films show; they come last, each in a frame of its own, or `along` with a few tiles within
        or beside them that they do not show, or that rest: a letter elsewhere waits for no film. `ends`: of films."""
        films = self._films.shares(shown)
        beside = _Piece()
        if films and len(pieces) == 1 and pieces[0].few and along and not ends:
            beside, pieces = pieces[0], []
        left = self.lossy
        for n, piece in enumerate(pieces, 1):
            more = n < len(pieces) or bool(films)
            yield self._frame(piece, more, left, ends if n == 1 else ())
        for n, each in enumerate(films, 1):
            pictures = self._films.picture(*each, seen, now)
            yield self._frame(beside if n == 1 else _Piece(), n < len(films), left, pictures)

    def _frame(self, piece: _Piece, more: bool, left: int, ends: tuple[Film, ...] = ()) -> Frame:
        tiles = _spans(piece.tiles, self._grid)
        regions = tuple(self._region(*place, piece.kind) for place in piece.places)
        patches = tuple(Patch(at.x, at.y, at.width, at.height) for at in piece.patches)
        data = self._pixels(piece) if tiles or patches else b""
        return Frame(
            self.seq, self._layout, piece.copies, tiles, data, regions, more, left, ends, piece.shades, patches
        )

    def _pixels(self, piece: _Piece) -> bytes:
        """The next piece of the stream of what it holds."""
        tiles = self._tiles(piece.tiles) if piece.tiles is not None and len(piece.tiles) else NO_TILES
        if piece.shades:
            self._shade_stream = self._shade_stream or exact.Encoder(exact.DENSE, SHADES_WINDOW_LOG)
            data = self._shade_stream.encode(depth.shade(tiles, piece.shades))
        else:
            self._stream = self._stream or exact.Encoder(self._level)
            parts = [tiles, *(self._sent[at.y : at.y + at.height, at.x : at.x + at.width] for at in piece.patches)]
            data = self._stream.encode(b"".join(depth.pack(part, self._colours) for part in parts))
        self._costs.weigh(piece.shades, len(tiles), len(data))
        return data

    def _region(self, column: int, row: int, columns: int, rows: int, kind: int) -> Region:
        r = self._grid.pixels(column, row, columns, rows)
        pixels = depth.rgb(self._sent[r.y : r.y + r.height, r.x : r.x + r.width])
        match kind:
            case slow.HALVED:
                codec, data = halved.NAME, halved.encode(pixels)
            case slow.COARSE:
                codec, data = jpeg.NAME, jpeg.encode(pixels, COARSE, dense=True)
            case _:
                return Region(jpeg.NAME, column, row, columns, rows, jpeg.encode(pixels, self._quality))
        self._costs.weigh(kind, columns * rows, len(data))
        return Region(codec, column, row, columns, rows, data)

    def _tiles(self, numbers: npt.NDArray[np.intp]) -> Words:
        """Those tiles of what was sent, shape (n, SIDE, SIDE). A tile's row moves as one item: four times as fast."""
        return self._lines(numbers, 1)

    def _lines(self, numbers: npt.NDArray[np.intp], every: int = EVERY) -> Words:
        """The same, in one row of pixels of `every`."""
        rows, columns = np.divmod(numbers, self._grid.columns)
        lines = self._sent.view(f"V{SIDE * 4}").reshape(self._grid.rows, SIDE, self._grid.columns)[:, ::every]
        return np.ascontiguousarray(lines[rows, :, columns]).view(np.uint32).reshape(-1, SIDE // every, SIDE)


def _films(codecs: Sequence[str]) -> list[str]:
    """The codecs for films that both ends have."""
    return [name for name in (stills.NAME, film.NAME) if name in codecs and (name != film.NAME or film.usable())]


def _spans(tiles: npt.NDArray[np.intp] | None, grid: Grid) -> tuple[int, ...]:
    if tiles is None or not len(tiles):
        return ()
    mask = grid.empty()
    mask.ravel()[tiles] = True
    return spans(mask)


def _pieces(copies: tuple[Copy, ...], patches: tuple[Rect, ...], steps: list[Step], lossy: Mask) -> Iterator[_Piece]:
    """In the order to send: what moved, text, photographs; something in any case."""
    if not any(step.patched for step in steps):
        patches = ()
    first: _Piece | None = _Piece(copies, patches=patches)
    for step in (step for step in steps if not step.region):
        tiles = np.flatnonzero(step.tiles) if not step.patched else NO_NUMBERS
        for start in range(0, len(tiles), PIECE):
            piece = _Piece(tiles=tiles[start : start + PIECE], shades=max(0, step.divisor))
            if first is not None and step.divisor == slow.EXACT:  # in one frame with what moved
                piece = replace(piece, copies=first.copies, patches=first.patches)
            elif first is not None and not first.plain:
                yield first
            first = None
            yield piece
    later = [step for step in steps if step.region]
    if first is not None and not (first.plain and (some(lossy) or later)):
        yield first
    places: list[tuple[int, int, int, int]] = []
    room = PIECE
    for place in _cut(rectangles(lossy)):
        if place[2] * place[3] > room and places:
            yield _Piece(places=tuple(places))
            places, room = [], PIECE
        places.append(place)
        room -= place[2] * place[3]
    if places:
        yield _Piece(places=tuple(places))
    for step in later:
        for place in _cut(rectangles(step.tiles)):
            yield _Piece(places=(place,), kind=step.divisor)


def _cut(places: list[tuple[int, int, int, int]]) -> Iterator[tuple[int, int, int, int]]:
    """Rectangles of at most PIECE tiles. A row is never longer than that: MAX_SIDE is 512 tiles."""
    for column, row, columns, rows in places:
        step = max(1, PIECE // columns)
        for start in range(row, row + rows, step):
            yield column, start, columns, min(step, row + rows - start)
