"""The customer's picture as it is put together from frames: what the viewer paints and a screenshot saves.

Everything that a hostile agent could say wrong is judged before a pixel is changed: a frame is applied wholly or not
at all. After PeerBroke the picture still holds what it showed, and takes nothing more until the next `reset`: the zstd
stream has lost its thread (ask the agent for it with Refresh).

Memory: the picture (3 bytes a pixel), the stream's window, at most one frame's MAX_TILES of pixels, and what the
decoders of films hold (see `playing`).
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import numpy.typing as npt

from rs_relay.channels.screen import codecs
from rs_relay.channels.screen.codecs import depth, exact
from rs_relay.channels.screen.messages import MAX_TILES, Colours, Copy, Frame, Layout, Patch, Region
from rs_relay.channels.screen.playing import Playing
from rs_relay.channels.screen.tiles import SIDE, Grid, Pixels, Rect, covering, grid, numbers
from rs_relay.errors import PeerBroke


class Picture:
    """`pixels` is the whole picture, (height, width, 3) RGB, changed in place by `apply`; a new array after `reset`.

    `codecs`: the lossy ones that the other end was told of; it may use no others."""

    def __init__(self, codecs: Collection[str] = codecs.NAMES) -> None:
        self._codecs = codecs
        self.layout: Layout | None = None
        self.pixels: Pixels = np.zeros((0, 0, 3), np.uint8)
        self.complete = False  # a whole update has been applied since the last reset
        self.lossy = 0  # tiles that are not exact yet
        self._grid = Grid(0, 0)
        self._canvas: Pixels = self.pixels  # whole tiles: reaches over the right and bottom edges
        self._stream, self._shades = exact.Decoder(), exact.Decoder()
        self._playing = Playing(self._grid, self._codecs)
        self._broken = True

    @property
    def exact(self) -> bool:
        """Whether each pixel is the customer's own."""
        return self.complete and self.lossy == 0 and self.layout is not None and self.layout.colours is Colours.ALL

    def reset(self, layout: Layout) -> None:
        """Begin anew, black, in another size. Raises PeerBroke for an absurd one, and keeps the old picture then."""
        self._broken = True
        self._grid = grid(layout.width, layout.height)
        self.layout = layout
        self._canvas = np.zeros((self._grid.rows * SIDE, self._grid.columns * SIDE, 3), np.uint8)
        self.pixels = self._canvas[: layout.height, : layout.width]
        self.complete = False
        self.lossy = 0
        self._stream, self._shades = exact.Decoder(), exact.Decoder()
        self._playing = Playing(self._grid, self._codecs)
        self._broken = False

    def apply(self, frame: Frame) -> list[Rect]:
        """Bring `frame` in; what it changed, as disjoint or overlapping rectangles of pixels. Raises PeerBroke."""
        broken, self._broken = self._broken, True  # until this frame has proved sound
        if broken or self.layout is None or frame.layout != self.layout.number:
            raise PeerBroke("The other end sent a part of a picture that it had not begun.")
        tiles = numbers(frame.spans, self._grid, MAX_TILES)
        copies = [self._copy(copy) for copy in frame.copies]
        places = self._places(frame.regions, MAX_TILES - len(tiles))
        photographs = [self._photograph(r, at) for r, at in zip(frame.regions, places, strict=True)]
        patches = self._patches(frame.patches, MAX_TILES - len(tiles))
        exact_tiles, pasted = self._pixels(frame, len(tiles), patches)
        films = self._playing.decode(frame.films)

        for source, target in copies:
            self._move(source, target)
        self._put(tiles, exact_tiles)
        for at, pixels in zip(patches, pasted, strict=True):
            self.pixels[at.y : at.y + at.height, at.x : at.x + at.width] = pixels
        for at, photograph in zip(places, photographs, strict=True):
            self.pixels[at.y : at.y + at.height, at.x : at.x + at.width] = photograph
        for film in films:
            for r in film.parts:
                here = film.pixels[r.y - film.at.y :, r.x - film.at.x :]
                self.pixels[r.y : r.y + r.height, r.x : r.x + r.width] = here[: r.height, : r.width]
        self.complete = self.complete or not frame.more
        self.lossy = frame.lossy
        self._broken = False
        shown = [r for film in films for r in film.changed]
        return [target for _, target in copies] + self._changed(tiles) + patches + places + shown

    def _pixels(self, frame: Frame, count: int, patches: list[Rect]) -> tuple[Pixels, list[Pixels]]:
        """Of the `count` tiles that `frame` names: shape (count, SIDE, SIDE, 3); and of its patches."""
        assert self.layout is not None
        if frame.shades:
            if frame.shades not in depth.SHADES or patches or depth.NAME not in self._codecs:
                raise PeerBroke("The other end sent greys in a way that was not agreed on.")
            raw = self._shades.decode(frame.data, count * depth.shade_bytes(frame.shades))
            return depth.unshade(raw, frame.shades), []
        colours, tiles = self.layout.colours, count * SIDE * SIDE
        sizes = [depth.size(pixels, colours) for pixels in (tiles, *(at.area for at in patches))]
        raw = self._stream.decode(frame.data, sum(sizes))
        pasted, start = [], sizes[0]
        for at, size in zip(patches, sizes[1:], strict=True):
            pixels = depth.unpack(raw[start : start + size], colours)[: at.area]
            pasted.append(pixels.reshape(at.height, at.width, 3))
            start += size
        return depth.unpack(raw[: sizes[0]], colours).reshape(count, SIDE, SIDE, 3), pasted

    def _patches(self, patches: tuple[Patch, ...], limit: int) -> list[Rect]:
        places = [Rect(patch.x, patch.y, patch.width, patch.height) for patch in patches]
        if not all(at.inside(self._grid.width, self._grid.height) for at in places):
            raise PeerBroke("The other end sent a patch that is outside of the picture.")
        if sum(at.area for at in places) > limit * SIDE * SIDE:
            raise PeerBroke("The other end sent more pixels in one frame than the protocol allows.")
        return places

    def _copy(self, copy: Copy) -> tuple[Rect, Rect]:
        source = Rect(copy.x, copy.y, copy.width, copy.height)
        target = Rect(copy.to_x, copy.to_y, copy.width, copy.height)
        width, height = self._grid.width, self._grid.height
        if not (source.inside(width, height) and target.inside(width, height)):
            raise PeerBroke("The other end moved a part that is outside of the picture.")
        return source, target

    def _places(self, regions: tuple[Region, ...], limit: int) -> list[Rect]:
        places = []
        for r in regions:
            if not Rect(r.column, r.row, r.columns, r.rows).inside(self._grid.columns, self._grid.rows):
                raise PeerBroke("The other end sent a photograph that is outside of the picture.")
            limit -= r.columns * r.rows
            if limit < 0:
                raise PeerBroke("The other end sent more pixels in one frame than the protocol allows.")
            places.append(self._grid.pixels(r.column, r.row, r.columns, r.rows))
        return places

    def _photograph(self, region: Region, at: Rect) -> Pixels:
        decode = codecs.REGIONS.get(region.codec)
        if decode is None or region.codec not in self._codecs:
            raise PeerBroke("The other end used a way to send pictures that was not agreed on.")
        return decode(region.data, at.width, at.height)

    def _move(self, source: Rect, target: Rect) -> None:
        moved = self.pixels[source.y : source.y + source.height, source.x : source.x + source.width].copy()
        self.pixels[target.y : target.y + target.height, target.x : target.x + target.width] = moved

    def _put(self, tiles: npt.NDArray[np.intp], pixels: Pixels) -> None:
        if len(tiles):
            rows, columns = np.divmod(tiles, self._grid.columns)
            cut = self._canvas.reshape(self._grid.rows, SIDE, self._grid.columns, SIDE, 3)
            cut[rows, :, columns] = pixels

    def _changed(self, tiles: npt.NDArray[np.intp]) -> list[Rect]:
        if not len(tiles):
            return []
        mask = self._grid.empty()
        mask.ravel()[tiles] = True
        return covering(mask, self._grid)
