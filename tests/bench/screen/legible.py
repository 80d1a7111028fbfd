"""When a picture that comes slowly can be read: looked at while it comes, judged afterwards.

It is judged afterwards because nobody knows yet where it lies, and because a sender may begin in grey. Readable is

- the whole screen: of its blocks of 8×8 pixels at least 97 in 100 have about the brightness of the customer's, and
- the focused window: brightness goes up and down with the customer's, pixel by pixel (correlation 0.8 at least; text of
  11 pixels that was shown at half its size and enlarged again reaches about 0.6).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.bench.screen.eye import grey
from tests.support.xdesktop import Rect

Judge = Callable[[Any, Any], bool]

EVERY = 0.25  # seconds between looks
BLOCK, ABOUT, SHARE = 8, 32.0, 0.97
ALIKE = 0.8


def blocks(picture: Any) -> Any:
    """The mean brightness of each block of 8×8; a rest at the edges is left out."""
    height, width = (side // BLOCK * BLOCK for side in picture.shape)
    return picture[:height, :width].reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK).mean(axis=(1, 3))


def coarse(wanted: Any, seen: Any) -> bool:
    """Whether the whole is there in its large features."""
    return bool((np.abs(blocks(wanted) - blocks(seen)) <= ABOUT).mean() >= SHARE)


def alike(wanted: Any, seen: Any) -> bool:
    """Whether the fine structure is there."""
    a, b = wanted - wanted.mean(), seen - seen.mean()
    size = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return size > 0 and float((a * b).sum()) / size >= ALIKE


def readable(wanted: Any, seen: Any, focus: Rect) -> bool:
    """Both pictures grey, of one size; `focus` is the window that a person reads."""
    x, y, width, height = focus
    window = np.s_[y : y + height, x : x + width]
    return coarse(wanted, seen) and alike(wanted[window], seen[window])


def readable_in(focus: Rect) -> Judge:
    return lambda wanted, seen: readable(wanted, seen, focus)


class Film:
    """What a display showed while a picture came, four times a second, whole."""

    def __init__(self) -> None:
        self._shots: list[tuple[float, bytes, tuple[int, int] | None, int]] = []
        self._shape = (0, 0)

    def look(self, pixels: Any, now: float, offset: tuple[int, int] | None = None, carried: int = 0) -> None:
        """`pixels` as RGB, seen at `now`, after `carried` bytes; `offset` is where the picture lies in them, if that
        is known already."""
        if not self._shots or now - self._shots[-1][0] >= EVERY:
            picture = grey(pixels).astype(np.uint8)
            self._shape = picture.shape
            self._shots.append((now, zlib.compress(picture.tobytes(), 1), offset, carried))

    def since(self, begun: float, wanted: Any, offset: tuple[int, int], judge: Judge) -> tuple[float, int] | None:
        """Milliseconds from `begun` to the first shot that `judge` likes, and the bytes until then; `offset` for those
        that had none."""
        height, width = wanted.shape
        for at, packed, own, carried in self._shots:
            x, y = own or offset
            whole = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(self._shape).astype(np.float32)
            seen = whole[max(0, y) : y + height, max(0, x) : x + width]
            if seen.shape == wanted.shape and judge(wanted, seen):
                return (at - begun) * 1e3, carried
        return None
