"""How much comes in a second, and how many updates: over the last whole moments, so that the eye can read it. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

SPAN = 2.0  # seconds that are looked at


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
