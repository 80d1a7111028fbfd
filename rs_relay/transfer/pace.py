"""How much may be under way, and in pieces of what size. Pure: the clock is handed in.

Law: a transfer may fill the line, but not the queues along it. What bulk waits between the two ends (socket buffers,
the relay) delays a key press by as long, whatever its priority was when it left. So the bytes in flight are bounded by
what the acknowledgements say: they grow while an acknowledgement comes back hardly later than on the idle line, and
shrink when it comes more than QUEUE_TIME later (the idea of LEDBAT, RFC 6817, with a multiplicative step).

The least delay is that of the last half minute at most, since paths change; and when it is measured anew the window is
halved for once, or our own queue would be taken for the path.

Decided against: the rate at which the local socket takes bytes (the relay's buffers take a megabyte at once on the
slowest line), and rate × least round trip (on a fast line the least delay, that of a tiny piece, says nothing
of large ones).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from rs_relay.transfer.messages import PIECE_MAX, PIECE_MIN, WINDOW

QUEUE_TIME = 0.025  # seconds that our own bytes may wait on the line
PIECE_TIME = 0.020  # seconds of line time of one piece
WINDOW_MIN = 2 * PIECE_MIN  # one under way while the next is read
WINDOW_FIRST = WINDOW_MIN  # nothing is known yet; ten round trips from here to the whole window
LEAST_FOR = 15.0  # seconds; two such spans are looked at
SHRINK = 0.7
RECENT = 2  # delays of which the least counts: one late answer (a disk that synchronises) is not a queue


@dataclass
class _Mark:
    key: object
    upto: int
    total: int  # bytes of the key said with it and before it
    at: float
    delivered: int
    full: bool  # the window, not the source, was what held the sender


class Pace:
    """One line. `key` names a file of a batch; bytes are counted, messages are not."""

    def __init__(self) -> None:
        self.window = WINDOW_FIRST
        self.rate = 0.0  # bytes/s acknowledged
        self.flying = 0
        self._marks: deque[_Mark] = deque()
        self._sent: dict[object, int] = {}  # bytes of each key that are under way
        self._said: dict[object, int] = {}  # bytes of each key that ever were
        self._delivered = 0
        self._delays: deque[float] = deque(maxlen=RECENT)
        self._least = [float("inf"), float("inf")]  # of the span before, of this span
        self._span_began: float | None = None
        self._slow_start = True
        self._grew_at = 0

    @property
    def piece(self) -> int:
        """Bytes the next piece should have."""
        fit = self.rate * PIECE_TIME if self.rate else PIECE_MIN
        # never more than a quarter of the window, or there would be nothing to overlap with
        return int(max(PIECE_MIN, min(PIECE_MAX, fit, self.window / 4)))

    @property
    def ack_every(self) -> int:
        return max(PIECE_MIN, self.window // 4)

    def open(self) -> bool:
        """May more be said now? Always if no acknowledgement is to be waited for."""
        return self.flying < self.window or not self._marks

    def said(self, key: object, upto: int, size: int, ack: bool, now: float) -> None:
        """`size` bytes went, with which the file is there to `upto` (a difference makes more of it than it weighs)."""
        self._said[key] = self._said.get(key, 0) + size
        self._sent[key] = self._sent.get(key, 0) + size
        self.flying += size
        if ack:
            self._marks.append(_Mark(key, upto, self._said[key], now, self._delivered, 2 * self.flying >= self.window))

    def acked(self, key: object, upto: int, now: float) -> None:
        """Everything of `key` before `upto` is there."""
        mark = next((mark for mark in self._marks if mark.key == key and mark.upto == upto), None)
        if mark is not None:
            self._land(key, max(0, self._sent.get(key, 0) - (self._said.get(key, 0) - mark.total)))
            self._learn(mark, now)
            self._marks.remove(mark)

    def settled(self, key: object, now: float) -> None:
        """Nothing of `key` is awaited any more."""
        self._land(key, self._sent.get(key, 0))
        mine = [mark for mark in self._marks if mark.key == key]
        if mine:
            self._learn(mine[-1], now)
            self._marks = deque(mark for mark in self._marks if mark.key != key)
        self._sent.pop(key, None)
        self._said.pop(key, None)

    def forget(self, matches: Callable[[object], bool]) -> None:
        """These keys will never be answered; what they had under way says nothing about the line."""
        for key in [key for key in self._sent if matches(key)]:
            self._land(key, self._sent[key])
            del self._sent[key]
            self._said.pop(key, None)
        self._marks = deque(mark for mark in self._marks if not matches(mark.key))

    def _land(self, key: object, size: int) -> None:
        self._sent[key] = self._sent.get(key, 0) - size
        self.flying -= size
        self._delivered += size

    def _learn(self, mark: _Mark, now: float) -> None:
        delay = max(now - mark.at, 1e-6)
        rate = (self._delivered - mark.delivered) / delay
        self.rate = rate if not self.rate else 0.75 * self.rate + 0.25 * rate
        self._delays.append(delay)
        renewed = self._note_least(delay, now)
        queueing = min(self._delays) - min(self._least)
        if renewed:
            self._resize(self.window // 2)
        elif queueing > QUEUE_TIME:
            self._slow_start = False
            # once a window, as what is in flight was said before this was known
            if mark.delivered >= self._grew_at:
                self._resize(int(self.window * SHRINK))
        elif mark.full and mark.delivered >= self._grew_at:
            grown = self.window * 2 if self._slow_start else self.window + self.window // 8 + PIECE_MIN // 4
            # what this rate can need; it stops the doubling where the first delays are all our own queue
            need = 2 * max(rate, self.rate) * (min(self._least) + QUEUE_TIME)
            self._resize(min(grown, max(self.window, int(need))))

    def _note_least(self, delay: float, now: float) -> bool:
        """Keep the least delay of this span and the one before. True when a span has just ended."""
        if self._span_began is None:
            self._span_began = now
        renewed = now - self._span_began > LEAST_FOR
        if renewed:
            self._span_began = now
            self._least = [self._least[1], float("inf")]
        self._least[1] = min(self._least[1], delay)
        return renewed

    def _resize(self, window: int) -> None:
        self.window = max(WINDOW_MIN, min(WINDOW, window))
        self._grew_at = self._delivered
