"""Pace on a model of a line: bytes leave at a rate, queue, and are acknowledged after a round trip."""

from __future__ import annotations

from collections import deque

import pytest

from rs_relay.transfer.messages import PIECE_MAX, PIECE_MIN, WINDOW
from rs_relay.transfer.pace import QUEUE_TIME, Pace


class LineModel:
    """`rate` bytes/s, `delay` seconds there and back. Time stands still but for `run`."""

    def __init__(self, rate: float, delay: float) -> None:
        self.rate, self.delay, self.now = rate, delay, 0.0
        self.pace = Pace()
        self._free_at = 0.0  # when the line has sent all that was given to it
        self._answers: deque[tuple[float, int]] = deque()
        self._offset = self._unacked = 0
        self.queueing: list[float] = []
        self.done = 0

    def run(self, seconds: float) -> float:
        """Send as much as may be sent; bytes/s acknowledged meanwhile."""
        end, before = self.now + seconds, self.done
        while self.now < end:
            while self.pace.open():
                self._say()
            self.now, upto = self._answers.popleft()
            self.pace.acked("f", upto, self.now)
            self.done = upto
        return (self.done - before) / seconds

    def _say(self) -> None:
        size = self.pace.piece
        self._unacked += size
        ack = self._unacked >= self.pace.ack_every
        start = max(self.now, self._free_at)
        self.queueing.append(start - self.now)
        self._free_at = start + size / self.rate
        self._offset += size
        self.pace.said("f", self._offset, size, ack, self.now)
        if ack:
            self._unacked = 0
            self._answers.append((self._free_at + self.delay, self._offset))


@pytest.mark.parametrize(
    ("rate", "delay"),
    [(7e3, 0.1), (7e3, 0.8), (125e3, 0.05), (1.25e6, 0.02), (12.5e6, 0.05), (125e6, 0.001), (600e6, 0.0005)],
)
def test_the_line_is_filled_and_the_queue_is_not(rate: float, delay: float) -> None:
    line = LineModel(rate, delay)
    line.run(10)
    line.queueing.clear()
    reached = line.run(20)
    assert reached > 0.7 * min(rate, WINDOW / delay)
    waits = sorted(line.queueing)
    # what one piece takes can not be helped; what waits beside it is ours
    allowed = 3.2 * max(QUEUE_TIME, PIECE_MIN / rate)
    assert waits[int(0.95 * len(waits))] <= allowed


def test_pieces_fit_the_line() -> None:
    slow, fast = LineModel(7e3, 0.1), LineModel(600e6, 0.0005)
    slow.run(10)
    fast.run(2)
    assert slow.pace.piece == PIECE_MIN
    assert fast.pace.piece == PIECE_MAX
    assert fast.pace.window == WINDOW


def test_a_line_that_becomes_slow_is_noticed() -> None:
    line = LineModel(10e6, 0.02)
    line.run(5)
    line.rate = 100e3
    line.run(10)
    line.queueing.clear()
    line.run(10)
    assert sorted(line.queueing)[len(line.queueing) // 2] < 0.2


def test_a_path_that_becomes_longer_does_not_starve() -> None:
    line = LineModel(10e6, 0.01)
    line.run(5)
    line.delay = 0.2
    line.run(60)
    assert line.run(10) > 1e6


def test_it_never_waits_for_an_answer_that_was_not_asked_for() -> None:
    pace = Pace()
    for number in range(100):
        pace.said("f", (number + 1) * 4096, 4096, False, 0.0)
    assert pace.open()


def test_a_settled_or_forgotten_file_frees_its_bytes() -> None:
    pace = Pace()
    pace.said("a", 100_000, 100_000, True, 0.0)
    pace.said("b", 100_000, 100_000, True, 0.0)
    assert not pace.open()
    pace.settled("a", 0.1)
    assert pace.flying == 100_000
    pace.forget(lambda key: key == "b")
    assert pace.flying == 0
    assert pace.open()
    pace.acked("a", 100_000, 0.2)  # late
    assert pace.flying == 0
