"""A desktop made of memory: for tests, and for a computer without a display that is helped by chat and files.

The picture is an array anybody may draw on; what hands do is a list of tuples; the clipboard is a string. It keeps the
promises of `base` to the letter (clamping, no echo, what is held is let go), so a feature that works here works there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from rs_agent.desktop.base import (
    CLIPBOARD_LIMIT,
    Area,
    Change,
    ClipboardTooLarge,
    Kept,
    Monitor,
    Overlay,
    Pixels,
    PointerPlace,
    PointerShape,
    ScreenChanged,
)
from rs_relay.channels.control.keys import is_key
from rs_relay.clipboard.contents import Contents, Format, Raw, text_alone
from rs_relay.errors import LocalProblem, PeerBroke
from rs_relay.link.spec import Permission

BUTTONS = frozenset({"left", "middle", "right", "back", "forward"})
Act = tuple[str | int | bool, ...]


@dataclass
class Room:
    """What all parts of one headless desktop share. Set `picture` or `monitors` to change what is seen."""

    picture: Pixels
    monitors: tuple[Monitor, ...] = ()
    pointer: PointerPlace = field(default_factory=lambda: PointerPlace(0, 0))
    acts: list[Act] = field(default_factory=list)
    text: str = ""
    watchers: list[tuple[object, Callable[[], None]]] = field(default_factory=list)
    changeable: frozenset[Change] = frozenset()
    changed: frozenset[Change] = frozenset()
    lock: threading.RLock = field(default_factory=threading.RLock)

    def clamp(self, x: int, y: int) -> PointerPlace:
        height, width = self.picture.shape[:2]
        return PointerPlace(max(0, min(x, width - 1)), max(0, min(y, height - 1)))


class HeadlessScreen:
    def __init__(self, room: Room) -> None:
        self._room = room

    def monitors(self) -> tuple[Monitor, ...]:
        everything = self.bounds()
        whole = Monitor("headless", 0, 0, everything.width, everything.height, primary=True)
        return self._room.monitors or (whole,)

    def bounds(self) -> Monitor:
        height, width = self._room.picture.shape[:2]
        return Monitor("all", 0, 0, width, height)

    def watch(self, changed: Callable[[], None]) -> bool:
        return False

    def damaged(self) -> tuple[Area, ...] | None:
        return None

    def shape(self) -> PointerShape | None:
        return None

    def focus(self) -> Area | None:
        return None

    def grab(self, area: Monitor, parts: Sequence[Area] | None = None) -> Pixels:
        with self._room.lock:
            all_ = self.bounds()
            inside = area.x >= 0 and area.y >= 0 and area.width > 0 and area.height > 0
            if not inside or area.x + area.width > all_.width or area.y + area.height > all_.height:
                raise ScreenChanged("The screen of this computer has just changed its size or its monitors.", "")
            return self._room.picture[area.y : area.y + area.height, area.x : area.x + area.width].copy()

    def pointer(self) -> PointerPlace:
        return self._room.pointer

    def close(self) -> None:
        """Nothing is held."""


class HeadlessHands:
    def __init__(self, room: Room) -> None:
        self._room = room
        self._held: dict[tuple[str, str], None] = {}  # in the order of pressing

    def move(self, x: int, y: int) -> None:
        with self._room.lock:
            self._room.pointer = self._room.clamp(x, y)
            self._room.acts.append(("move", self._room.pointer.x, self._room.pointer.y))

    def button(self, name: str, down: bool) -> None:
        if name not in BUTTONS:
            raise PeerBroke("The other end named a mouse button that does not exist.")
        self._hold("button", name, down)

    def wheel(self, dx: int, dy: int) -> None:
        self._room.acts.append(("wheel", dx, dy))

    def key(self, name: str, down: bool) -> None:
        if not is_key(name):
            raise PeerBroke("The other end named a key that does not exist.")
        self._hold("key", name, down)

    def text(self, text: str) -> None:
        self._room.acts.append(("text", text))

    def _hold(self, kind: str, name: str, down: bool) -> None:
        with self._room.lock:
            if down:
                self._held[kind, name] = None
            elif self._held.pop((kind, name), 0) == 0:
                return  # was not held
            self._room.acts.append((kind, name, down))

    def release_all(self) -> None:
        with self._room.lock:
            for kind, name in reversed(list(self._held)):
                self._hold(kind, name, False)

    def close(self) -> None:
        self.release_all()


class HeadlessClipboard:
    def __init__(self, room: Room) -> None:
        self._room = room

    def get(self, limit: int = CLIPBOARD_LIMIT) -> str:
        size = len(self._room.text.encode("utf-8", "replace"))
        if size > limit:
            raise ClipboardTooLarge(size)
        return self._room.text

    def set(self, text: str) -> None:
        size = len(text.encode("utf-8", "replace"))
        if size > CLIPBOARD_LIMIT:
            raise ClipboardTooLarge(size)
        _put(self._room, text, by=self)

    def formats(self) -> frozenset[Format]:
        raise text_alone()

    def read(self, wanted: Format, limit: int) -> Raw | None:
        raise text_alone()

    def put(self, contents: Contents) -> None:
        raise text_alone()

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        entry = (self, changed)
        self._room.watchers.append(entry)

        def stop() -> None:
            if entry in self._room.watchers:
                self._room.watchers.remove(entry)

        return stop

    def close(self) -> None:
        with self._room.lock:
            self._room.watchers[:] = [entry for entry in self._room.watchers if entry[0] is not self]


class HeadlessKeeper:
    """Holds what the room lets be changed: nothing, unless somebody says otherwise."""

    def __init__(self, room: Room, told: Callable[[Kept], None]) -> None:
        self._room, self._tell = room, told

    def want(self, changes: frozenset[Change]) -> None:
        self._room.changed = changes & self._room.changeable
        cannot = dict.fromkeys(changes - self._room.changeable, "This computer has no screen to do that to.")
        self._tell(Kept(self._room.changed, cannot))

    def close(self) -> None:
        self._room.changed = frozenset()


class HeadlessDesktop:
    """`room` is what there is to see and what has been done; `copy` is somebody at this computer copying a text."""

    name = "headless"

    def __init__(self, width: int = 1024, height: int = 768) -> None:
        self.room = Room(np.zeros((height, width, 4), np.uint8))

    def screen(self) -> HeadlessScreen:
        return HeadlessScreen(self.room)

    def hands(self) -> HeadlessHands:
        return HeadlessHands(self.room)

    def clipboard(self) -> HeadlessClipboard:
        return HeadlessClipboard(self.room)

    def overlay(self) -> Overlay:
        raise LocalProblem("This desktop cannot be drawn over.")

    asks = False

    def allowed(self, permissions: frozenset[Permission]) -> None:
        """Nobody but rs asks here."""

    def stop_key(self, pressed: Callable[[], None]) -> str:
        return ""

    def seen(self, on: bool) -> None:
        """Nothing shows it here but the window of rs-agent."""

    def keep_in(self, folder: Path, *, lasting: bool = False) -> None:
        """Memory needs nothing put back."""

    def keeper(self, purpose: str, told: Callable[[Kept], None]) -> HeadlessKeeper:
        return HeadlessKeeper(self.room, told)

    def copy(self, text: str) -> None:
        _put(self.room, text, by=None)

    def close(self) -> None:
        """Nothing is held."""


def _put(room: Room, text: str, by: object) -> None:
    """A new text in the clipboard; told to all but who put it, from another thread, as `base` promises."""
    with room.lock:
        room.text = text
        told = [changed for owner, changed in room.watchers if owner is not by]
    for changed in told:
        threading.Thread(target=changed, name="rs-clipboard-watch", daemon=True).start()
