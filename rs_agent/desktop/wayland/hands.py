"""The hands through the portal's RemoteDesktop. What was pressed and not released is in `_held`; `release_all` lets go
of exactly that.

A key is named by its keysym; the compositor finds the key that has it, Shift included. A character that the layout of
the computer lacks is one that the compositor may pass over: it says nothing of it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

from rs_agent.desktop.x11.keysyms import SPECIAL, keysyms
from rs_relay.capture.wayland.places import Placed, under
from rs_relay.channels.control.keys import is_key
from rs_relay.errors import LocalProblem, NotAllowed, PeerBroke

BUTTONS = {"left": 0x110, "right": 0x111, "middle": 0x112, "back": 0x113, "forward": 0x114}  # linux/input-event-codes.h
MAX_NOTCHES = 32
_VERTICAL, _HORIZONTAL = 0, 1


class Session(Protocol):
    def notify(self, method: str, signature: str, *values: int | float) -> None: ...


class Typing(Protocol):
    """The person's leave to type, of `rs_relay.capture.wayland.leave`."""

    def typing(self) -> Session: ...

    def places(self) -> Sequence[Placed]: ...

    def check(self) -> None: ...


class WaylandHands:
    """Raises LocalProblem, or TakenBack, when this desktop or the person at it lets nobody type. The first to come may
    wait for the person."""

    def __init__(self, leave: Typing) -> None:
        self._leave = leave
        leave.typing()
        self._held: dict[tuple[str, str], Callable[[], None]] = {}  # how each is let go
        self._lock = threading.RLock()
        self._cuts = 0

    def _notify(self, method: str, signature: str, *values: int | float) -> None:
        self._leave.check()
        try:
            self._leave.typing().notify(method, signature, *values)
        except LocalProblem:
            self._leave.check()  # says better what happened
            raise

    def move(self, x: int, y: int) -> None:
        with self._lock:
            placed = under(self._leave.places(), x, y)
            if placed is None:
                self._leave.check()
                raise LocalProblem("This desktop shows no screen to point at.")
            self._notify("NotifyPointerMotionAbsolute", "udd", placed.source.node, *placed.within(x, y))

    def button(self, name: str, down: bool) -> None:
        if name not in BUTTONS:
            raise PeerBroke("The other end named a mouse button that does not exist.")
        with self._lock:
            if down and ("button", name) not in self._held:
                self._notify("NotifyPointerButton", "iu", BUTTONS[name], 1)
                self._held["button", name] = lambda: self._notify("NotifyPointerButton", "iu", BUTTONS[name], 0)
            elif not down and ("button", name) in self._held:
                self._held.pop(("button", name))()

    def wheel(self, dx: int, dy: int) -> None:
        with self._lock:
            for axis, notches in ((_VERTICAL, -dy), (_HORIZONTAL, dx)):
                if notches:
                    self._notify("NotifyPointerAxisDiscrete", "ui", axis, max(-MAX_NOTCHES, min(notches, MAX_NOTCHES)))

    def key(self, name: str, down: bool) -> None:
        if not is_key(name):
            raise PeerBroke("The other end named a key that does not exist.")
        with self._lock:
            if not down:
                self._release(name)
                return
            known = SPECIAL.get(name) or keysyms(name)
            if not known:
                raise LocalProblem("This computer's keyboard has no such key.", "")
            self._press(known[0])
            self._held["key", name] = lambda: self._lift(known[0])

    def _release(self, name: str) -> None:
        """A letter pressed with Shift may be released without it: it is the same key."""
        for called in (name, name.lower(), name.upper()):
            if ("key", called) in self._held:
                self._held.pop(("key", called))()
                return

    def _press(self, keysym: int) -> None:
        self._notify("NotifyKeyboardKeysym", "iu", keysym, 1)

    def _lift(self, keysym: int) -> None:
        self._notify("NotifyKeyboardKeysym", "iu", keysym, 0)

    def text(self, text: str) -> None:
        with self._lock:
            cuts = self._cuts
        for character in text.replace("\r\n", "\n"):
            with self._lock:
                if self._cuts != cuts:
                    return
                for keysym in keysyms(character)[:1]:
                    self._press(keysym)
                    self._lift(keysym)

    def release_all(self) -> None:
        with self._lock:
            self._cuts += 1
            while self._held:
                _name, let_go = self._held.popitem()
                with suppress(LocalProblem, NotAllowed):  # what is over holds nothing
                    let_go()

    def close(self) -> None:
        self.release_all()
