"""The hands through pynput. What was pressed and not released is in `_held`; `release_all` lets go of exactly that."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from rs_agent.desktop.portable.keys import Key
from rs_relay.channels.control.keys import is_key
from rs_relay.errors import LocalProblem, PeerBroke

# pynput's names; the two of the thumb are x1 and x2 on Windows, and lacking on macOS.
BUTTONS = {"left": "left", "middle": "middle", "right": "right", "back": "x1", "forward": "x2"}
MAX_NOTCHES = 32


class PortableHands:
    """`keyboard` and `mouse` are pynput's modules of these names, `table` the system's keys, `origin` the place of the
    desktop's top left corner by the system's count."""

    def __init__(self, keyboard: Any, mouse: Any, table: Mapping[str, Key], origin: tuple[int, int]) -> None:
        self._modules = keyboard, mouse
        self._keyboard, self._mouse = keyboard.Controller(), mouse.Controller()
        self._table, self._origin = table, origin
        self._held: dict[tuple[str, str], Any] = {}
        self._lock = threading.RLock()
        self._cuts = 0

    def move(self, x: int, y: int) -> None:
        with self._lock:
            self._mouse.position = (max(0, x) + self._origin[0], max(0, y) + self._origin[1])

    def button(self, name: str, down: bool) -> None:
        if name not in BUTTONS:
            raise PeerBroke("The other end named a mouse button that does not exist.")
        with self._lock:
            if down and ("button", name) not in self._held:
                button = getattr(self._modules[1].Button, BUTTONS[name], None)
                if button is None:
                    raise LocalProblem("This computer has no such mouse button.", "")
                self._mouse.press(button)
                self._held["button", name] = button
            elif not down and ("button", name) in self._held:
                self._mouse.release(self._held.pop(("button", name)))

    def wheel(self, dx: int, dy: int) -> None:
        with self._lock:
            self._mouse.scroll(_clamp(dx), _clamp(dy))

    def key(self, name: str, down: bool) -> None:
        if not is_key(name):
            raise PeerBroke("The other end named a key that does not exist.")
        with self._lock:
            if not down:
                self._release(name)
                return
            key = self._held.get(("key", name)) or self._key(name)
            self._keyboard.press(key)
            self._held["key", name] = key

    def _key(self, name: str) -> Any:
        """A pynput Key, or KeyCode, or a character."""
        if name not in self._table:
            return name
        entry = self._table[name]
        if isinstance(entry, int):
            return self._modules[0].KeyCode.from_vk(entry)
        found = getattr(self._modules[0].Key, entry, None) if entry else None
        if found is None:
            raise LocalProblem("This computer's keyboard has no such key.", "")
        return found

    def _release(self, name: str) -> None:
        """A letter pressed with Shift may be released without it: it is the same key."""
        for called in (name, name.lower(), name.upper()):
            if ("key", called) in self._held:
                self._keyboard.release(self._held.pop(("key", called)))
                return

    def text(self, text: str) -> None:
        with self._lock:
            cuts = self._cuts
        for character in text.replace("\r\n", "\n"):
            with self._lock:
                if self._cuts != cuts:
                    return
                self._keyboard.type(character)

    def release_all(self) -> None:
        with self._lock:
            self._cuts += 1
            for kind, name in reversed(list(self._held)):
                held = self._held.pop((kind, name))
                (self._mouse if kind == "button" else self._keyboard).release(held)

    def close(self) -> None:
        self.release_all()


def _clamp(notches: int) -> int:
    return max(-MAX_NOTCHES, min(notches, MAX_NOTCHES))
