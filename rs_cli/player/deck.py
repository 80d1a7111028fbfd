"""How far a recording has played: position, pace, and what moves them. Pure; the clock is handed in.

    stopped ──toggle──▶ playing ──toggle, the end──▶ stopped           seek, speed: in either

At the end, `toggle` begins anew from the start. Positions are milliseconds of the recording, 0 to `duration`.
"""

from __future__ import annotations

SPEEDS = (0.5, 1.0, 2.0, 4.0, 8.0)


class Deck:
    def __init__(self, duration: int, now: float) -> None:
        """`now` is in seconds of any clock that only goes forward, here and below."""
        self.duration = duration
        self.playing = False
        self.speed = 1.0
        self._at = 0.0  # where it was at `_since`
        self._since = now

    def position(self, now: float) -> int:
        moved = (now - self._since) * 1000 * self.speed if self.playing else 0.0
        return round(min(self._at + moved, self.duration))

    def look(self, now: float) -> int:
        """The position; stops at the end."""
        at = self.position(now)
        if self.playing and at >= self.duration:
            self._hold(now)
            self.playing = False
        return at

    def toggle(self, now: float) -> None:
        self._hold(now)
        if not self.playing and self._at >= self.duration:
            self._at = 0.0
        self.playing = not self.playing

    def seek(self, to: int, now: float) -> None:
        """To that moment, or the nearest there is."""
        self._hold(now)
        self._at = float(max(0, min(to, self.duration)))

    def step(self, by: int, now: float) -> None:
        self.seek(self.position(now) + by, now)

    def go(self, speed: float, now: float) -> None:
        """At one of SPEEDS."""
        self._hold(now)
        self.speed = speed

    def faster(self, steps: int, now: float) -> None:
        """So many steps up in SPEEDS, or down."""
        at = SPEEDS.index(self.speed) + steps
        self.go(SPEEDS[max(0, min(at, len(SPEEDS) - 1))], now)

    def _hold(self, now: float) -> None:
        self._at = float(self.position(now))
        self._since = now
