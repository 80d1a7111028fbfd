"""What lies over the picture: the customer's pointer, drawings. Composed into the pixels before they are shown.

A layer knows where it covers the picture and draws itself over a piece of it. Who changes a layer asks the glass to
paint what it covered and what it covers now; the glass asks back for no more than that.
"""

from __future__ import annotations

from typing import Protocol

from PIL import Image

from rs_relay.channels.screen.tiles import Rect


class Layer(Protocol):
    def covers(self) -> Rect | None:
        """All it may touch, in pixels of the shown picture (also outside of it); None for nothing."""
        ...

    def draw(self, onto: Image.Image, part: Rect) -> None:
        """Draw over `onto`, an RGB image that shows `part` of the shown picture."""
        ...


class Layers:
    """By name, the first at the bottom."""

    def __init__(self) -> None:
        self._layers: dict[str, Layer] = {}

    def put(self, name: str, layer: Layer) -> None:
        self._layers[name] = layer

    def over(self, part: Rect) -> Rect | None:
        """The piece of `part` that some layer may touch."""
        found: Rect | None = None
        for layer in self._layers.values():
            touched = meet(part, layer.covers())
            found = around(found, touched)
        return found

    def draw(self, onto: Image.Image, part: Rect) -> None:
        for layer in self._layers.values():
            if meet(part, layer.covers()):
                layer.draw(onto, part)


def meet(one: Rect, other: Rect | None) -> Rect | None:
    """What both have."""
    if other is None:
        return None
    x, y = max(one.x, other.x), max(one.y, other.y)
    width = min(one.x + one.width, other.x + other.width) - x
    height = min(one.y + one.height, other.y + other.height) - y
    return Rect(x, y, width, height) if width > 0 and height > 0 else None


def around(one: Rect | None, other: Rect | None) -> Rect | None:
    """The smallest that holds both."""
    if one is None or other is None:
        return one or other
    x, y = min(one.x, other.x), min(one.y, other.y)
    right = max(one.x + one.width, other.x + other.width)
    bottom = max(one.y + one.height, other.y + other.height)
    return Rect(x, y, right - x, bottom - y)
