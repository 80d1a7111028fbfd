"""The glass that shares memory with the X server: pixels are written there once, and the server copies them into the
widget's window. Tk draws nothing in it: the widget has no background, what is uncovered is put again from the memory.

The memory is as large as the technician's screen and holds what the widget shows, pixel for pixel, border and layers
included. The server may read it while the next part is written: what it then shows early is put right in a moment.
"""

from __future__ import annotations

import tkinter as tk

import numpy as np

from rs_relay.channels.screen.tiles import Rect
from rs_relay.glass import bgrx
from rs_relay.glass.fit import Fit
from rs_relay.glass.framebuffer import Framebuffer
from rs_relay.glass.glass import BEHIND, Glass, Scrolled
from rs_relay.glass.layer import meet
from rs_relay.glass.scroll import Scroll
from rs_relay.glass.shape import Shaped
from rs_relay.glass.xcb import Connection
from rs_relay.xcb.libxcb import NoShared

_BEHIND = int(BEHIND[1:], 16)


class Shared(Glass):
    """Raises NoShared where that cannot be had."""

    def __init__(self, parent: tk.Misc, buffer: Framebuffer) -> None:
        super().__init__(buffer)
        self._link = Connection(str(parent.winfo_screen()))
        self._frame = tk.Frame(
            parent, background="", highlightthickness=0, borderwidth=0, takefocus=True, cursor="arrow"
        )
        self.widget = self._frame
        try:
            visual = self._link.visual(int(str(self.widget.winfo_visualid()), 0))
            window = self.widget.winfo_id()
            self.widget.winfo_pointerx()  # a round trip: the server knows the window now
            self._paper = self._link.paper(window, visual.depth)
            self._memory = self._link.share(parent.winfo_screenwidth(), parent.winfo_screenheight(), self._paper)
        except BaseException:
            self.widget.destroy()
            self._link.close()
            raise
        self._across, self._down = Scroll(), Scroll()
        self._worn: Shaped | None = None
        self._cursor: int | None = None
        self.widget.bind("<Expose>", self._exposed, add=True)
        self.widget.bind("<Configure>", self._resized, add=True)

    def hang(self, fit: Fit) -> None:
        self._fit = fit
        self._measure()
        self._border(fit)

    def paint(self, parts: list[Rect]) -> None:
        if self._fit is None:
            return
        dx, dy = self._offset(self._fit)
        view = meet(self._fit.whole, Rect(-dx, -dy, self._across.room, self._down.room))
        for part in parts:
            seen = meet(part, view)
            if seen:
                self._fill(self._fit, seen, dx, dy)
                self._put(seen.x + dx, seen.y + dy, seen.width, seen.height)
        self._link.flush()

    def flush(self) -> None:
        self._link.round_trip()

    def at(self, x: int, y: int) -> tuple[int, int]:
        return x + self._across.first, y + self._down.first

    def wear(self, shape: Shaped | None) -> None:
        if shape is self._worn:
            return
        self._worn = shape
        cursor = self._link.cursor(shape.argb(), shape.hot_x, shape.hot_y) if shape else None
        if cursor is None:
            self._frame.configure(cursor="")  # Tk sets it only when it differs from what it set before
            self._frame.configure(cursor="arrow")
        else:
            self._link.wear(self._paper.drawable, cursor)
        if self._cursor is not None:
            self._link.free_cursor(self._cursor)
        self._cursor = cursor

    def scrolls(self, across: Scrolled, down: Scrolled) -> None:
        self._across.told, self._down.told = across, down

    def xview(self, *how: str) -> None:
        if self._across.move(*how):
            self._all_anew()

    def yview(self, *how: str) -> None:
        if self._down.move(*how):
            self._all_anew()

    def close(self) -> None:
        self._link.drop(self._memory)
        self._link.close()

    def _fill(self, fit: Fit, part: Rect, dx: int, dy: int) -> None:
        """Write `part`, and what lies over it, into the memory."""
        self._buffer.words(fit, part, self._at_memory(part, dx, dy))
        covered = self.layers.over(part)
        if covered:
            bgrx.convert(np.asarray(self._image(covered)), self._at_memory(covered, dx, dy))

    def _at_memory(self, part: Rect, dx: int, dy: int) -> bgrx.Words:
        x, y = part.x + dx, part.y + dy
        return self._memory.words[y : y + part.height, x : x + part.width]

    def _put(self, x: int, y: int, width: int, height: int) -> None:
        self._link.put(self._paper, self._memory, x, y, width, height)

    def _offset(self, fit: Fit) -> tuple[int, int]:
        """Where the shown picture's origin is on the widget."""
        return fit.left - self._across.first, fit.top - self._down.first

    def _border(self, fit: Fit) -> None:
        """All of the widget that is beside the picture."""
        dx, dy = self._offset(fit)
        width, height = self._across.room, self._down.room
        left, top = min(max(dx, 0), width), min(max(dy, 0), height)
        right = min(max(dx + fit.shown_width, left), width)
        bottom = min(max(dy + fit.shown_height, top), height)
        for x, y, to_x, to_y in (
            (0, 0, width, top),
            (0, bottom, width, height),
            (0, top, left, bottom),
            (right, top, width, bottom),
        ):
            if to_x > x and to_y > y:
                self._memory.words[y:to_y, x:to_x] = _BEHIND
                self._put(x, y, to_x - x, to_y - y)
        self._link.flush()

    def _all_anew(self) -> None:
        if self._fit:
            self._border(self._fit)
            self.paint([self._fit.whole])

    def _measure(self) -> None:
        """How large the widget is, and with it the memory: a window may be larger than the screen it is on."""
        width, height = self.widget.winfo_width(), self.widget.winfo_height()
        rows, columns = self._memory.words.shape
        if width > columns or height > rows:
            width, height = self._larger(width, height)
        fit = self._fit
        self._across.measure(width, fit.left + fit.shown_width if fit else 0)
        self._down.measure(height, fit.top + fit.shown_height if fit else 0)

    def _larger(self, width: int, height: int) -> tuple[int, int]:
        """More memory, or what can be seen with less."""
        rows, columns = self._memory.words.shape
        try:
            larger = self._link.share(max(width, columns), max(height, rows), self._paper)
        except NoShared:
            return min(width, columns), min(height, rows)
        self._link.drop(self._memory)
        self._memory = larger
        return width, height

    def _resized(self, event: object) -> None:
        self._measure()
        if self._fit:
            self._all_anew()
        else:
            self._memory.words[: self._down.room, : self._across.room] = _BEHIND
            self._put(0, 0, self._across.room, self._down.room)
            self._link.flush()

    def _exposed(self, event: tk.Event[tk.Misc]) -> None:
        uncovered = meet(
            Rect(event.x, event.y, event.width, event.height), Rect(0, 0, self._across.room, self._down.room)
        )
        if uncovered:
            self._put(uncovered.x, uncovered.y, uncovered.width, uncovered.height)
            self._link.flush()
