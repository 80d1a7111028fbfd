"""How a pointer looks: out of a `Shape` message, and the arrow for as long as none came. Pure."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from rs_relay.channels.screen.messages import Shape
from rs_relay.errors import PeerBroke
from rs_relay.glass.bgrx import Words

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

KEPT = 64  # shapes that are remembered; an agent that has more tells them again
_ARROW = ((0, 0), (0, 17), (4, 13), (7, 19), (10, 18), (7, 12), (12, 12))
_FINE = 8  # the arrow is drawn so many times as large, for smooth edges


@dataclass(frozen=True)
class Shaped:
    """`image` is RGBA; (`hot_x`, `hot_y`) is the pixel of it that points."""

    image: Image.Image
    hot_x: int
    hot_y: int

    def argb(self) -> Words:
        """As X takes it: alpha above red, green and blue, and these multiplied by it."""
        pixels = np.asarray(self.image).astype(np.uint32)
        alpha = pixels[..., 3]
        red, green, blue = ((pixels[..., channel] * alpha + 127) // 255 for channel in range(3))
        return (alpha << 24 | red << 16 | green << 8 | blue).astype(np.uint32)


class Shapes:
    """What an agent's shapes of the same channel look like, by their numbers."""

    def __init__(self) -> None:
        self._known: dict[int, Shaped] = {}

    def take(self, shape: Shape) -> Shaped:
        """Raises PeerBroke for pixels that are not those announced, or a number that was never told."""
        if not shape.data and shape.number in self._known:
            return self._known[shape.number]
        if bool(shape.data) != bool(shape.width and shape.height):
            raise PeerBroke("The other end named a pointer that it had not shown.")
        made = Shaped(_unpacked(shape), *_inside(shape))
        if len(self._known) >= KEPT:
            del self._known[next(iter(self._known))]
        self._known[shape.number] = made
        return made


def arrow() -> Shaped:
    """The usual one: white with a black edge."""
    width, height = 14, 21
    drawn = Image.new("RGBA", (width * _FINE, height * _FINE))
    outline = [(int((x + 0.5) * _FINE), int((y + 0.5) * _FINE)) for x, y in _ARROW]
    ImageDraw.Draw(drawn).polygon(outline, fill=(255, 255, 255, 255), outline=(0, 0, 0, 255), width=_FINE)
    return Shaped(drawn.resize((width, height), Image.Resampling.BOX), 0, 0)


def _inside(shape: Shape) -> tuple[int, int]:
    """X takes no pointer that points beside itself."""
    return min(shape.hot_x, max(shape.width - 1, 0)), min(shape.hot_y, max(shape.height - 1, 0))


def _unpacked(shape: Shape) -> Image.Image:
    if not shape.data:
        return Image.new("RGBA", (1, 1))  # hidden
    size = shape.width * shape.height * 4
    try:
        raw = zstd.ZstdDecompressor().decompress(shape.data, size + 1)
    except (zstd.ZstdError, EOFError) as e:
        raise PeerBroke("The other end sent a pointer that cannot be unpacked.") from e
    if len(raw) != size:
        raise PeerBroke("The other end sent a pointer of another size than it announced.")
    return Image.frombytes("RGBA", (shape.width, shape.height), raw)
