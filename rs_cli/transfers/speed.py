"""How fast it goes and how long it will take: of what really moves, smoothed. Pure: the clock is handed in."""

from __future__ import annotations

from math import exp

OVER = 3.0  # seconds over which the rate is averaged: a person reads a figure that jumps as no figure


class Speed:
    def __init__(self) -> None:
        self.rate = 0.0  # bytes/s
        self._at: float | None = None
        self._moved = 0
        self._known = 0.0  # seconds that have been averaged

    def moved(self, moved: int, now: float) -> None:
        """`moved` bytes in all have really moved by `now`. Fewer than before: it was counted anew."""
        if self._at is None:
            self._at, self._moved = now, moved
            return
        span = now - self._at
        if span <= 0:
            return
        rate = max(0, moved - self._moved) / span
        self._known += span
        # the first seconds are averaged plainly: an average that began at nothing would take OVER to be true
        share = max(1 - exp(-span / OVER), min(1.0, span / self._known))
        self.rate += share * (rate - self.rate)
        self._at, self._moved = now, moved

    def rest(self) -> None:
        """It stands still on purpose, or begins anew."""
        self.rate, self._at, self._known = 0.0, None, 0.0

    def left(self, size: int) -> float | None:
        """Seconds for `size` more bytes; None where nobody can say."""
        return size / self.rate if self.rate >= 1 and size >= 0 else None


def shown(seconds: float | None) -> str:
    """`8 s`, `2:05`, `1:02:03`; nothing where it is not known."""
    if seconds is None or seconds > 99 * 3600:
        return ""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
