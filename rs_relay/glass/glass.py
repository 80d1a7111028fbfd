"""The glass: a Tk widget that shows a framebuffer, and what lies over it, as a `Fit` says. `open_glass` chooses how:

    shared   pixels go through memory that the X server reads, straight into the widget's window
    panes    a Tk canvas hung with small photo images: Windows, macOS, an X server at the other end of a network

Law: after `flush` the screen shows each part that was given to `paint`, layers and all. Parts are in pixels of the
shown picture; `at` turns a place on the widget into one on the canvas, which may be larger and scroll.
"""

from __future__ import annotations

import tkinter as tk
from abc import ABC, abstractmethod
from collections.abc import Callable

from PIL import Image

from rs_relay.channels.screen.tiles import Rect
from rs_relay.glass.fit import Fit
from rs_relay.glass.framebuffer import Framebuffer
from rs_relay.glass.layer import Layers
from rs_relay.glass.shape import Shaped

BEHIND = "#2b2f36"  # around the picture
Scrolled = Callable[[float, float], object]  # a scrollbar's `set`


class Glass(ABC):
    """Shows `buffer` within `parent`. The widget is the caller's to place, and to bind keys and the mouse to."""

    widget: tk.Widget

    def __init__(self, buffer: Framebuffer) -> None:
        self.layers = Layers()
        self._buffer = buffer
        self._fit: Fit | None = None

    @abstractmethod
    def hang(self, fit: Fit) -> None:
        """From now on the picture lies like that. What it shows is painted by `paint`."""

    @abstractmethod
    def paint(self, parts: list[Rect]) -> None:
        """Bring parts of the shown picture to the screen, which shows them after `flush`."""

    @abstractmethod
    def flush(self) -> None:
        """Wait until the display has drawn: the round trip is what makes slow glass slow the sender down."""

    @abstractmethod
    def at(self, x: int, y: int) -> tuple[int, int]:
        """The canvas pixel under a pixel of the widget."""

    @abstractmethod
    def wear(self, shape: Shaped | None) -> None:
        """What the person's own pointer looks like over the glass; None for the usual arrow."""

    @abstractmethod
    def scrolls(self, across: Scrolled, down: Scrolled) -> None:
        """Tell scrollbars how much is seen."""

    @abstractmethod
    def xview(self, *how: str) -> None:
        """As Tk's widgets that scroll: "moveto" a fraction, or "scroll" a number of "units" or "pages"."""

    @abstractmethod
    def yview(self, *how: str) -> None: ...

    def close(self) -> None:  # noqa: B027  (nothing to give back, for most)
        """Before the widget goes."""

    def _image(self, part: Rect) -> Image.Image:
        """`part` with what lies over it."""
        if self._fit is None:
            raise RuntimeError("nothing hangs yet")
        image = self._buffer.shown(self._fit, part)
        self.layers.draw(image, part)
        return image
