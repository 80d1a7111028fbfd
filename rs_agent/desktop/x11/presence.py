"""What an X desktop itself shows and hears while somebody is there: a frame round the screen that is seen, and the key
that stops everything from any window.

The frame is four windows that no window manager touches and that take no click (their shape for input is empty). They
change only when they come, go, or the desktop changes its size: the picture pays for them once. The key is grabbed
whatever the locks (Caps, Num) are; where another program holds it, the next of KEYS is. Ctrl+Alt with a function key is
none of them: those belong to the server itself, which changes to a text console by them and tells nobody.

Its own connection, and one thread that alone speaks through it: the key is heard while the event loop hangs.
"""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from Xlib import XK, X
from Xlib import error as xerror
from Xlib.ext import shape

from rs_relay.capture.x11.connection import connect, speaking
from rs_relay.errors import LocalProblem

KEYS = (
    ("Ctrl+Alt+End", XK.XK_End, X.ControlMask | X.Mod1Mask),
    ("Ctrl+Shift+F12", XK.XK_F12, X.ControlMask | X.ShiftMask),
)
NAME = "rs: this screen is seen"
WIDTH = 4  # pixels
COLOUR = 0xE8590C
_LOCKS = (0, X.LockMask, X.Mod2Mask, X.LockMask | X.Mod2Mask)


class X11Presence:
    """`stop` is called in this object's thread. `key` is '' where others hold all of KEYS. Raises LocalProblem."""

    def __init__(self, name: str | None, stop: Callable[[], None]) -> None:
        self._display, self._stop = connect(name), stop
        self._lock = threading.Lock()
        self._seen = self._over = False
        self._frame: list[Any] = []
        with speaking():
            self._root = self._display.screen().root
            self._shape = self._display.query_extension("SHAPE") is not None
            self._code = 0
            self.key = next((name for name, sym, held in KEYS if self._grab(sym, held)), "")
            self._root.change_attributes(event_mask=X.StructureNotifyMask | X.SubstructureNotifyMask)
            self._display.flush()
        self._wake_read, self._wake_write = os.pipe()
        self._thread = threading.Thread(target=self._run, name="presence", daemon=True)
        self._thread.start()

    def _grab(self, sym: int, held: int) -> bool:
        taken = xerror.CatchError(xerror.BadAccess)
        code = self._display.keysym_to_keycode(sym)
        for locks in _LOCKS if code else ():
            self._root.grab_key(code, held | locks, True, X.GrabModeAsync, X.GrabModeAsync, onerror=taken)
        self._display.sync()
        if not code or taken.get_error() is not None:
            for locks in _LOCKS if code else ():
                self._root.ungrab_key(code, held | locks)
            return False
        self._code = code
        return True

    # any thread

    @property
    def gone(self) -> bool:
        """Its display has ended."""
        return not self._thread.is_alive()

    def seen(self, on: bool) -> None:
        with self._lock:
            self._seen = on
        self._wake()

    def close(self) -> None:
        with self._lock:
            self._over = True
        self._wake()
        if threading.current_thread() is not self._thread:
            self._thread.join(0.2)

    def _wake(self) -> None:
        if self._thread.is_alive():  # else the descriptor may be somebody else's by now
            os.write(self._wake_write, b"x")

    # this object's thread

    def _run(self) -> None:
        with suppress(xerror.ConnectionClosedError, OSError, ValueError, LocalProblem):
            while not self._over:
                self._work()
                if not self._display.pending_events():
                    ready, _, _ = select.select([self._display, self._wake_read], [], [])
                    if self._wake_read in ready:
                        os.read(self._wake_read, 4096)
                while self._display.pending_events():
                    self._hear(self._display.next_event())
        with suppress(xerror.ConnectionClosedError, OSError):
            self._display.close()
        os.close(self._wake_read)
        os.close(self._wake_write)

    def _hear(self, event: Any) -> None:
        if event.type == X.KeyPress and event.detail == self._code:
            self._stop()
        elif event.type == X.ConfigureNotify and event.window == self._root:
            self._drop()
        elif event.type in (X.MapNotify, X.ConfigureNotify) and self._frame and event.window not in self._frame:
            # Under what has just come; each lift of ours is heard too, by its own window, and answered by nothing.
            for window in self._frame:
                window.configure(stack_mode=X.Above)
            self._display.flush()

    def _work(self) -> None:
        with self._lock:
            seen = self._seen
        if seen and not self._frame:
            self._draw()
        elif not seen and self._frame:
            self._drop()

    def _draw(self) -> None:
        if not self._shape:  # what took the clicks at the edge of the screen would be in the way
            return
        size = self._root.get_geometry()
        wide, high = size.width, size.height
        edges = (
            (0, 0, wide, WIDTH), (0, high - WIDTH, wide, WIDTH), (0, WIDTH, WIDTH, high - 2 * WIDTH),
            (wide - WIDTH, WIDTH, WIDTH, high - 2 * WIDTH),
        )  # fmt: skip
        depth = self._display.screen().root_depth
        for x, y, width, height in edges:
            window = self._root.create_window(
                x, y, width, height, 0, depth, background_pixel=COLOUR, override_redirect=True, event_mask=0
            )
            window.set_wm_name(NAME)
            window.set_wm_class("rs", "rs")
            window.shape_rectangles(shape.SO.Set, shape.SK.Input, X.Unsorted, 0, 0, [])
            window.map()
            window.configure(stack_mode=X.Above)
            self._frame.append(window)
        self._display.sync()

    def _drop(self) -> None:
        for window in self._frame:
            window.destroy()
        self._frame = []
        self._display.sync()
