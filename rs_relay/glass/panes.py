"""The glass that any Tk has: a canvas on which the picture hangs as panes, each a small photo image that is pasted anew
when a part of it changed.

Measured for 1080p, 1:1, on Xvfb (Tk 8.6): one photo image that is pasted whole costs 10 ms whatever changed; `put` of a
rectangle as PPM is quick for a letter (0.2 ms) but 75 ms for a whole picture; pasting into a scratch image and copying
from it makes Tk look at the transparency of all pixels each time (0.6 ms). Panes need no trick: under 1 ms for a letter
and about 12 ms for everything.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import ImageTk

from rs_relay.channels.screen.tiles import Rect
from rs_relay.glass.fit import Fit
from rs_relay.glass.framebuffer import Framebuffer
from rs_relay.glass.glass import BEHIND, Glass, Scrolled
from rs_relay.glass.pointer import PointerLayer
from rs_relay.glass.shape import Shaped

PANE_WIDTH, PANE_HEIGHT = 512, 64
OWN = "own pointer"


@dataclass
class _Pane:
    at: Rect  # in the shown picture
    image: ImageTk.PhotoImage
    item: int


class Panes(Glass):
    def __init__(self, parent: tk.Misc, buffer: Framebuffer) -> None:
        super().__init__(buffer)
        self._canvas = tk.Canvas(
            parent, background=BEHIND, highlightthickness=0, borderwidth=0, takefocus=True, cursor="arrow"
        )
        self.widget = self._canvas
        self._panes: dict[tuple[int, int], _Pane] = {}  # by column and row
        self._size = (0, 0)
        self._worn: Shaped | None = None
        self._own = PointerLayer(self)
        self.layers.put(OWN, self._own)
        for event in ("<Motion>", "<Enter>"):
            self._canvas.bind(event, self._moved, add=True)
        self._canvas.bind("<Leave>", lambda event: self._own.point(None), add=True)

    def hang(self, fit: Fit) -> None:
        self._fit = fit
        size = (fit.shown_width, fit.shown_height)
        if size != self._size:
            self._take_down()
            self._size = size
            for where, at in _cut(*size):
                image = ImageTk.PhotoImage("RGB", (at.width, at.height), master=self._canvas)
                self._panes[where] = _Pane(at, image, self._canvas.create_image(0, 0, anchor="nw", image=image))
        for pane in self._panes.values():
            self._canvas.coords(pane.item, fit.left + pane.at.x, fit.top + pane.at.y)
        self._canvas.configure(scrollregion=(0, 0, fit.left + size[0], fit.top + size[1]))

    def paint(self, parts: list[Rect]) -> None:
        for where in sorted({where for part in parts for where in _touched(part)}):
            pane = self._panes.get(where)
            if pane:
                pane.image.paste(self._image(pane.at))

    def flush(self) -> None:
        self._canvas.update_idletasks()
        self._canvas.winfo_pointerx()

    def at(self, x: int, y: int) -> tuple[int, int]:
        return round(self._canvas.canvasx(x)), round(self._canvas.canvasy(y))

    def wear(self, shape: Shaped | None) -> None:
        """Tk takes no pointer as pixels: it is hidden, and the shape drawn where it is."""
        if shape is self._worn:
            return
        self._worn = shape
        self._canvas.configure(cursor="none" if shape else "arrow")
        self._own.look(shape)
        if shape is None:
            self._own.point(None)
        else:
            x, y = self._canvas.winfo_pointerxy()
            self._point(x - self._canvas.winfo_rootx(), y - self._canvas.winfo_rooty())

    def scrolls(self, across: Scrolled, down: Scrolled) -> None:
        self._canvas.configure(xscrollcommand=across, yscrollcommand=down)

    def xview(self, *how: str) -> None:
        self._canvas.xview(*how)

    def yview(self, *how: str) -> None:
        self._canvas.yview(*how)

    def _moved(self, event: tk.Event[tk.Canvas]) -> None:
        self._point(event.x, event.y)

    def _point(self, x: int, y: int) -> None:
        if self._worn and self._fit:
            left, top = self.at(x, y)
            self._own.point((left - self._fit.left, top - self._fit.top))

    def _take_down(self) -> None:
        for pane in self._panes.values():
            self._canvas.delete(pane.item)
        self._panes.clear()


def _cut(width: int, height: int) -> Iterator[tuple[tuple[int, int], Rect]]:
    for column, x in enumerate(range(0, width, PANE_WIDTH)):
        for row, y in enumerate(range(0, height, PANE_HEIGHT)):
            yield (column, row), Rect(x, y, min(PANE_WIDTH, width - x), min(PANE_HEIGHT, height - y))


def _touched(part: Rect) -> Iterator[tuple[int, int]]:
    for column in range(part.x // PANE_WIDTH, (part.x + part.width - 1) // PANE_WIDTH + 1):
        for row in range(part.y // PANE_HEIGHT, (part.y + part.height - 1) // PANE_HEIGHT + 1):
            yield column, row
