"""How much comes in a second, how many updates, and how exact they are: in a person's words. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from rs_relay.channels.screen.messages import Colours

SPAN = 2.0  # seconds that are looked at: whole moments, so that the eye can read it
EXACTLY = {Colours.ALL: "exact", Colours.C256: "256 colours", Colours.GREYS: "16 greys"}


class Meter:
    """Amounts as they come. One thread may `count` while another asks for the `rate`."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._counted: deque[tuple[float, int]] = deque(maxlen=4096)

    def count(self, amount: int = 1) -> None:
        self._counted.append((self._clock(), amount))

    def rate(self) -> float:
        """In a second."""
        since = self._clock() - SPAN
        while self._counted and self._counted[0][0] < since:
            self._counted.popleft()
        return sum(amount for _, amount in tuple(self._counted)) / SPAN


def bits(a_second: float) -> str:
    """Bytes a second as a person reads them on a line: kbit/s, Mbit/s."""
    kilobits = a_second * 8 / 1000
    if kilobits < 10:
        return f"{kilobits:.1f} kbit/s"
    return f"{kilobits:.0f} kbit/s" if kilobits < 1000 else f"{kilobits / 1000:.1f} Mbit/s"


def exactness(colours: Colours, lossy: int, codec: str) -> str:
    """Whether each pixel is the customer's own; `lossy` tiles are not, as `codec` has them."""
    if lossy:
        return f"{codec}, {lossy} tile{'s' * (lossy != 1)} not exact yet"
    return EXACTLY[colours]
