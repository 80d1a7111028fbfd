"""The machine behind protocols: all that a feature may know of the computer it runs on.

Every method may block for some milliseconds (an X round trip, a helper program) and is called off the event loop
unless it says otherwise. A desktop that lacks one of these parts raises `LocalProblem` when it is asked for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rs_agent.desktop.keeping import Change, Keeper, Kept
from rs_relay.capture.base import Area, Monitor, Pixels, PointerPlace, PointerShape, Screen, ScreenChanged
from rs_relay.channels.draw import Point, Tool
from rs_relay.clipboard.contents import CLIPBOARD_LIMIT, ClipboardTooLarge, Contents, Format, Raw
from rs_relay.drawing.board import Stroke
from rs_relay.link.spec import Permission

__all__ = [
    "CLIPBOARD_LIMIT", "Area", "Change", "Clipboard", "ClipboardTooLarge", "Contents", "Desktop", "Drawn", "Hands",
    "Keeper", "Kept", "Monitor", "Overlay", "Pixels", "PointerPlace", "PointerShape", "Screen", "ScreenChanged",
]  # fmt: skip


class Hands(Protocol):
    """Acts. `key` names are the neutral names of `rs_relay.channels.control.keys`. Any thread may call it."""

    def move(self, x: int, y: int) -> None:
        """Pointer to desktop pixel (x, y), clamped to the desktop."""
        ...

    def button(self, name: str, down: bool) -> None:
        """`left`, `middle`, `right`, `back`, `forward`."""
        ...

    def wheel(self, dx: int, dy: int) -> None:
        """Notches; positive dy is away from the user (up), positive dx is right."""
        ...

    def key(self, name: str, down: bool) -> None:
        """A special key by its neutral name, or one character (then the key that types it, for shortcuts).

        Letting go of what is not held does nothing. Raises PeerBroke for a name that is no key.
        """
        ...

    def text(self, text: str) -> None:
        """Types any Unicode text, whatever the layout. A `release_all` from another thread cuts it short."""
        ...

    def release_all(self) -> None:
        """Lets go of every key and button that this object pressed and has not released."""
        ...

    def close(self) -> None: ...


class Clipboard(Protocol):
    """`get` returns '' for an empty or non-text clipboard, and for an owner that does not answer.

    `formats`, `read` and `put` are those of `rs_relay.clipboard.contents.RichClipboard`; where a clipboard carries
    text alone they raise LocalProblem."""

    def get(self, limit: int = CLIPBOARD_LIMIT) -> str:
        """The text now. Raises ClipboardTooLarge when it is over `limit` bytes of UTF-8; it is not kept then."""
        ...

    def set(self, text: str) -> None:
        """Raises ClipboardTooLarge over CLIPBOARD_LIMIT."""
        ...

    def formats(self) -> frozenset[Format]: ...

    def read(self, wanted: Format, limit: int) -> Raw | None: ...

    def put(self, contents: Contents) -> None: ...

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Calls `changed` from another thread after each change by somebody else than this program; returns a stop.

        `changed` may call `get`. Changes that come faster than `changed` returns are told as one.
        """
        ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class Drawn:
    """A piece of what the person at this computer draws: pixels of the whole desktop. `last`: that was all."""

    points: tuple[Point, ...]
    last: bool


class Overlay(Protocol):
    """Drawings over the desktop, which take no click and cover nothing but themselves. Any thread may call it, and no
    method waits for the display."""

    def show(self, strokes: Mapping[int, Stroke]) -> None:
        """These, in this order, and no others. With none, nothing is over the desktop."""
        ...

    def take(self, tool: Tool, drawn: Callable[[Drawn], None]) -> None:
        """The mouse draws one stroke (of `tool`: which one matters for when it ends) instead of acting; `drawn` is told
        of it piece by piece from another thread, at last with `last`. It ends, too, when the person presses Escape or
        does nothing for a minute, and does not show the stroke: `show` does."""
        ...

    def close(self) -> None:
        """Nothing is over the desktop any more."""
        ...


class Desktop(Protocol):
    """Screen, hands, clipboard and overlay of one desktop; each made on first use."""

    name: str

    def screen(self) -> Screen:
        """A new Screen for the caller's own thread."""
        ...

    def hands(self) -> Hands: ...

    def clipboard(self) -> Clipboard: ...

    def overlay(self) -> Overlay: ...

    def keep_in(self, folder: Path, *, lasting: bool = False) -> None:
        """Where it is written what keepers have to put back. What an earlier run left there is put back, meanwhile.
        `lasting`: nobody may be here at the next session; what the desktop itself asks is asked once for all."""
        ...

    def allowed(self, permissions: frozenset[Permission]) -> None:
        """What the customer grants now, to anybody; nothing at a session's end. A desktop that asks the person itself
        asks for no more, and gives back what is over. Never waits."""
        ...

    @property
    def asks(self) -> bool:
        """The desktop has a question of its own on show, which `screen` or `hands` waits for."""
        ...

    def stop_key(self, pressed: Callable[[], None]) -> str:
        """A key that calls `pressed`, in a thread of its own, from any window of this desktop, until `close`.
        How people write it; '' where there is none."""
        ...

    def seen(self, on: bool) -> None:
        """Shows round the screen that somebody sees it, where this desktop can. Never waits; called on any thread."""
        ...

    def keeper(self, purpose: str, told: Callable[[Kept], None]) -> Keeper:
        """Changes that are put back, for one of `keeping.PURPOSES`. `told` is called from another thread."""
        ...

    def close(self) -> None: ...
