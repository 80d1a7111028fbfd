"""When to try again: soon at first, then slower, never all at once (full jitter).

100 ms is below what a person notices; 10 s keeps a thousand clients from trampling a relay that comes back.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

FIRST, LONGEST = 0.1, 10.0  # seconds


def _uniform() -> float:
    return secrets.randbelow(1_000_000) / 1_000_000


class Backoff:
    """`next()` gives the seconds to wait before the next try; `reset()` after a success."""

    def __init__(self, uniform: Callable[[], float] = _uniform) -> None:
        self._uniform = uniform
        self._tries = 0

    def next(self) -> float:
        ceiling = min(LONGEST, FIRST * 2.0**self._tries)
        self._tries = min(self._tries + 1, 16)
        # at least half the ceiling: a burst of instant retries helps nobody
        return ceiling * (0.5 + self._uniform() / 2)

    def reset(self) -> None:
        self._tries = 0
