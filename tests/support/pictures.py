"""An agent's end of the screen channel in a few lines: pictures as layouts and frames, for what shows them."""

from __future__ import annotations

import numpy as np

from rs_relay.channels.screen.codecs import exact
from rs_relay.channels.screen.messages import MAX_TILES, Frame, Layout, MonitorPlace
from rs_relay.channels.screen.tiles import SIDE, Grid, Pixels, spans


class Painter:
    """Sends each picture as the tiles that differ from the one before."""

    def __init__(self, width: int, height: int, *, x: int = 0, y: int = 0, number: int = 1) -> None:
        self.layout = Layout(number, x, y, width, height, monitors=(MonitorPlace("test", x, y, width, height, True),))
        self._grid = Grid(width, height)
        self._canvas = self._whole()
        self._stream = exact.Encoder()
        self._seq = 0

    def frames(self, picture: Pixels) -> list[Frame]:
        """One update that brings `picture`, (height, width, 3) RGB."""
        canvas = self._whole()
        canvas[: picture.shape[0], : picture.shape[1]] = picture
        old, new = self._tiles(self._canvas), self._tiles(canvas)
        self._canvas = canvas
        self._seq += 1
        changed = np.flatnonzero((old != new).any(axis=(1, 2, 3)))
        pieces = [changed[n : n + MAX_TILES] for n in range(0, max(len(changed), 1), MAX_TILES)]
        return [self._frame(piece, new, piece is not pieces[-1]) for piece in pieces]

    def _frame(self, numbers: np.ndarray, tiles: Pixels, more: bool) -> Frame:
        mask = self._grid.empty()
        mask.ravel()[numbers] = True
        data = self._stream.encode(tiles[numbers].tobytes()) if len(numbers) else b""
        return Frame(self._seq, self.layout.number, spans=spans(mask), data=data, more=more)

    def _whole(self) -> Pixels:
        return np.zeros((self._grid.rows * SIDE, self._grid.columns * SIDE, 3), np.uint8)

    def _tiles(self, canvas: Pixels) -> Pixels:
        cut = canvas.reshape(self._grid.rows, SIDE, self._grid.columns, SIDE, 3)
        return cut.swapaxes(1, 2).reshape(-1, SIDE, SIDE, 3)


def card(width: int, height: int, seed: int = 1) -> Pixels:
    """A picture with flat parts, edges, ramps and noise."""
    rng = np.random.default_rng(seed)
    drawn = np.zeros((height, width, 3), np.uint8)
    drawn[..., 0] = np.linspace(0, 255, width, dtype=np.uint8)[None, :]
    drawn[..., 1] = np.linspace(0, 255, height, dtype=np.uint8)[:, None]
    drawn[..., 2] = 90 + seed % 100
    for _ in range(12):
        x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
        drawn[y : y + height // 6, x : x + width // 8] = rng.integers(0, 255, 3)
    noisy = drawn[height // 3 : height // 2, width // 3 : width // 2]
    noisy[:] = rng.integers(0, 255, noisy.shape, dtype=np.uint8)
    return drawn
