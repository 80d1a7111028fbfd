"""Drawings over an X desktop, and the one stroke that the person at it draws.

A window as large as the desktop that no window manager touches, cut to the strokes' own pixels (XShape): what is beside
them is not covered, and since its shape for input is empty, every click goes to what is below. It needs no compositor.
Its pixels are its background, so the server itself repaints what was uncovered.

    show(strokes)    brings what differs into two pixmaps (colours, and which pixels are there), then sets the shape
                     whole, in one request: nothing flickers
    take(tool, …)    a second window, unseen, takes the mouse until one stroke is drawn, Escape is pressed, or TAKING is
                     over

Its own connection, and one thread that alone speaks through it. When the agent is killed, the server closes both. When
the display ends and another comes in its place, the thread finds it, and brings the drawings onto that.
"""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

import numpy as np
from Xlib import XK, X
from Xlib import error as xerror
from Xlib.ext import shape

from rs_agent.desktop.base import Drawn
from rs_relay.capture.x11.connection import connect, need, speaking
from rs_relay.channels.draw import Point, Tool
from rs_relay.channels.screen.tiles import Pixels, Rect
from rs_relay.drawing.board import Stroke
from rs_relay.drawing.raster import grown, hard, touched
from rs_relay.errors import LocalProblem

NAME = "rs drawings"
STRIP = 128 * 1024  # bytes of pixels in one request: half of what every server takes
PIECE = 128  # pixels: the side of what is sent or left out
TAKING = 60.0  # seconds that the mouse is held for somebody who does not draw
AGAIN = 1.5  # seconds between two looks whether there is a display again
RAISE_PAUSE = 0.1  # seconds: another program that wants to be on top, too, is not fought at full speed
_PENCIL = 86  # of the cursor font
_STRUCTURE = (X.MapNotify, X.ConfigureNotify, X.CirculateNotify, X.ReparentNotify)  # a window may be above ours


class X11Overlay:
    """Raises LocalProblem where the server cannot do it."""

    def __init__(self, name: str | None = None) -> None:
        self._name = name
        self._open()
        self._lock = threading.Lock()
        self._wanted: dict[int, Stroke] = {}
        self._shown: dict[int, Stroke] = {}
        self._wish: tuple[Tool, Callable[[Drawn], None]] | None = None
        self._over = False
        self._raise_at: float | None = None
        self._raised = 0.0
        # After each painting it rests as long as that took: whoever draws the impossible has half a core at most.
        self._rested = 0.0
        self._paint_at: float | None = None
        self._wake_read, self._wake_write = os.pipe()
        self._thread = threading.Thread(target=self._run, name="overlay", daemon=True)
        self._thread.start()

    def _open(self) -> None:
        self._display = connect(self._name)
        with speaking():
            need(self._display, "SHAPE", "to draw over the desktop")
            version = self._display.shape_query_version()
            screen = self._display.screen()
            if (version.major_version, version.minor_version) < (1, 1) or screen.root_depth not in (24, 32):
                self._display.close()
                raise LocalProblem("This desktop cannot be drawn over.", "")
            self._root = screen.root
            self._root.change_attributes(event_mask=X.SubstructureNotifyMask | X.StructureNotifyMask)
            self._escape = self._display.keysym_to_keycode(XK.XK_Escape)
            self._size = self._read_size()
            self._canvas: _Canvas | None = None
            self._catch: _Catch | None = None
            self._display.flush()

    # any thread

    def show(self, strokes: Mapping[int, Stroke]) -> None:
        with self._lock:
            self._wanted = dict(strokes)
        self._wake()

    def take(self, tool: Tool, drawn: Callable[[Drawn], None]) -> None:
        with self._lock:
            self._wish = (tool, drawn)
        self._wake()

    def close(self) -> None:
        with self._lock:
            self._over = True
        self._wake()

    def _wake(self) -> None:
        with suppress(OSError):  # it has ended
            os.write(self._wake_write, b"x")

    # this object's thread

    def _run(self) -> None:
        while not self._over:
            with suppress(xerror.ConnectionClosedError, OSError, ValueError, LocalProblem):
                while not self._over:
                    self._wait()
                    self._hear()
                    self._work()
            if not self._over:
                self._come_back()
        with suppress(xerror.ConnectionClosedError, OSError):
            self._drop_catch()
            self._display.close()
        os.close(self._wake_read)
        os.close(self._wake_write)

    def _come_back(self) -> None:
        """The display has ended: waits for another. A stroke that was being drawn is lost with it."""
        with suppress(xerror.ConnectionClosedError, OSError):
            self._drop_catch()
            self._display.close()
        while not self._over:
            ready, _, _ = select.select([self._wake_read], [], [], AGAIN)
            if ready:
                os.read(self._wake_read, 4096)
                if self._over:
                    return
                time.sleep(AGAIN)  # a technician who goes on drawing does not make it look more often
            with suppress(LocalProblem, xerror.ConnectionClosedError, OSError):
                self._open()
                self._shown = {}
                self._wake()  # there is something to bring
                return

    def _wait(self) -> None:
        ends = [self._catch.until] if self._catch else []
        ends += [at for at in (self._raise_at, self._paint_at) if at is not None]
        left = max(0.0, min(ends) - time.monotonic()) if ends else None
        if self._display.pending_events():  # a round trip has read them already
            left = 0.0
        ready, _, _ = select.select([self._display, self._wake_read], [], [], left)
        if self._wake_read in ready:
            os.read(self._wake_read, 4096)

    def _hear(self) -> None:
        """The events that are there."""
        while self._display.pending_events():
            event = self._display.next_event()
            if self._catch and self._catch.hear(event):
                self._drop_catch()
            elif event.type == X.ConfigureNotify and event.window == self._root:
                self._resized()
            elif event.type in _STRUCTURE and (self._canvas or self._catch) and not self._ours(event.window):
                self._raise_at = self._raise_at or max(time.monotonic(), self._raised + RAISE_PAUSE)
        if self._catch and self._catch.flush():
            self._drop_catch()

    def _ours(self, window: Any) -> bool:
        return any(part is not None and part.window == window for part in (self._canvas, self._catch))

    def _work(self) -> None:
        with self._lock:
            wanted, wish, self._wish = self._wanted, self._wish, None
        now = time.monotonic()
        if wanted == self._shown:
            self._paint_at = None
        elif now >= self._rested:
            self._bring(wanted)
            self._paint_at, self._rested = None, 2 * time.monotonic() - now
        else:
            self._paint_at = self._rested
        if wish:
            self._drop_catch()
            self._catch = _Catch(self._display, self._root, self._size, self._escape, *wish)
        if self._raise_at is not None and now >= self._raise_at:
            self._raise_at, self._raised = None, now
            self._raise()
        self._display.flush()

    def _bring(self, wanted: dict[int, Stroke]) -> None:
        """What differs, onto the desktop."""
        before, self._shown = self._shown, wanted
        if not wanted:
            if self._canvas:
                self._canvas.drop()
                self._canvas = None
            return
        if self._canvas is None:
            self._canvas = _Canvas(self._display, self._root, self._size)
            before = {}
        self._canvas.paint(_changed(before, wanted, Rect(0, 0, *self._size)), list(wanted.values()))
        if not before:
            self._raise()

    def _raise(self) -> None:
        """The drawings over all windows, and what takes the mouse over these."""
        for part in (self._canvas, self._catch):
            if part:
                part.window.configure(stack_mode=X.Above)

    def _resized(self) -> None:
        size = self._read_size()
        if size == self._size:
            return
        self._size = size
        self._drop_catch()
        if self._canvas:
            self._canvas.drop()
            self._canvas = None
            self._shown = {}

    def _read_size(self) -> tuple[int, int]:
        geometry = self._root.get_geometry()
        return geometry.width, geometry.height

    def _drop_catch(self) -> None:
        if self._catch:
            catch, self._catch = self._catch, None
            catch.drop()


