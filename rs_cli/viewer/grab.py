"""The keys that a window manager keeps for itself (Alt+Tab, Super) for the glass: on X11, the keyboard is grabbed.

The grab is Tk's own, on its own connection, so keys keep coming the way they always do, dead keys and input methods
included; tkinter has no word for it, hence ctypes on the libraries that Tk has loaded. Where that cannot be had
(Windows, macOS, a Tk that is built in), `SystemKeys.possible` is false and the menu shows it in grey.
"""

from __future__ import annotations

import ctypes as c
import tkinter as tk

_ASYNC, _NOW = 1, 0


class SystemKeys:
    """`on` is what the technician wants; keys are grabbed while the widget has the keyboard as well."""

    def __init__(self, widget: tk.Misc) -> None:
        self._widget = widget
        self._x11, self._display = _tk_display(widget)
        self.on = False
        self.held = False

    @property
    def possible(self) -> bool:
        return self._display is not None

    def want(self, on: bool) -> None:
        self.on = on and self.possible
        if self.on:
            self.take()
        else:
            self.give_back()

    def take(self) -> None:
        """When the widget has got the keyboard, and no menu has it."""
        if self.on and self._x11 and self._widget.focus_get() is self._widget and not self._menu_has_it():
            window = self._widget.winfo_id()
            self.held = self._x11.XGrabKeyboard(self._display, window, 1, _ASYNC, _ASYNC, _NOW) == 0

    def give_back(self) -> None:
        """When the keyboard goes elsewhere."""
        if self.held and self._x11:
            self.held = False
            if not self._menu_has_it():
                self._x11.XUngrabKeyboard(self._display, _NOW)
                self._x11.XFlush(self._display)

    def _menu_has_it(self) -> bool:
        """A menu that is posted has grabbed the keyboard in its turn: a display has one grab, not ours now."""
        holder = str(self._widget.tk.call("grab", "current", self._widget))
        return bool(holder) and str(self._widget.tk.call("grab", "status", holder)) == "global"


def _tk_display(widget: tk.Misc) -> tuple[c.CDLL | None, int | None]:
    """libX11 and the Display that Tk uses: the first field of its Tk_FakeWin (tk.h)."""
    try:
        if widget.tk.call("tk", "windowingsystem") != "x11":
            return None, None
        x11 = c.CDLL("libX11.so.6")
        version = str(widget.tk.call("info", "tclversion"))
        main_window = c.CDLL(f"libtk{version}.so").Tk_MainWindow
    except (OSError, AttributeError, tk.TclError):
        return None, None
    main_window.restype, main_window.argtypes = c.c_void_p, (c.c_void_p,)
    x11.XGrabKeyboard.argtypes = (c.c_void_p, c.c_ulong, c.c_int, c.c_int, c.c_int, c.c_ulong)
    x11.XUngrabKeyboard.argtypes = (c.c_void_p, c.c_ulong)
    x11.XFlush.argtypes = (c.c_void_p,)
    found = main_window(widget.tk.interpaddr())
    return (x11, c.c_void_p.from_address(found).value) if found else (None, None)
