"""What can be seen of a computer's screens: the protocol that `picture` works on, whoever's screen it is.

Every method may block for some milliseconds (an X round trip) and is called off the event loop.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from rs_relay.errors import LocalProblem

if TYPE_CHECKING:  # an agent that only shows its code has no need of numpy
    import numpy as np
    import numpy.typing as npt

Pixels: TypeAlias = "npt.NDArray[np.uint8]"  # shape (height, width, 4), byte order B, G, R, X (X is undefined)


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
