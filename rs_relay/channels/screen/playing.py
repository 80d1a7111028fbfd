"""The films that play in a picture: a decoder for each, from its first picture to its end.

They never lie over each other, so that all their decoders together hold no more than some pictures of the whole.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from rs_relay.channels.screen import codecs
from rs_relay.channels.screen.codecs import film, stills
from rs_relay.channels.screen.messages import MAX_FILMS, Film
from rs_relay.channels.screen.tiles import Grid, Pixels, Rect, covering, numbers
from rs_relay.errors import PeerBroke


@dataclass(frozen=True)
class Shown:
    """The picture of a film, and the parts of it that are to be seen: rectangles of the whole picture."""

    at: Rect
    pixels: Pixels
    parts: list[Rect]

    @property
    def changed(self) -> list[Rect]:
        """What to paint anew: many small parts cost more than what lies between them."""
        return [self.at] if 2 * sum(part.area for part in self.parts) > self.at.area else self.parts


@dataclass(frozen=True)
class _Playing:
    codec: str
    place: tuple[int, int, int, int]  # column, row, columns, rows
    decoder: film.Decoder | stills.Decoder


class Playing:
    """Of one layout. After PeerBroke the streams are lost: only a new one can go on."""

    def __init__(self, grid: Grid, allowed: Collection[str] = codecs.NAMES) -> None:
        self._grid, self._allowed = grid, allowed
        self._streams: dict[int, _Playing] = {}
        self._highest = -1

    def decode(self, films: tuple[Film, ...]) -> list[Shown]:
        """What those films show next. Raises PeerBroke."""
        return [self._next(film) for film in films if not self._ended(film)]

    def _ended(self, film: Film) -> bool:
        if film.data:
            return False
        if self._streams.pop(film.stream, None) is None:
            raise PeerBroke("The other end ended a film that did not play.")
        return True

    def _next(self, film: Film) -> Shown:
        place = (film.column, film.row, film.columns, film.rows)
        stream = self._streams.get(film.stream) or self._begin(film, place)
        if (stream.codec, stream.place) != (film.codec, place):
            raise PeerBroke("The other end changed a film in the middle of it.")
        at = self._grid.pixels(*place)
        cut = Grid(at.width, at.height)
        tiles = numbers(film.spans, cut, cut.count)
        pixels = stream.decoder.decode(film.data)
        if not film.spans:
            return Shown(at, pixels, [at])
        mask = cut.empty()
        mask.ravel()[tiles] = True
        return Shown(at, pixels, [Rect(at.x + r.x, at.y + r.y, r.width, r.height) for r in covering(mask, cut)])

    def _begin(self, film: Film, place: tuple[int, int, int, int]) -> _Playing:
        if not Rect(*place).inside(self._grid.columns, self._grid.rows):
            raise PeerBroke("The other end sent a film that is outside of the picture.")
        made = codecs.FILMS.get(film.codec)
        if made is None or film.codec not in self._allowed:
            raise PeerBroke("The other end used a way to send films that was not agreed on.")
        self._streams = {n: s for n, s in self._streams.items() if not _meet(s.place, place)}
        if film.stream <= self._highest or len(self._streams) >= MAX_FILMS:
            raise PeerBroke("The other end began a film out of order.")
        self._highest = film.stream
        at = self._grid.pixels(*place)
        stream = self._streams[film.stream] = _Playing(film.codec, place, made(at.width, at.height))
        return stream


def _meet(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    return (
        one[0] < other[0] + other[2]
        and other[0] < one[0] + one[2]
        and one[1] < other[1] + other[3]
        and other[1] < one[1] + one[3]
    )
