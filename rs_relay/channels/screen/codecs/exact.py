"""Exact tiles: pixels through one zstd stream that stays open as long as the layout.

A tile is 32 x 32 pixels, rows from the top, in as many bytes as `depth` says; what hangs over the picture's edge is
zero. All tiles of one layout go through one stream, flushed after each frame, so that a tile that looked the same some
megabytes ago costs a few bytes: half to a quarter of what a fresh stream a frame costs. Shades have a stream of their
own beside it.

Level 1, since its time stands in the way of the eye; 9 where the line is slow: a fifth fewer bytes for twice the time.
Window 8 MiB: a 1080p picture and a bit; it is what each end keeps in memory for it, and a decoder refuses a stream that
wants more.
"""

from __future__ import annotations

import sys

from rs_relay.errors import PeerBroke

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LEVEL = 1
DENSE = 9  # for a line that is slower than this
WINDOW_LOG = 23


class Encoder:
    def __init__(self, level: int = LEVEL, window_log: int = WINDOW_LOG) -> None:
        options: dict[int, int] = {
            zstd.CompressionParameter.compression_level: level,
            zstd.CompressionParameter.window_log: window_log,
        }
        self._stream = zstd.ZstdCompressor(options=options)

    def encode(self, tiles: bytes) -> bytes:
        """The next piece of the stream: the bytes of whole tiles, decodable up to the last of them."""
        return self._stream.compress(tiles, zstd.ZstdCompressor.FLUSH_BLOCK)


class Decoder:
    """After PeerBroke the stream is lost: only a new one can go on."""

    def __init__(self) -> None:
        options: dict[int, int] = {zstd.DecompressionParameter.window_log_max: WINDOW_LOG}
        self._stream = zstd.ZstdDecompressor(options=options)

    def decode(self, data: bytes, expected: int) -> bytes:
        """The `expected` bytes that `data` must hold, no more and no less. Never unpacks more than that many and one.
        Raises PeerBroke."""
        if not expected and not data:
            return b""
        try:
            raw = self._stream.decompress(data, expected + 1)
        except (zstd.ZstdError, EOFError) as e:
            raise PeerBroke("The other end sent pixels that cannot be unpacked.") from e
        # A stream that has more to give, or that has ended, needs no input.
        if len(raw) != expected or not self._stream.needs_input:
            raise PeerBroke("The other end sent more or fewer pixels than it announced.")
        return raw
