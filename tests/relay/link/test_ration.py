"""Bulk over simulated lines: what stands in the line, and what goes through it."""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rs_relay.link.ration import FREE, KEPT, LEAST, OPENING, Ration
from rs_relay.link.ration import Line as Known

WHOLE = 256 * 1024


@dataclass
class Line:
    """`rate` bytes a second, one after the other; `trip` seconds there and back. Bulk always waits."""

    rate: float
    trip: float
    now: float = 0.0
    busy: float = 0.0  # until when
    bytes: int = 0
    under_way: list[tuple[float, int]] = field(default_factory=list)  # pongs: when, stamp

    def __post_init__(self) -> None:
        self.ration = Ration(self.now)
        self.longest = 0.0  # seconds that a byte waited, of late
        self._ping()

    def _put(self, size: int) -> None:
        self.busy = max(self.busy, self.now) + size / self.rate
        self.longest = max(self.longest, self.busy - self.now)
        self.ration.sent(size, True)
        self.bytes += size

    def _ping(self) -> None:
        stamp = self.ration.ping(self.now)
        self.busy = max(self.busy, self.now) + 40 / self.rate
        self.under_way.append((self.busy + self.trip, stamp))

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end:
            if self.ration.due(self.now):
                self._ping()
            room = self.ration.room()
            if room != 0:
                self._put(WHOLE if room is None else min(room, WHOLE))
                if room is None:  # the network takes what it can hold, and no more
                    self.now = max(self.now, self.busy - 0.005)
            else:
                assert self.under_way, "nothing more would ever leave"
                self.now = max(self.now, self.under_way[0][0])
            while self.under_way and self.under_way[0][0] <= self.now:
                _, stamp = self.under_way.pop(0)
                self.ration.answered(self.now, stamp)


@pytest.mark.parametrize(
    ("rate", "trip", "share"),
    # where one part takes longer than the way there and back, some of the line is given up rather than a key's time
    [(3600, 0.2, 0.75), (7000, 0.2, 0.75), (3600, 0.05, 0.6), (60_000, 0.1, 0.75), (7000, 0.8, 0.75)],
    ids=str,
)
def test_a_slow_line_is_used_and_holds_little(rate: float, trip: float, share: float) -> None:
    line = Line(rate, trip)
    line.run(20.0)
    line.bytes, line.longest, began = 0, 0.0, line.now
    line.run(60.0)
    assert line.bytes / (line.now - began) > share * rate
    assert line.longest < 0.25 + trip / 2


@pytest.mark.parametrize(("rate", "trip"), [(1e9, 0.0005), (100e6, 0.03), (12e6, 0.2)], ids=str)
def test_a_quick_line_is_free_after_some_round_trips(rate: float, trip: float) -> None:
    line = Line(rate, trip)
    line.run(20 * trip + 0.1)
    assert line.ration.room() is None


def test_a_line_that_becomes_slow_is_counted_again() -> None:
    line = Line(50e6, 0.02)
    line.run(2.0)
    assert line.ration.room() is None
    line.rate = 5000
    line.run(300.0)
    line.longest = 0.0
    line.run(30.0)
    assert line.longest < 0.45


def test_the_first_of_it_is_little_and_a_rest_forgets_what_was_under_way() -> None:
    ration = Ration(0.0)
    ration.sent(1_000_000, bulk=False)  # a picture
    room = ration.room()
    assert room is not None
    assert LEAST / 2 <= room <= OPENING
    ration.sent(room, bulk=True)
    assert not ration.due(0.1) or ration.ping(0.1)


def test_who_answers_what_nobody_asked_is_not_heard() -> None:
    ration = Ration(0.0)
    assert ration.answered(1.0, 7) is None
    stamp = ration.ping(1.0)
    assert ration.answered(1.5, stamp) == 0.5
    assert ration.answered(1.6, stamp) is None
    assert FREE > OPENING


