"""The glass: a Tk canvas on which the picture hangs as panes, each a small photo image that is pasted anew when a part
of it changed.

Measured for 1080p, 1:1, on Xvfb (Tk 8.6; tests/bench/viewer_paint.py): one photo image that is pasted whole costs 10 ms
whatever changed; `put` of a rectangle as PPM is quick for a letter (0.2 ms) but 75 ms for a whole picture; pasting
into a scratch image and copying from it makes Tk look at the transparency of all pixels each time (0.6 ms). Panes
need no trick: under 1 ms for a letter and about 12 ms for everything.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PIL import Image, ImageTk

from rs_relay.channels.screen.tiles import Rect
from rs_relay.glass.fit import Fit

PANE_WIDTH, PANE_HEIGHT = 512, 64
BEHIND = "#2b2f36"  # around the picture

_ARROW = (0, 0, 0, 17, 4, 13, 7, 19, 10, 18, 7, 12, 12, 12)  # the customer's pointer, its tip at 0, 0


@dataclass
class _Pane:
    at: Rect  # in the shown picture
    image: ImageTk.PhotoImage
    item: int


class Glass:
    """`render(rect)` gives the pixels of a part of the shown picture."""

    def __init__(self, parent: tk.Misc, render: Callable[[Rect], Image.Image]) -> None:
        self.canvas = tk.Canvas(
            parent, background=BEHIND, highlightthickness=0, borderwidth=0, takefocus=True, cursor="arrow"
        )
        self._render = render
        self._panes: dict[tuple[int, int], _Pane] = {}  # by column and row
        self._size = (0, 0)
        self._pointer = self.canvas.create_polygon(*_ARROW, fill="#ffffff", outline="#000000", width=1, state="hidden")

    def hang(self, fit: Fit) -> None:
        """Panes for a picture of that size, at that place. What they show is painted by `paint`."""
        size = (fit.shown_width, fit.shown_height)
        if size != self._size:
            self._take_down()
            self._size = size
            for where, at in _cut(*size):
                image = ImageTk.PhotoImage("RGB", (at.width, at.height), master=self.canvas)
                self._panes[where] = _Pane(at, image, self.canvas.create_image(0, 0, anchor="nw", image=image))
            self.canvas.tag_raise(self._pointer)
        for pane in self._panes.values():
            self.canvas.coords(pane.item, fit.left + pane.at.x, fit.top + pane.at.y)
        self.canvas.configure(scrollregion=(0, 0, fit.left + size[0], fit.top + size[1]))

    def paint(self, parts: list[Rect]) -> None:
        """Bring parts of the shown picture to the panes; the screen shows it after `flush`."""
        for where in sorted({where for part in parts for where in _touched(part)}):
            pane = self._panes.get(where)
            if pane:
                pane.image.paste(self._render(pane.at))

    def flush(self) -> None:
        """Wait until the display server has drawn: the round trip is what makes slow glass slow the sender down."""
        self.canvas.update_idletasks()
        self.canvas.winfo_pointerx()

    def point(self, at: tuple[int, int] | None) -> None:
        """Show the customer's pointer at a canvas pixel, or not at all."""
        if at is None:
            self.canvas.itemconfigure(self._pointer, state="hidden")
            return
        x, y = at
        moved = [value + (x if n % 2 == 0 else y) for n, value in enumerate(_ARROW)]
        self.canvas.coords(self._pointer, *moved)
        self.canvas.itemconfigure(self._pointer, state="normal")

    def _take_down(self) -> None:
        for pane in self._panes.values():
            self.canvas.delete(pane.item)
        self._panes.clear()


def _cut(width: int, height: int) -> Iterator[tuple[tuple[int, int], Rect]]:
    for column, x in enumerate(range(0, width, PANE_WIDTH)):
        for row, y in enumerate(range(0, height, PANE_HEIGHT)):
            yield (column, row), Rect(x, y, min(PANE_WIDTH, width - x), min(PANE_HEIGHT, height - y))


def _touched(part: Rect) -> Iterator[tuple[int, int]]:
    for column in range(part.x // PANE_WIDTH, (part.x + part.width - 1) // PANE_WIDTH + 1):
        for row in range(part.y // PANE_HEIGHT, (part.y + part.height - 1) // PANE_HEIGHT + 1):
            yield column, row
