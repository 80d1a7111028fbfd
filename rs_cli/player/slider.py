"""A place in time, as a line with a knob: shows it, and lets the mouse change it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from rs_relay.glass.look import ACCENT, LINE, PAPER

HEIGHT, KNOB, THICK, EDGE = 24, 6, 4, 10  # pixels: of all, the knob's radius, the line, what is left beside it


class Slider:
    """`moved` is called with 0 to 1 while the mouse drags the knob; what `show` says meanwhile waits."""

    def __init__(self, parent: tk.Misc, moved: Callable[[float], None]) -> None:
        self._moved = moved
        self._part = 0.0
        self.dragging = False
        self.widget = tk.Canvas(parent, height=HEIGHT, background=PAPER, highlightthickness=0, cursor="hand2")
        middle = HEIGHT // 2
        self._all, self._done = (
            self.widget.create_line(0, middle, 0, middle, fill=colour, width=THICK, capstyle="round")
            for colour in (LINE, ACCENT)
        )
        self._knob = self.widget.create_oval(0, 0, 0, 0, fill="#ffffff", outline=ACCENT, width=2)
        self.widget.bind("<Configure>", lambda event: self._draw())
        self.widget.bind("<Button-1>", self._drag)
        self.widget.bind("<B1-Motion>", self._drag)
        self.widget.bind("<ButtonRelease-1>", self._leave)

    def show(self, part: float) -> None:
        if not self.dragging and part != self._part:
            self._part = part
            self._draw()

    def _drag(self, event: tk.Event[tk.Canvas]) -> None:
        self.dragging = True
        room = max(self.widget.winfo_width() - 2 * EDGE, 1)
        self._part = max(0.0, min((event.x - EDGE) / room, 1.0))
        self._draw()
        self._moved(self._part)

    def _leave(self, event: tk.Event[tk.Canvas]) -> None:
        self.dragging = False

    def _draw(self) -> None:
        width, middle = self.widget.winfo_width(), HEIGHT // 2
        x = EDGE + round(self._part * (width - 2 * EDGE))
        self.widget.coords(self._all, EDGE, middle, width - EDGE, middle)
        self.widget.coords(self._done, EDGE, middle, x, middle)
        self.widget.coords(self._knob, x - KNOB, middle - KNOB, x + KNOB, middle + KNOB)
