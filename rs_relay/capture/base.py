"""What can be seen of a computer's screens: the protocol that `picture` works on, whoever's screen it is.

Every method may block for some milliseconds (an X round trip) and is called off the event loop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from rs_relay.errors import LocalProblem, NotAllowed

if TYPE_CHECKING:  # an agent that only shows its code has no need of numpy
    import numpy as np
    import numpy.typing as npt

Pixels: TypeAlias = "npt.NDArray[np.uint8]"  # shape (height, width, 4), byte order B, G, R, X (X is undefined)


class DisplayGone(LocalProblem):
    """What showed the desktop has ended, an X server for one. Another may begin in its place."""


class TakenBack(NotAllowed):
    """The person at the computer said no where their desktop itself asked them, or stopped it there."""


class ScreenChanged(LocalProblem):
    """The area is not (wholly) on the desktop now: a monitor went, or its mode changed. Read `monitors` again."""


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


@dataclass(frozen=True)
class PointerShape:
    """`pixels`: `width` by `height` of R, G, B, A (not premultiplied), rows from the top; a size of 0 is no pointer."""

    hot_x: int  # the pixel of it that is at the pointer's place
    hot_y: int
    width: int
    height: int
    pixels: bytes


@dataclass(frozen=True)
class Area:
    """A rectangle in pixels of the whole desktop, possibly reaching beyond it."""

    x: int
    y: int
    width: int
    height: int


class Screen(Protocol):
    """Sees. One thread at a time; `close` ends it."""

    def watch(self, changed: Callable[[], None]) -> bool:
        """Calls `changed`, from any thread, when something was drawn or the pointer looks different, once until the
        next `damaged`. False where that cannot be had: the screen must be looked at to know."""
        ...

    def damaged(self) -> tuple[Area, ...] | None:
        """Where something was drawn since the last call: to be asked before a grab, never after. None: anywhere."""
        ...

    def shape(self) -> PointerShape | None:
        """How the pointer looks, the same object as long as it looks the same; None where that is not known."""
        ...

    def focus(self) -> Area | None:
        """The window that has the keyboard, without its frame; None where that is not known or nothing has it."""
        ...

    def monitors(self) -> tuple[Monitor, ...]:
        """The monitors as they are now, read afresh (hot-plug); never empty."""
        ...

    def bounds(self) -> Monitor:
        """The rectangle that holds all monitors, as a Monitor named 'all'."""
        ...

    def grab(self, area: Monitor, parts: Sequence[Area] | None = None) -> Pixels:
        """The pixels of `area`. Where `parts` are given, at least those are as they are now, and the rest is as it was
        when the same area was last grabbed, or newer. The array is overwritten by the next grab, and nobody else may
        write to it. Raises ScreenChanged, after which all must be grabbed."""
        ...

    def pointer(self) -> PointerPlace: ...

    def close(self) -> None: ...
