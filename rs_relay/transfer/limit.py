"""How many bytes a second a batch may say, where a person has set a limit. Pure: the clock is handed in.

A bucket of tokens that may be overdrawn: what is under way was already read, so it is said whole and its price waited
for afterwards. Over any stretch of time no more goes than `rate` times its length, and SAVED seconds of it.
"""

from __future__ import annotations

from math import inf

from rs_relay.transfer.messages import PIECE_MAX, PIECE_MIN, UNKNOWN

ENVELOPE = 64  # bytes counted for a message beside its content
SAVED = 0.1  # seconds' worth that may be caught up on after a pause of the source
PIECE_TIME = 0.05  # seconds one piece may take: a limit is felt as slowness, never as a stutter
HELD = 0  # the rate at which nothing moves


class Limit:
    """`rate`: bytes/s; UNKNOWN: none but the line's; HELD: nothing for now."""

    def __init__(self, rate: int = UNKNOWN) -> None:
        self.rate = rate
        self._tokens = 0.0
        self._at = 0.0

    @property
    def piece(self) -> int:
        """Bytes a piece may have at most."""
        return PIECE_MAX if self.rate < 0 else max(PIECE_MIN, min(PIECE_MAX, int(self.rate * PIECE_TIME)))

    def set(self, rate: int, now: float) -> None:
        self._fill(now)
        if self.rate <= 0 or rate <= 0:
            self._tokens = 0.0  # what was saved or owed at another pace is neither
        self.rate, self._at = rate, now

    def wait(self, now: float) -> float:
        """Seconds until something may be said; 0 for now, inf until the rate is set anew."""
        if self.rate < 0:
            return 0.0
        if self.rate == HELD:
            return inf
        self._fill(now)
        return max(0.0, -self._tokens / self.rate)

    def said(self, size: int, now: float) -> None:
        if self.rate > 0:
            self._fill(now)
            self._tokens -= size + ENVELOPE

    def _fill(self, now: float) -> None:
        if self.rate > 0:
            self._tokens = min(self.rate * SAVED, self._tokens + self.rate * (now - self._at))
        self._at = now
