"""The machine behind protocols: all that a feature may know of the computer it runs on.

Every method may block for some milliseconds (an X round trip, a helper program) and is called off the event loop
unless it says otherwise. A desktop that lacks one of the four parts raises `LocalProblem` when it is asked for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from rs_relay.errors import LocalProblem, TooLarge

if TYPE_CHECKING:  # an agent that only shows its code has no need of numpy
    import numpy as np
    import numpy.typing as npt

Pixels: TypeAlias = "npt.NDArray[np.uint8]"  # shape (height, width, 4), byte order B, G, R, X (X is undefined)
CLIPBOARD_LIMIT = 10 * 1024 * 1024  # bytes of UTF-8 that a clipboard gives or takes: more never sits in memory whole


class ScreenChanged(LocalProblem):
    """The area is not (wholly) on the desktop now: a monitor went, or its mode changed. Read `monitors` again."""


class ClipboardTooLarge(TooLarge):
    """The clipboard's text is over the limit. `size` is its size in bytes, or what is known of it at least."""

    def __init__(self, size: int) -> None:
        super().__init__("The clipboard holds more than rs carries.", "Save it to a file and send the file.")
        self.size = size


@dataclass(frozen=True)
class Monitor:
    """One monitor. `x`, `y` in pixels of the whole desktop, whose origin is its top left corner."""

    name: str
    x: int
    y: int
    width: int
    height: int
    primary: bool = False


@dataclass(frozen=True)
class PointerPlace:
    x: int  # pixels of the whole desktop
    y: int


class Screen(Protocol):
    """Sees. One thread at a time; `close` ends it."""

    def monitors(self) -> tuple[Monitor, ...]:
        """The monitors as they are now, read afresh (hot-plug); never empty."""
        ...

    def bounds(self) -> Monitor:
        """The rectangle that holds all monitors, as a Monitor named 'all'."""
        ...

    def grab(self, area: Monitor) -> Pixels:
        """The pixels of `area` now; the array may be overwritten by the next grab. Raises ScreenChanged."""
        ...

    def pointer(self) -> PointerPlace: ...

    def close(self) -> None: ...


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
    """Text only, here. `get` returns '' for an empty or non-text clipboard, and for an owner that does not answer."""

    def get(self, limit: int = CLIPBOARD_LIMIT) -> str:
        """The text now. Raises ClipboardTooLarge when it is over `limit` bytes of UTF-8; it is not kept then."""
        ...

    def set(self, text: str) -> None:
        """Raises ClipboardTooLarge over CLIPBOARD_LIMIT."""
        ...

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Calls `changed` from another thread after each change by somebody else (not by `set`); returns a stop.

        `changed` may call `get`. Changes that come faster than `changed` returns are told as one.
        """
        ...

    def close(self) -> None: ...


class Desktop(Protocol):
    """Screen, hands and clipboard of one desktop; each made on first use."""

    name: str

    def screen(self) -> Screen:
        """A new Screen for the caller's own thread."""
        ...

    def hands(self) -> Hands: ...

    def clipboard(self) -> Clipboard: ...

    def close(self) -> None: ...
