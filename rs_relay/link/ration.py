"""How many bytes of files and tunnels may be under way: pure, the clock handed in.

On a slow line whatever was handed to the network stands before the next key press, for seconds: in the kernel's buffers
here, at the relay, in the modem. None of them can be asked. So the other end is: a ping is answered when all that was
sent before it has arrived, which tells how much is under way, how fast it goes, and how long it waits.

    opening    little, and twice as much with each answer that came quickly: in some round trips it need not be counted
    counted    as much as makes an answer come `_spare` later than over an empty line, and no more
    free       any number; a ping now and then shows whether that is still right

Several links share a line and know nothing of each other, but they see the same wait: each scales what it has under
way by the wait that may be over the wait that is (the idea of FAST TCP), so it is the same wait for one link as for
ten. For that each must know the empty line's round trip, also one that was opened when it was full: `Line` is that.

A packet that was lost delays all behind it as a queue does, but less under way would not make it quicker, and TCP,
which counts packets, sends ever smaller ones. So the least wait of several looks counts: a queue delays all of them.
What one lost packet has held back comes at once when that is there, a round trip late, and is one look.
"""

from __future__ import annotations

from collections import deque

OPENING = 1024  # bytes under way
LEAST = 512
FREE = 1024 * 1024  # bytes: more need not be counted
QUEUE = 0.06  # seconds that bulk may wait in the line
LATE = 0.12  # seconds over the quickest round trip: it waits
NEAR = 0.02  # seconds: in a quicker round trip the processors' own delays are more than the line's
PART_OF_TRIP = 0.25  # of the quickest round trip, that it may wait: keys are answered well within two
QUEUE_MIN = 0.01
OWN = 0.8  # of that, what a link's own part may be taken to need
KEPT = 600.0  # seconds
TOLD_MIN = 0.001  # seconds: who is told a quicker round trip than that is told nothing
VERY_LATE, SLOW = 1.0, 256 * 1024  # seconds, bytes a second: a free line is counted again
SAMPLE = 0.1  # seconds a rate is measured over, at least
SAMPLES = 8
CHECK = 0.5  # seconds between two pings on a free line
GROWTH, SHRINK = 1.4, 0.5  # at most, with one look at the answers, once it has been late
MORE = 48  # bytes with each look: who has little of the line comes to more
LOOKS = 3  # answers of which the quickest counts
TOGETHER, REPEAT = 0.005, 0.7  # seconds; of a round trip: answers so late that come in that time are one look
EVERY = 360  # bytes between two pings, at least: each costs a tenth of that
MARKS = 64  # pings under way at most


class Line:
    """What all links over one line know of it. A person may carry their computer from one line to another: what was
    seen longer than twice KEPT ago is forgotten."""

    def __init__(self) -> None:
        self.quickest = float("inf")  # seconds, of the round trips seen lately
        self._least = [float("inf"), float("inf")]  # of the span before, of this span
        self._began: float | None = None

    def told(self, trip: float, now: float) -> None:
        """By the other end, which may know nothing (0), or lie."""
        if trip >= TOLD_MIN:  # NaN is not
            self.learn(trip, now)

    def learn(self, trip: float, now: float) -> None:
        if self._began is None:
            self._began = now
        if now - self._began > 2 * KEPT:
            self._began, self._least = now, [float("inf"), float("inf")]
        elif now - self._began > KEPT:
            self._began, self._least = now, [self._least[1], float("inf")]
        self._least[1] = min(self._least[1], trip)
        self.quickest = min(self._least)


class Ration:
    """`sent`, `pinged` and `answered` tell what happened; `room` says what may leave."""

    def __init__(self, now: float, line: Line | None = None) -> None:
        self.line = line or Line()
        self._window: float | None = OPENING
        self._settled = False
        self._changed = now  # when the window was, last
        # seconds that answers were late, of what was asked since the window changed
        self._overs: deque[float] = deque(maxlen=MARKS)
        self._looked = now  # when the last look at them began
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
        return self.line.quickest if self.line.quickest < float("inf") else None

    @property
    def _spare(self) -> float:
        """Seconds that bulk may wait in this line."""
        trip = self.line.quickest
        return QUEUE if trip < NEAR else max(QUEUE_MIN, min(QUEUE, PART_OF_TRIP * trip))

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
            part = min(part, max(self._rates) * self._spare)
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
        self.line.learn(now - at, now)
        if at < self._changed:
            return  # it tells of what was before
        over = now - at - self.line.quickest
        window = self._window
        if window is None:
            if over > VERY_LATE and self._rates and self._rates[-1] < SLOW:
                rate = self._rates[-1]  # those before are of a quicker line
                self._rates.clear()
                self._settle(now, rate)
            return
        rate = max(self._rates, default=0.0)
        # seconds that the part before the ping takes by itself; of a line that others fill too that is too much
        own = min(self._part(window) / rate, OWN * self._spare) if rate else 0.0
        self._look(now, max(0.0, over - own))
        if not self._settled:
            if self._overs[-1] > 2 * self._spare:
                if len(self._overs) >= LOOKS or not rate:
                    self._settle(now, rate or window / (now - at))
            elif used:
                self._set(now, 2 * window)
        elif len(self._overs) >= LOOKS:
            self._scale(now, window, used)

    def _look(self, now: float, over: float) -> None:
        """An answer was `over` seconds late."""
        late = self._overs and min(over, self._overs[-1]) > REPEAT * self.line.quickest
        if late and now - self._looked < TOGETHER:
            self._overs[-1] = min(self._overs[-1], over)
        else:
            self._overs.append(over)
            self._looked = now

    def _scale(self, now: float, window: float, used: bool) -> None:
        trip = self.line.quickest
        factor = (trip + self._spare) / (trip + min(self._overs))
        if factor < 1 or used:
            self._set(now, window * max(SHRINK, min(GROWTH, factor)) + MORE)

    def _set(self, now: float, window: float) -> None:
        self._window, self._changed = max(LEAST, window) if window <= FREE else None, now
        self._overs.clear()

    def _settle(self, now: float, rate: float) -> None:
        self._settled = True
        self._set(now, min(FREE, rate * (self.line.quickest + self._spare)))
