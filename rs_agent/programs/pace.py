"""How much of a shell's output may be on its way: what the line carries in a tenth of a second or so.

Whatever is on its way comes before the answer to a Ctrl-C. Pure; `now` in seconds of any clock that only goes forward.
"""

from __future__ import annotations

from collections import deque

SMALLEST, LARGEST = 4 * 1024, 64 * 1024  # bytes
FIRST = 16 * 1024
QUICK, SLOW = 0.1, 0.25  # seconds from saying to seen


class Pace:
    def __init__(self, at: int) -> None:
        self.window = FIRST
        self._seen = self._said = at
        self._when: deque[tuple[int, float]] = deque()

    @property
    def seen(self) -> int:
        return self._seen

    @property
    def said_to(self) -> int:
        return self._said

    @property
    def room(self) -> int:
        """Bytes that may be said now."""
        return max(0, self.window - (self._said - self._seen))

    def said(self, size: int, now: float) -> None:
        self._said += size
        self._when.append((self._said, now))

    def heard(self, total: int, now: float) -> bool:
        """So much is seen; False if nobody said that much, or it was seen before."""
        if not self._seen <= total <= self._said:
            return False
        full = self._said - self._seen >= self.window // 2
        took = 0.0
        while self._when and self._when[0][0] <= total:
            took = now - self._when.popleft()[1]
        self._seen = total
        if took > SLOW:
            self.window = max(SMALLEST, self.window // 2)
        elif full and took < QUICK:
            self.window = min(LARGEST, self.window * 2)
        return True
