"""How many bytes of files and tunnels may be under way: pure, the clock handed in.

On a slow line whatever was handed to the network stands before the next key press, for seconds: in the kernel's buffers
here, at the relay, in the modem. None of them can be asked. So the other end is: a ping is answered when all that was
sent before it has arrived, which tells how much is under way, how fast it goes, and how long it waits.

    opening    little, and twice as much with each answer that came quickly: in some round trips it need not be counted
    counted    what the line carries in its own round trip and QUEUE more
    free       any number; a ping now and then shows whether that is still right
"""

from __future__ import annotations

from collections import deque

OPENING = 4 * 1024  # bytes under way
LEAST = 512
FREE = 1024 * 1024  # bytes: more need not be counted
QUEUE = 0.06  # seconds that bulk may wait in the line
LATE = 0.12  # seconds over the quickest round trip: it waits
VERY_LATE, SLOW = 1.0, 256 * 1024  # seconds, bytes a second: a free line is counted again
SAMPLE = 0.1  # seconds a rate is measured over, at least
SAMPLES = 8
CHECK = 0.5  # seconds between two pings on a free line
GROWTH = 1.4  # once it has been late
EVERY = 360  # bytes between two pings, at least: each costs a tenth of that
MARKS = 64  # pings under way at most


class Ration:
    """`sent`, `pinged` and `answered` tell what happened; `room` says what may leave."""

    def __init__(self, now: float) -> None:
        self._window: float | None = OPENING
        self._settled = False
        self._changed = now  # when the window was, last
        self._quickest = float("inf")
        self._sent = self._arrived = self._marked = 0  # bytes: handed over, known to be there, at the last ping
        self._bulk = False  # some of it since the last ping
        self._marks: deque[tuple[int, float, int]] = deque()  # stamp, when, bytes sent before it
        self._stamp = 0
        self._pinged = now
        self._since: float | None = None  # a rate is measured from here
        self._from = 0
        self._rates: deque[float] = deque(maxlen=SAMPLES)

    @property
    def quickest(self) -> float | None:
        """Seconds of the quickest round trip so far."""
        return self._quickest if self._quickest < float("inf") else None

    def room(self) -> int | None:
        """Bytes of the bulk that waits that may leave at once, 0 while it has to go on waiting; None for any number."""
        if not self._bulk and not self._marks:  # the first after a rest: what was sent before has long been there
            self._arrived = self._marked = self._sent
            self._since = None
        if self._window is None:
            return None
        part = self._part(self._window)
        left = int(self._window) - (self._sent - self._arrived)
        return min(part, left) if left >= part / 2 else 0

    def _part(self, window: float) -> int:
        part = window / 3
        if self._settled and self._rates:
            part = min(part, max(self._rates) * QUEUE)
        return max(LEAST // 2, int(part))

    def sent(self, size: int, bulk: bool) -> None:
        self._sent += size
        self._bulk = self._bulk or bulk

    def due(self, now: float) -> bool:
        """Whether to ask how far it is."""
        if not self._bulk or len(self._marks) >= MARKS:
            return False
        if self._window is None:
            return now - self._pinged >= CHECK
        return self._sent - self._marked >= max(EVERY, self._window / 8)

    def ping(self, now: float) -> int:
        """The stamp of a ping that leaves now."""
        self._stamp += 1
        self._marks.append((self._stamp, now, self._sent))
        self._pinged, self._marked, self._bulk = now, self._sent, False
        return self._stamp

    def answered(self, now: float, stamp: int) -> float | None:
        """The other end answered; the round trip in seconds, None if nobody asked for that."""
        while self._marks and self._marks[0][0] <= stamp:
            found, at, before = self._marks.popleft()
            if found == stamp:
                self._learn(now, at, before)
                return now - at
        return None

    def _learn(self, now: float, at: float, before: int) -> None:
        """A ping of `at`, sent after `before` bytes, was answered."""
        used = self._window is not None and self._sent - self._arrived >= self._window / 2
        self._arrived = before
        if self._since is None:
            self._since, self._from = now, before
        elif now - self._since >= SAMPLE:
            self._rates.append((before - self._from) / (now - self._since))
            self._since, self._from = now, before
        self._quickest = min(self._quickest, now - at)
        if at < self._changed:
            return  # it tells of what was before
        over = now - at - self._quickest
        window = self._window
        if window is None:
            if over > VERY_LATE and self._rates and self._rates[-1] < SLOW:
                rate = self._rates[-1]  # those before are of a quicker line
                self._rates.clear()
                self._settle(now, rate)
            return
        rate = max(self._rates, default=0.0)
        own = self._part(window) / rate if rate else 0.0  # seconds that the part before the ping takes by itself
        if over > LATE + own:
            self._settle(now, rate or window / (now - at))
        elif used:
            # (once it has been late no more than a little over what has gone through, which is then measured again)
            grown = GROWTH * max(rate * (self._quickest + QUEUE), LEAST) if self._settled else 2 * window
            self._window, self._changed = grown if grown <= FREE else None, now

    def _settle(self, now: float, rate: float) -> None:
        self._window, self._changed = max(LEAST, rate * (self._quickest + QUEUE)), now
        self._settled = True
