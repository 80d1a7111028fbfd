"""The technician's hands on the glass: Tk's events of keyboard and mouse as messages of the control channel.

Coordinates leave here as pixels of the customer's whole desktop. Motion is told at most every MOTION_MS, the last
place always, and before anything that happens at that place.
"""

from __future__ import annotations

import sys
import tkinter as tk
from collections.abc import Callable
from typing import Protocol

from rs_cli.viewer import keymap
from rs_cli.viewer.keyboard import Keyboard
from rs_relay.channels.control import messages as control
from rs_relay.channels.control.messages import Button, ButtonName, Move, ReleaseAll, Wheel
from rs_relay.glass.fit import Fit

MOTION_MS = 8  # 125 places a second: what a mouse reports
SHIFT = 0x1  # in event.state
SETTLE_MS = 4  # the release and press of a repeating key are written together by the X server
MENU_KEY = "F8"  # the one key that is the viewer's own; as in VNC viewers

_BUTTONS = {1: ButtonName.LEFT, 2: ButtonName.MIDDLE, 3: ButtonName.RIGHT, 8: ButtonName.BACK, 9: ButtonName.FORWARD}
if sys.platform == "darwin":
    _BUTTONS[2], _BUTTONS[3] = _BUTTONS[3], _BUTTONS[2]
_PLACES = {"win32": keymap.WINDOWS_PLACES, "darwin": {}}
_NOTCHES = {4: (0, 1), 5: (0, -1), 6: (-1, 0), 7: (1, 0)}  # X11's buttons for the wheel
_NOTCH = 1 if sys.platform == "darwin" else 120  # what one notch is in event.delta


class Mouse(Protocol):
    """Who has the mouse instead: places are pixels of the customer's desktop."""

    def pressed(self, x: int, y: int) -> None: ...

    def moved(self, x: int, y: int) -> None: ...

    def lifted(self) -> None: ...

    def put_away(self) -> None:
        """Escape was pressed."""
        ...


