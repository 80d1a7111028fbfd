"""A pointer that is drawn over the picture: the customer's, for who only looks."""

from __future__ import annotations

from typing import Protocol

from PIL import Image

from rs_relay.channels.screen.tiles import Rect
from rs_relay.glass.shape import Shaped, arrow


class Painting(Protocol):
    def paint(self, parts: list[Rect]) -> None: ...


class PointerLayer:
    """A layer that sees to its own painting."""

    def __init__(self, glass: Painting) -> None:
        self._glass = glass
        self._shape = arrow()
        self._at: tuple[int, int] | None = None

    def look(self, shape: Shaped | None) -> None:
        """None for the arrow."""
        self._change(shape or arrow(), self._at)

    def point(self, at: tuple[int, int] | None) -> None:
        """At a pixel of the shown picture, or nowhere."""
        if at != self._at:
            self._change(self._shape, at)

    def covers(self) -> Rect | None:
        if self._at is None:
            return None
        image = self._shape.image
        return Rect(self._at[0] - self._shape.hot_x, self._at[1] - self._shape.hot_y, image.width, image.height)

    def draw(self, onto: Image.Image, part: Rect) -> None:
        covered = self.covers()
        if covered:
            onto.paste(self._shape.image, (covered.x - part.x, covered.y - part.y), self._shape.image)

    def _change(self, shape: Shaped, at: tuple[int, int] | None) -> None:
        before = self.covers()
        self._shape, self._at = shape, at
        self._glass.paint([rect for rect in (before, self.covers()) if rect])
