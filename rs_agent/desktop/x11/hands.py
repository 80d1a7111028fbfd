"""The technician's hands on an X display: pointer, buttons, wheel and keys, over XTEST.

Law: what these hands pressed and did not release is in `_keys` and `_buttons`, and `release_all` lets go of exactly
that, whatever other hands hold. Several threads may call; a long text is typed in short pieces, between which a
`release_all` gets its turn and ends it.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

from Xlib import X

from rs_agent.desktop.x11.typist import Typist
from rs_relay.capture.x11.connection import speaking
from rs_relay.channels.control.keys import MODIFIERS, is_key
from rs_relay.errors import LocalProblem, PeerBroke

BUTTONS = {"left": 1, "middle": 2, "right": 3, "back": 8, "forward": 9}
UP, DOWN, LEFT, RIGHT = 4, 5, 6, 7
MAX_NOTCHES = 32  # one message turns the wheel so far and no further: 30 notches scroll some 90 lines
MAX_PLACE = 32767  # X coordinates are 16 bits; the server itself keeps the pointer on the desktop


class X11Hands:
    """`closed` is called once, when these hands need `typist` no more."""

    def __init__(self, typist: Typist, closed: Callable[[], None] = lambda: None) -> None:
        self._typist = typist
        self._closed: Callable[[], None] | None = closed
        self._keys: dict[str, int] = {}
        self._buttons: dict[str, int] = {}
        self._cut = threading.Condition(typist.lock)
        self._cuts = 0

    def move(self, x: int, y: int) -> None:
        with self._cut, speaking():
            place = {"x": _clamp(x, 0, MAX_PLACE), "y": _clamp(y, 0, MAX_PLACE)}
            self._typist.display.xtest_fake_input(X.MotionNotify, 0, **place)
            self._typist.display.sync()

    def button(self, name: str, down: bool) -> None:
        if name not in BUTTONS:
            raise PeerBroke("The other end named a mouse button that does not exist.")
        with self._cut, speaking():
            if down and name not in self._buttons:
                self._buttons[name] = self._physical(BUTTONS[name])
                self._fake_button(X.ButtonPress, self._buttons[name])
            elif not down and name in self._buttons:
                self._fake_button(X.ButtonRelease, self._buttons.pop(name))
            self._typist.display.sync()

    def _physical(self, logical: int) -> int:
        """The button that means `logical` here: left-handed people have them swapped."""
        mapping = list(self._typist.display.get_pointer_mapping())
        return mapping.index(logical) + 1 if logical in mapping else logical

    def _fake_button(self, kind: int, physical: int) -> None:
        self._typist.display.xtest_fake_input(kind, physical)

    def wheel(self, dx: int, dy: int) -> None:
        with self._cut, speaking():
            for notches, button in ((dy, UP if dy > 0 else DOWN), (dx, RIGHT if dx > 0 else LEFT)):
                for _ in range(min(abs(notches), MAX_NOTCHES)):
                    self._fake_button(X.ButtonPress, button)
                    self._fake_button(X.ButtonRelease, button)
            self._typist.display.sync()

    def key(self, name: str, down: bool) -> None:
        if not is_key(name):
            raise PeerBroke("The other end named a key that does not exist.")
        with self._cut, speaking():
            if not down:
                self._release(name)
            elif name in self._keys:
                self._typist.repeat(self._keys[name])
                self._typist.display.sync()
            else:
                self._keys[name] = self._typist.press(name)

    def _release(self, name: str) -> None:
        """A letter pressed with Shift may be released without it: it is the same key."""
        for called in (name, name.lower(), name.upper()):
            if called in self._keys:
                self._typist.let_go(self._keys.pop(called))
                self._typist.display.sync()
                return

    def text(self, text: str) -> None:
        at = 0
        with self._cut:
            cuts = self._cuts
        while at < len(text):
            with self._cut, speaking():
                if self._cuts != cuts:
                    return
                at, wait = self._typist.type_some(text, at)
                if wait:
                    self._cut.wait(wait)

    def release_all(self) -> None:
        """(A desktop that has ended holds nothing: that is not an error here.)"""
        with self._cut, contextlib.suppress(LocalProblem), speaking():
            self._cuts += 1
            self._cut.notify_all()
            # Modifiers last: a shortcut's key must not come up as a letter, nor be repeated as one.
            for name in sorted(self._keys, key=lambda name: name in MODIFIERS):
                self._typist.let_go(self._keys.pop(name))
            for name in list(self._buttons):
                self._fake_button(X.ButtonRelease, self._buttons.pop(name))
            self._typist.display.sync()

    def close(self) -> None:
        closed, self._closed = self._closed, None
        if closed is not None:
            self.release_all()
            closed()


def _clamp(value: int, low: int, high: int) -> int:
    return max(low, min(value, high))