class Hands:
    """`at` turns a place on the widget into one on the canvas; `place()` gives the fit and the picture's origin on the
    desktop, or None while there is no picture."""

    def __init__(
        self,
        widget: tk.Widget,
        at: Callable[[int, int], tuple[int, int]],
        say: Callable[[control.Up], None],
        place: Callable[[], tuple[Fit, int, int] | None],
        menu: Callable[[], None],
    ) -> None:
        self._widget, self._canvas_at = widget, at
        self._say, self._place, self._menu = say, place, menu
        windows = sys.platform == "win32"
        self._keyboard = Keyboard(windows, _PLACES.get(sys.platform, keymap.X11_PLACES))
        self._buttons: set[int] = set()
        self._settling: str | None = None
        self._moving: str | None = None
        self._move: Move | None = None
        self.over = False  # the technician's pointer is on the picture
        self._lent: Mouse | None = None
        self._bind()

    def lend(self, to: Mouse | None) -> None:
        """From now on the mouse is another's, or one's own again. Keys stay; but for Escape, which gives it back."""
        if to is not self._lent:
            self._move = None
            self.leave()
            self._lent = to

    def tap(self, *names: str) -> None:
        """Press keys one after the other and release them in reverse: for the menu."""
        for name in names:
            self._say(control.Key(name, True))
        for name in reversed(names):
            self._say(control.Key(name, False))

    def leave(self) -> None:
        """Let go of everything that is held over there."""
        said = self._keyboard.leave()
        if self._buttons and not said:
            said = [ReleaseAll()]
        self._buttons.clear()
        self._tell(said)

    def _bind(self) -> None:
        bind = self._widget.bind
        bind("<KeyPress>", self._key_down)
        bind("<KeyRelease>", self._key_up)
        bind("<FocusOut>", lambda event: self.leave())
        bind("<Motion>", self._moved)
        bind("<Enter>", self._moved)
        bind("<Leave>", self._left)
        bind("<ButtonPress>", self._button_down)
        bind("<ButtonRelease>", self._button_up)
        bind("<MouseWheel>", self._wheel)

    def _key_down(self, event: tk.Event[tk.Misc]) -> str:
        if event.keysym == MENU_KEY:
            self.leave()
            self._menu()
            return "break"
        if self._lent and event.keysym == "Escape":
            self._lent.put_away()
            return "break"
        state = event.state if isinstance(event.state, int) else 0
        self._flush_move()
        self._tell(self._keyboard.press(event.keycode, event.keysym, event.keysym_num, event.char, state))
        return "break"  # Tk's own use of Tab and F10 is not wanted here

    def _key_up(self, event: tk.Event[tk.Misc]) -> str:
        self._tell(self._keyboard.release(event.keycode))
        if self._keyboard.unsettled:
            if self._settling:
                self._widget.after_cancel(self._settling)
            self._settling = self._widget.after(SETTLE_MS, self._settle)
        return "break"

    def _settle(self) -> None:
        self._settling = None
        self._tell(self._keyboard.settle())

    def _moved(self, event: tk.Event[tk.Misc]) -> None:
        if self._lent:
            place = self._at(event, anywhere=True)
            if place:
                self._lent.moved(place.x, place.y)
            return
        self._move = self._at(event, anywhere=bool(self._buttons))
        if self._moving is None:
            self._flush_move()
            self._moving = self._widget.after(MOTION_MS, self._paced)

    def _paced(self) -> None:
        self._moving = None
        self._flush_move()

    def _flush_move(self) -> None:
        if self._move is not None:
            self._say(self._move)
            self._move = None

    def _left(self, event: tk.Event[tk.Misc]) -> None:
        self.over = False

    def _button_down(self, event: tk.Event[tk.Misc]) -> None:
        self._widget.focus_set()
        number = event.num if isinstance(event.num, int) else 0
        if self._lent:
            place = self._at(event, anywhere=False)
            if place and number == 1:
                self._lent.pressed(place.x, place.y)
        elif number in _NOTCHES:
            self._notch(event, *_NOTCHES[number])
        elif number in _BUTTONS and self._go(event):
            self._buttons.add(number)
            self._say(Button(_BUTTONS[number], True))

    def _button_up(self, event: tk.Event[tk.Misc]) -> None:
        number = event.num if isinstance(event.num, int) else 0
        if self._lent and number == 1:
            self._moved(event)
            self._lent.lifted()
        elif number in self._buttons:
            self._go(event)
            self._buttons.discard(number)
            self._say(Button(_BUTTONS[number], False))

    def _wheel(self, event: tk.Event[tk.Misc]) -> None:
        self._notch(event, 0, _notches(event.delta))

    def _notch(self, event: tk.Event[tk.Misc], dx: int, dy: int) -> None:
        if self._lent:
            return
        state = event.state if isinstance(event.state, int) else 0
        if state & SHIFT and not self._keyboard.shift:
            dx, dy = -dy, 0  # a wheel that tilts: Tk tells it as the other one with a Shift that nobody holds
        if self._go(event):
            self._say(Wheel(dx, dy))

    def _go(self, event: tk.Event[tk.Misc]) -> bool:
        """Brings the pointer and the modifiers over there where they are here. False beside the picture."""
        move = self._at(event, anywhere=bool(self._buttons))
        if move is None:
            return False
        self._move = move
        self._flush_move()
        self._tell(self._keyboard.hold())
        return True

    def _at(self, event: tk.Event[tk.Misc], *, anywhere: bool) -> Move | None:
        """Where on the customer's desktop that is. Beside the picture: the nearest pixel with `anywhere`, else None."""
        place = self._place()
        self.over = False
        if place is None:
            return None
        fit, left, top = place
        x, y = self._canvas_at(event.x, event.y)
        self.over = fit.inside(x, y)
        if not (self.over or anywhere):
            return None
        column, row = fit.to_picture(x, y)
        return Move(left + column, top + row)

    def _tell(self, said: list[control.Key | control.Type | ReleaseAll]) -> None:
        for message in said:
            self._say(message)


def _notches(delta: int) -> int:
    """At least one: a touchpad reports parts of a notch."""
    return (abs(delta) // _NOTCH or 1) * (1 if delta > 0 else -1)
