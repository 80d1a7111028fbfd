"""Exact tiles: RGB bytes through one zstd stream that stays open as long as the layout.

A tile is 32 x 32 x 3 bytes, rows from the top; what hangs over the picture's edge is zero. All tiles of one layout go
through one stream, flushed after each frame, so that a tile that looked the same some megabytes ago costs a few bytes:
half to a quarter of what a fresh stream a frame costs.

Level 1, since its time stands in the way of the eye. Window 8 MiB: a 1080p picture and a bit; it is what each end keeps
in memory for it, and a decoder refuses a stream that wants more.
"""

from __future__ import annotations

import sys

import numpy as np

from rs_relay.channels.screen.tiles import SIDE, Pixels
from rs_relay.errors import PeerBroke

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

TILE_BYTES = SIDE * SIDE * 3
LEVEL = 1
WINDOW_LOG = 23


class Encoder:
    def __init__(self) -> None:
        options: dict[int, int] = {
            zstd.CompressionParameter.compression_level: LEVEL,
            zstd.CompressionParameter.window_log: WINDOW_LOG,
        }
        self._stream = zstd.ZstdCompressor(options=options)

    def encode(self, tiles: bytes) -> bytes:
        """The next piece of the stream: the RGB bytes of whole tiles, decodable up to the last of them."""
        return self._stream.compress(tiles, zstd.ZstdCompressor.FLUSH_BLOCK)


class Decoder:
    """After PeerBroke the stream is lost: only a new one can go on."""

    def __init__(self) -> None:
        options: dict[int, int] = {zstd.DecompressionParameter.window_log_max: WINDOW_LOG}
        self._stream = zstd.ZstdDecompressor(options=options)

    def decode(self, data: bytes, count: int) -> Pixels:
        """The `count` tiles, shape (count, SIDE, SIDE, 3), that `data` must hold, no more and no less. Never unpacks
        more than that many and a byte. Raises PeerBroke."""
        expected = count * TILE_BYTES
        if not expected and not data:
            return np.empty((0, SIDE, SIDE, 3), np.uint8)
        try:
            raw = self._stream.decompress(data, expected + 1)
        except (zstd.ZstdError, EOFError) as e:
            raise PeerBroke("The other end sent pixels that cannot be unpacked.") from e
        # A stream that has more to give, or that has ended, needs no input.
        if len(raw) != expected or not self._stream.needs_input:
            raise PeerBroke("The other end sent more or fewer pixels than it announced.")
        return np.frombuffer(raw, np.uint8).reshape(count, SIDE, SIDE, 3)