@pytest.mark.parametrize(("rate", "trip"), [(7000, 0.2), (125_000, 0.05)], ids=str)
def test_links_that_share_a_line_hold_no_more_than_one_and_each_has_some_of_it(rate: float, trip: float) -> None:
    known, busy, now = Known(), 0.0, 0.0
    known.told(trip, now)
    links = [Ration(now, known) for _ in range(3)]
    pongs: list[tuple[float, int, int]] = []  # when, of which link, stamp
    gone, waits = [0, 0, 0], []
    while now < 60.0:
        for number, ration in enumerate(links):
            while True:
                if ration.due(now):
                    busy = max(busy, now) + 60 / rate
                    pongs.append((busy + trip, number, ration.ping(now)))
                room = ration.room()
                if not room:
                    assert room == 0
                    break
                busy = max(busy, now) + (room + 40) / rate
                ration.sent(room + 40, bulk=True)
                if now > 20.0:
                    gone[number] += room
                    waits.append(busy - now)
        pongs.sort()
        now, number, stamp = pongs.pop(0)
        links[number].answered(now, stamp)
    waits.sort()
    assert waits[int(0.95 * len(waits))] < 1.5 * trip
    assert sum(gone) > 0.65 * 40 * rate
    assert min(gone) > 0.08 * 40 * rate


@dataclass
class Losing:
    """One way of a line that loses packets and delivers in order: all waits for what is sent again."""

    dice: random.Random
    loss: float
    trip: float
    last: float = 0.0  # when the last byte so far arrives

    def put(self, now: float, size: int) -> float:
        """When it arrives."""
        for _ in range(-(-size // 1460)):
            late, again = 0.0, 0
            while self.dice.random() < self.loss:
                late += max(self.trip, 0.3) * 2 ** (again - 1) if again else self.trip
                again += 1
            self.last = max(self.last, now + self.trip / 2 + late)
        return self.last


def _over_a_line_that_loses(seed: int, loss: float, trip: float, seconds: float) -> float:
    """Bytes a second."""
    dice = random.Random(seed)
    there, back = Losing(dice, loss, trip), Losing(dice, loss, trip)
    ration, now, gone = Ration(0.0), 0.0, 0
    coming = [(there.put(now, 60), False, ration.ping(now))]  # when, whether it is an answer, stamp
    while now < seconds:
        while True:
            if ration.due(now):
                heapq.heappush(coming, (there.put(now, 60), False, ration.ping(now)))
            room = ration.room()
            if room == 0:
                break
            assert room is not None
            there.put(now, room)
            ration.sent(room, bulk=True)
            gone += room
        assert coming, "nothing more would ever leave"
        now, answer, stamp = heapq.heappop(coming)
        if answer:
            ration.answered(now, stamp)
        else:
            heapq.heappush(coming, (back.put(now, 60), True, stamp))
    return gone / now


@pytest.mark.parametrize(("loss", "trip", "least"), [(0.1, 0.2, 60e3), (0.1, 0.05, 150e3)], ids=str)
def test_what_is_lost_is_not_taken_for_a_queue(loss: float, trip: float, least: float) -> None:
    rates = [_over_a_line_that_loses(seed, loss, trip, 30.0) for seed in range(4)]
    assert sum(rates) / len(rates) > least


@given(st.lists(st.tuples(st.floats(0.0, 5.0), st.integers(0, 3000)), max_size=60), st.integers(0, 2**32))
def test_whatever_is_late_nothing_waits_for_ever(line: list[tuple[float, int]], seed: int) -> None:
    """Once all that was asked is answered, more may leave or is asked for. `line`: seconds, keys beside the bulk."""
    ration, now = Ration(0.0), 0.0
    for late, keys in line:
        asked = []
        while True:
            ration.sent(keys, bulk=False)
            if ration.due(now):
                asked.append(ration.ping(now))
            room = ration.room()
            if not room or len(asked) > 20:
                break
            ration.sent(room, bulk=True)
        assert asked or room
        now += 0.01 + late
        for stamp in asked[seed % (len(asked) + 1) :] + asked[-1:]:
            ration.answered(now, stamp)


def test_what_was_known_of_a_line_is_forgotten() -> None:
    known = Known()
    known.told(float("nan"), 0.0)
    known.told(-1.0, 0.0)
    known.told(0.0, 0.0)
    assert Ration(0.0, known).quickest is None
    known.told(0.02, 0.0)
    for minute in range(25):
        known.learn(0.2, 60.0 * minute)
    assert known.quickest == 0.2
    known.learn(0.9, 10 * KEPT)
    assert known.quickest == 0.9
