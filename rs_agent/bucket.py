"""How fast the other side may go: a bucket of so many, that fills again with so many a second.

It never refuses: it says how long to wait, and an end that is not read from stops by itself (credit).
"""

from __future__ import annotations

from collections.abc import Callable


class Bucket:
    def __init__(self, burst: int, per_second: float, clock: Callable[[], float]) -> None:
        self._slack = burst / per_second
        self._step = 1 / per_second
        self._clock = clock
        self._full_at = clock()  # when the bucket will be full again

    def take(self) -> float:
        """Takes one; the seconds to wait before acting on it (0.0 while the bucket was not empty)."""
        now = self._clock()
        self._full_at = max(self._full_at, now) + self._step
        return max(0.0, self._full_at - now - self._slack)