class _Canvas:
    """The window that is seen."""

    def __init__(self, display: Any, root: Any, size: tuple[int, int]) -> None:
        self._display, self._size = display, size
        info = display.display.info
        self._order = "<u4" if info.image_byte_order == 0 else ">u4"
        self._bits, self._pad = info.bitmap_format_bit_order, info.bitmap_format_scanline_pad
        depth = display.screen().root_depth
        self._colours = root.create_pixmap(*size, depth)
        self._there = root.create_pixmap(*size, 1)
        self._colour_gc, self._there_gc = self._colours.create_gc(), self._there.create_gc(foreground=0)
        self._there.fill_rectangle(self._there_gc, 0, 0, *size)
        self.window = root.create_window(
            0, 0, *size, 0, depth, background_pixmap=self._colours, override_redirect=True, event_mask=0
        )
        self._window_gc = self.window.create_gc(graphics_exposures=0)
        self.window.set_wm_name(NAME)
        self.window.set_wm_class("rs", "rs")
        self.window.shape_rectangles(shape.SO.Set, shape.SK.Input, X.Unsorted, 0, 0, [])
        self._mapped = False

    def paint(self, changed: Iterable[Rect], strokes: list[Stroke]) -> None:
        """These parts anew."""
        parts = [part for part in (_inside(part, *self._size) for part in changed) if part]
        for part in parts:
            colours, there = hard(strokes, part)
            for y in range(0, part.height, PIECE):
                for x in range(0, part.width, PIECE):
                    if there[y : y + PIECE, x : x + PIECE].any():  # what is not there has no colour to send
                        self._colour(part.x + x, part.y + y, colours[y : y + PIECE, x : x + PIECE])
            bits = np.packbits(there, axis=1, bitorder="little" if self._bits == 0 else "big")
            row = -(-part.width // self._pad) * self._pad // 8
            padded = np.zeros((part.height, row), np.uint8)
            padded[:, : bits.shape[1]] = bits
            self._put(self._there, self._there_gc, X.XYPixmap, part, padded)
        self.window.shape_mask(shape.SO.Set, shape.SK.Bounding, 0, 0, self._there)
        if not self._mapped:
            self.window.map()
            self._mapped = True
        for (
            part
        ) in parts:  # copied, not cleared: to fill a shape of many rectangles takes the server fifty times as long
            x, y = part.x, part.y
            self.window.copy_area(self._window_gc, self._colours, x, y, part.width, part.height, x, y)
        self._display.sync()  # the server has drawn it: whoever is told so from here on is told the truth

    def _colour(self, x: int, y: int, colours: Pixels) -> None:
        words = colours.astype(np.uint32)
        pixels = (words[..., 0] << 16 | words[..., 1] << 8 | words[..., 2]).astype(self._order)
        height, width = pixels.shape
        rows = pixels.view(np.uint8).reshape(height, -1)
        self._put(self._colours, self._colour_gc, X.ZPixmap, Rect(x, y, width, height), rows)

    def _put(self, where: Any, gc: Any, form: int, part: Rect, rows: np.ndarray[Any, Any]) -> None:
        depth = 1 if where is self._there else self._display.screen().root_depth
        step = max(1, STRIP // rows.shape[1])
        for top in range(0, part.height, step):
            strip = rows[top : top + step]
            where.put_image(gc, part.x, part.y + top, part.width, len(strip), form, depth, 0, strip.tobytes())

    def drop(self) -> None:
        self._window_gc.free()
        self.window.destroy()
        for pixmap, gc in ((self._colours, self._colour_gc), (self._there, self._there_gc)):
            gc.free()
            pixmap.free()


class _Catch:
    """The window that takes the mouse for one stroke."""

    def __init__(
        self, display: Any, root: Any, size: tuple[int, int], escape: int, tool: Tool, drawn: Callable[[Drawn], None]
    ) -> None:
        self._display, self._root, self._escape = display, root, escape
        self._tool, self._drawn = tool, drawn
        self._points: list[Point] = []  # not told yet
        self._drawing = tool is Tool.LASER  # nobody holds a button while pointing
        self._ended = False
        self.until = time.monotonic() + TAKING
        font = display.open_font("cursor")
        white, black = (65535,) * 3, (0,) * 3
        cursor = font.create_glyph_cursor(font, _PENCIL, _PENCIL + 1, black, white)
        events = X.ButtonPressMask | X.ButtonReleaseMask | X.PointerMotionMask
        self.window = root.create_window(
            0, 0, *size, 0, 0, X.InputOnly, cursor=cursor, override_redirect=True, event_mask=events
        )
        cursor.free()
        font.close()
        self.window.map()
        self.window.configure(stack_mode=X.Above)
        root.grab_key(escape, X.AnyModifier, False, X.GrabModeAsync, X.GrabModeAsync)

    def hear(self, event: Any) -> bool:
        """Whether that was the end."""
        match event.type:
            case X.KeyPress if event.detail == self._escape:
                self._ended = True
            case X.ButtonPress if event.window == self.window:
                self._press(event)
            case X.ButtonRelease if event.window == self.window and self._drawing and event.detail == 1:
                self._points.append((event.root_x, event.root_y))
                self._ended = True
            case X.MotionNotify if event.window == self.window and self._drawing:
                self._points.append((event.root_x, event.root_y))
                self.until = time.monotonic() + TAKING
        return self._ended

    def _press(self, event: Any) -> None:
        if event.detail != 1 or self._drawing:
            self._ended = True  # another button: they think better of it
        else:
            self._drawing = True
            self._points.append((event.root_x, event.root_y))

    def flush(self) -> bool:
        """Tells what was drawn since. Whether the time is over."""
        if self._points:
            points, self._points = tuple(self._points), []
            self._drawn(Drawn(points, last=False))
        return time.monotonic() >= self.until

    def drop(self) -> None:
        self._root.ungrab_key(self._escape, X.AnyModifier)
        self.window.destroy()
        self._display.flush()
        self._drawn(Drawn(tuple(self._points), last=True))


def _changed(before: Mapping[int, Stroke], after: Mapping[int, Stroke], desktop: Rect) -> set[Rect]:
    """Where the two may look different."""
    found: set[Rect] = set()
    gone = [stroke for number, stroke in before.items() if after.get(number) is not stroke]
    come = [(before.get(number), stroke) for number, stroke in after.items() if before.get(number) is not stroke]
    for old, new in come:
        if old is not None and new.grew_from(old):
            gone.remove(old)
            found.add(grown(old, new))
        else:
            found |= touched(new, desktop, PIECE)
    for old in gone:
        found |= touched(old, desktop, PIECE)
    return found


def _inside(part: Rect, width: int, height: int) -> Rect | None:
    """What of it is on the desktop."""
    x, y = max(part.x, 0), max(part.y, 0)
    right, bottom = min(part.x + part.width, width), min(part.y + part.height, height)
    return Rect(x, y, right - x, bottom - y) if right > x and bottom > y else None
