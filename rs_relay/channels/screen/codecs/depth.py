"""How many colours a pixel may have, and how it is written in few: pure.

    ALL     24 bits, three bytes R, G, B
    C256     8 bits, one byte RRRGGGBB
    GREYS    4 bits, two pixels a byte, the left one in the high half

A picture is *reduced* first (each pixel becomes the nearest that can be said) and compared as such, so that what
differs only in what is not said costs nothing; then *packed*. The other end unpacks to exactly the reduced pixels.

On a slow line tiles come as *shades* first: four greys, 2 bits, four pixels a byte, the left one in the highest bits,
in full or at a half or a quarter of the size (each shade the mean of a square). A page is 50, 20 or 5 KB so; text of
11 px can be read in full, its headings at a half.

Words are pixels as uint32 with B, G, R, X in memory order (little-endian: 0xXXRRGGBB).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rs_relay.channels.screen.messages import Colours
from rs_relay.channels.screen.tiles import SIDE, Pixels

NAME = "shades"
Words = npt.NDArray[np.uint32]

SHADES = (1, 2, 4)  # by how much the size is divided


def _spread(level: int, most: int) -> int:
    """Levels of 0 to `most` over 0 to 255, both ends met."""
    return (level * 255 + most // 2) // most


def _level(value: int, most: int) -> int:
    """The nearest of them."""
    return (value * most + 127) // 255


_RGB256 = [(_spread(n >> 5, 7), _spread(n >> 2 & 7, 7), _spread(n & 3, 3)) for n in range(256)]
_PIXEL256: Pixels = np.array(_RGB256, np.uint8)
_WORD256: Words = np.array([r << 16 | g << 8 | b for r, g, b in _RGB256], np.uint32)
_RED, _GREEN, _BLUE = (
    np.array([_level(value, most) << shift for value in range(256)], np.uint8)
    for most, shift in ((7, 5), (7, 2), (3, 0))
)
_GREYWORD: Words = np.array([level * 0x111111 for level in range(16)], np.uint32)
_PIXELGREYS = np.array([(n >> 4, n & 15) for n in range(256)], np.uint8) * np.uint8(17)  # two pixels a byte


def reduce(words: Words, colours: Colours) -> Words:
    """Each pixel as it can be said in `colours`; the fourth byte is zero but for ALL, which is `words` itself."""
    match colours:
        case Colours.C256:
            return _WORD256[_index256(words)]
        case Colours.GREYS:
            return _GREYWORD[_grey(words)]
        case _:
            return words


def _index256(words: Words) -> npt.NDArray[np.uint8]:
    """The nearest level of each plane."""
    planes = np.ascontiguousarray(words).view(np.uint8).reshape(*words.shape, 4)
    index: npt.NDArray[np.uint8] = _RED[planes[..., 2]]
    index |= _GREEN[planes[..., 1]]
    index |= _BLUE[planes[..., 0]]
    return index


def _grey(words: Words) -> npt.NDArray[np.uint32]:
    levels: npt.NDArray[np.uint32] = (_luma(words) * 15 + 32640) // 65280
    return levels


def _luma(words: Words) -> npt.NDArray[np.uint32]:
    """Of 255 * 256, as BT.601 has it."""
    luma: npt.NDArray[np.uint32] = (words >> 16 & 0xFF) * 77 + (words >> 8 & 0xFF) * 150 + (words & 0xFF) * 29
    return luma


def size(pixels: int, colours: Colours) -> int:
    """Bytes that so many pixels are packed into."""
    return {Colours.ALL: pixels * 3, Colours.C256: pixels, Colours.GREYS: (pixels + 1) // 2}[colours]


def pack(reduced: Words, colours: Colours) -> bytes:
    """`reduced` pixels in order, as the module says; an odd last one of GREYS has a byte of its own."""
    match colours:
        case Colours.ALL:
            return rgb(reduced).tobytes()
        case Colours.C256:
            return _index256(reduced).tobytes()
    levels = (reduced.ravel() & 15).astype(np.uint8)
    if len(levels) % 2:
        levels = np.append(levels, np.uint8(0))
    return (levels[::2] << 4 | levels[1::2]).tobytes()


def rgb(words: Words) -> Pixels:
    """B, G, R, X in memory as R, G, B: shape (..., 3). By planes, which is four times as fast as by pixels."""
    planes = np.ascontiguousarray(words).view(np.uint8).reshape(*words.shape, 4)
    out = np.empty((*words.shape, 3), np.uint8)
    for channel in range(3):
        out[..., channel] = planes[..., 2 - channel]
    return out


def unpack(raw: bytes, colours: Colours) -> Pixels:
    """The pixels that `raw` says, in order: shape (n, 3), R, G, B; of GREYS an even number."""
    data = np.frombuffer(raw, np.uint8)
    match colours:
        case Colours.C256:
            return _PIXEL256[data]
        case Colours.GREYS:
            return np.repeat(_PIXELGREYS[data].reshape(-1, 1), 3, axis=1)
        case _:
            return data.reshape(-1, 3)


def shade_bytes(divisor: int) -> int:
    """Of one tile."""
    return (SIDE // divisor) ** 2 // 4


def shade(tiles: Words, divisor: int) -> bytes:
    """`tiles` (n, SIDE, SIDE) as four greys at 1/`divisor` of the size."""
    side = SIDE // divisor
    squares = _luma(tiles).reshape(-1, side, divisor, side, divisor).sum(axis=(2, 4), dtype=np.uint32) // divisor**2
    levels = ((squares * 3 + 32640) // 65280).astype(np.uint8).reshape(-1, 4)
    packed: npt.NDArray[np.uint8] = levels[:, 0] << 6 | levels[:, 1] << 4 | levels[:, 2] << 2 | levels[:, 3]
    return packed.tobytes()


def unshade(raw: bytes, divisor: int) -> Pixels:
    """What `shade` said, at full size: shape (n, SIDE, SIDE, 3)."""
    data = np.frombuffer(raw, np.uint8)
    side = SIDE // divisor
    levels = np.stack([data >> shift & 3 for shift in (6, 4, 2, 0)], axis=-1).reshape(-1, side, side) * np.uint8(85)
    large = levels.repeat(divisor, axis=1).repeat(divisor, axis=2)
    return np.repeat(large[..., np.newaxis], 3, axis=3)
