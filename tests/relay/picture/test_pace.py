"""Pace as tables: what happened when, and when the next look is due."""

from __future__ import annotations

from itertools import pairwise

import pytest

from rs_relay.errors import PeerBroke
from rs_relay.picture import pace as law
from rs_relay.picture.pace import AT_REST, EAGER, FRAME, IDLE, IN_FLIGHT, LIVELY, LIVELY_FOR, Pace

COST = 0.001


def looked_in_vain(pace: Pace, times: int, start: float = 0.0, cost: float = COST) -> float:
    """Looks whenever it is due; the time of the last look."""
    now = start
    for _ in range(times):
        wait = pace.delay(now)
        assert wait is not None
        now += wait
        pace.looked(now, cost, changed=False)
    return now


def test_the_first_look_is_due_at_once() -> None:
    assert Pace(5.0).delay(5.0) == 0


@pytest.mark.parametrize(
    ("quiet_for", "beaten", "interval"),
    [
        (0.5, False, LIVELY),
        (LIVELY_FOR + 1, False, IDLE),
        (100.0, False, IDLE),
        (0.5, True, EAGER),
        (100.0, True, EAGER),
    ],
)
def test_how_often_it_looks(quiet_for: float, beaten: bool, interval: float) -> None:
    pace = Pace(0.0)
    pace.looked(0.0, COST, changed=True)
    now = quiet_for
    pace.looked(now, COST, changed=False)
    if beaten:
        pace.beat(now)
    assert pace.delay(now) == pytest.approx(interval)


def test_a_beat_brings_the_next_look_forward() -> None:
    pace = Pace(0.0)
    now = looked_in_vain(pace, 200)
    assert pace.delay(now + 0.01) == pytest.approx(IDLE - 0.01)
    pace.beat(now + 0.01)
    assert pace.delay(now + 0.01) == 0


def test_it_stays_lively_after_a_beat_and_then_falls_asleep() -> None:
    pace = Pace(0.0)
    now = looked_in_vain(pace, 200)
    pace.beat(now)
    start, looks = now, 0
    while now < start + 4:
        now = looked_in_vain(pace, 1, now)
        looks += 1
    expected = law.EAGER_FOR / EAGER + (LIVELY_FOR - law.EAGER_FOR) / LIVELY + (4 - LIVELY_FOR) / IDLE
    assert looks == pytest.approx(expected, rel=0.1)


@pytest.mark.parametrize(("cost", "share"), [(0.001, 0.02), (0.004, 0.02), (0.02, 0.02)])
def test_looking_in_vain_takes_little_of_a_core(cost: float, share: float) -> None:
    pace = Pace(0.0)
    start = looked_in_vain(pace, 200, cost=cost)
    end = looked_in_vain(pace, 100, start, cost=cost)
    assert 100 * cost / (end - start) <= share * 1.01


def test_a_large_screen_is_not_looked_at_all_the_time_even_when_lively() -> None:
    pace = Pace(0.0)
    now = 0.0
    for n in range(400):
        wait = pace.delay(now)
        assert wait is not None
        now += wait
        pace.beat(now)
        pace.looked(now, 0.012, changed=n % 10 == 0)
    assert pace.delay(now) == pytest.approx(0.024, rel=0.01)


def test_what_finding_costs_does_not_slow_the_answer_to_the_next_key() -> None:
    pace = Pace(0.0)
    now = looked_in_vain(pace, 50)
    pace.looked(now, 0.08, changed=True)  # a whole new screen
    pace.beat(now)
    assert pace.delay(now) == pytest.approx(EAGER)


def test_no_more_than_two_updates_are_under_way() -> None:
    pace = Pace(0.0)
    assert IN_FLIGHT == 2
    pace.sent(0.0, 1)
    assert pace.delay(1.0) == 0
    pace.sent(1.0, 2)
    assert pace.delay(2.0) is None
    pace.painted(2.0, 1)
    assert pace.delay(2.0) == 0


def test_painting_the_later_one_means_both_were_painted() -> None:
    pace = Pace(0.0)
    pace.sent(0.0, 1)
    pace.sent(0.1, 2)
    pace.painted(0.2, 2)
    pace.sent(0.3, 3)
    assert pace.delay(0.4) == 0


def test_not_more_than_60_updates_a_second() -> None:
    pace = Pace(0.0)
    pace.looked(0.0, COST, changed=True)
    pace.sent(0.0, 1)
    pace.painted(0.001, 1)
    pace.beat(0.002)
    assert pace.delay(0.002) == pytest.approx(FRAME - 0.002)


def test_a_new_picture_forgets_what_was_under_way() -> None:
    pace = Pace(0.0)
    pace.sent(0.0, 1)
    pace.sent(0.1, 2)
    pace.restart()
    assert pace.delay(1.0) == 0
    pace.sent(1.0, 3)
    pace.painted(1.1, 1)  # late, of the old picture
    pace.sent(1.2, 4)
    assert pace.delay(2.0) is None


def test_what_rests_is_looked_at_when_it_is_due_where_the_screen_tells() -> None:
    pace = Pace(0.0)
    pace.told = True
    pace.looked(1.0, COST, changed=True)
    pace.expect(1.1)
    assert pace.delay(1.0) == pytest.approx(0.1)
    pace.looked(1.1, COST, changed=True)
    pace.expect(1.1)  # more of it than one update may bring
    assert pace.delay(1.1) == pytest.approx(FRAME)
    pace.expect(9.0)
    assert pace.delay(1.1) == pytest.approx(AT_REST)
    pace.expect(None)
    assert pace.delay(1.1) == pytest.approx(AT_REST)


@pytest.mark.parametrize("seq", [1, 2**50])
def test_painting_what_was_never_sent_is_a_lie(seq: int) -> None:
    with pytest.raises(PeerBroke):
        Pace(0.0).painted(0.0, seq)


@pytest.mark.parametrize(
    ("took", "refine"),
    [
        ([0.01, 0.01, 0.01, 0.01], law.REFINE_MOST),
        ([0.3, 0.3, 0.31], law.REFINE_MOST),  # far away, but not slow
        ([0.01] + [0.5] * 9, law.REFINE_LEAST),
        ([0.01, 0.01, 0.5, 0.5, 0.09], 64),
    ],
)
def test_refining_gives_way_where_updates_take_long(took: list[float], refine: int) -> None:
    pace, now = Pace(0.0), 0.0
    for seq, seconds in enumerate(took, 1):
        pace.sent(now, seq)
        now += seconds
        pace.painted(now, seq)
    assert pace.refine == refine


def told() -> Pace:
    """Of a screen that tells what is drawn, at rest since 0."""
    pace = Pace(0.0)
    pace.told = True
    pace.looked(0.0, COST, changed=True)
    return pace


def test_a_screen_that_tells_is_looked_at_when_it_does() -> None:
    pace = told()
    assert pace.delay(1.0) == 0  # for the pointer
    pace.looked(1.0, COST, changed=False)
    assert pace.delay(1.0) == pytest.approx(AT_REST)
    pace.drawn()
    assert pace.delay(1.0) == 0
    pace.looking()
    pace.looked(1.001, COST, changed=True)
    assert pace.delay(1.001) == pytest.approx(AT_REST)


def test_a_pointer_that_moves_is_followed() -> None:
    pace = told()
    pace.restless(1.0)
    pace.looked(1.0, COST, changed=True)
    assert pace.delay(1.0) == pytest.approx(LIVELY)
    pace.looked(2.0, COST, changed=False)
    assert pace.delay(2.0) == pytest.approx(AT_REST)


def test_two_updates_may_follow_each_other_at_once_and_a_third_waits() -> None:
    pace = told()
    for seq, now in ((1, 5.0), (2, 5.001)):
        pace.drawn()
        assert pace.delay(now) == 0
        pace.looking()
        pace.sent(now, seq)
        pace.painted(now + 0.0005, seq)
    pace.drawn()
    assert pace.delay(5.002) == pytest.approx(FRAME, abs=0.003)


def test_a_rate_is_never_passed() -> None:
    pace, now, sent = told(), 5.0, []
    pace.rate = 10
    while now < 7.0:
        pace.drawn()
        wait = pace.delay(now)
        assert wait is not None
        now += wait
        pace.looking()
        pace.sent(now, len(sent) + 1)
        sent.append(now)
        pace.painted(now + 0.001, len(sent))
        now += 0.002
    assert 19 <= len(sent) <= 21
    assert min(b - a for a, b in pairwise(sent)) >= 0.09


def test_a_long_line_holds_more_updates() -> None:
    pace = Pace(0.0)
    for seq in range(1, 4):
        pace.sent(float(seq), seq)
        pace.carried(seq, 100_000)
        pace.painted(seq + 0.1, seq)
    under_way = 0
    while pace.delay(10.0 + under_way) is not None:
        under_way += 1
        pace.sent(10.0 + under_way, 3 + under_way)
    assert under_way == IN_FLIGHT + int(0.1 / FRAME)


class Line:
    """Updates as large as is allowed, `least` bytes at least, over a line; what the pace learns of it."""

    def __init__(self, rate: float, trip: float, least: int = 5000) -> None:
        self.pace, self.rate, self.trip, self.least = Pace(0.0), rate, trip, least
        self.pace.trip = trip
        self.now = self.busy = 0.0
        self.seq, self.answers = 0, list[tuple[float, int]]()
        self.sizes, self.took = list[int](), list[float]()

    def run(self, updates: int) -> None:
        for _ in range(updates):
            while self.pace.delay(self.now) is None:
                at, seq = self.answers.pop(0)
                self.now = max(self.now, at)
                self.pace.painted(self.now, seq)
            self.now += self.pace.delay(self.now) or 0.0
            allowance = self.pace.budget.allowance
            size = self.least if not allowance else min(allowance, 50_000)
            self.seq += 1
            self.pace.looking()
            self.pace.looked(self.now, COST, changed=True)
            self.pace.sent(self.now, self.seq)
            self.pace.carried(self.seq, size)
            self.busy = max(self.busy, self.now) + size / self.rate
            self.answers.append((self.busy + self.trip, self.seq))
            self.sizes.append(size)
            self.took.append(self.busy - self.now)


@pytest.mark.parametrize(("rate", "trip"), [(3500, 0.2), (7000, 0.2), (12_000, 0.6), (3500, 0.05)], ids=str)
def test_on_a_slow_line_an_update_is_what_it_carries_in_a_moment(rate: float, trip: float) -> None:
    line = Line(rate, trip)
    line.run(100)
    assert line.pace.budget.allowance is not None
    assert max(line.took[20:]) < 0.9
    assert sum(line.sizes[20:]) / (line.now - 0.0) > 0.5 * rate


@pytest.mark.parametrize(("trip", "allowance"), [(None, 0), (0.05, 0), (0.2, law.UNKNOWN)], ids=str)
def test_a_long_line_does_not_stand_empty_until_the_first_update_is_painted(trip: float, allowance: int) -> None:
    pace = Pace(0.0)
    pace.trip = trip
    assert pace.budget.allowance == 0
    pace.sent(0.0, 1)
    assert pace.budget.allowance == allowance


@pytest.mark.parametrize(("rate", "trip"), [(1e8, 0.002), (1.2e6, 0.05), (125e3, 0.05), (1.2e6, 0.6)], ids=str)
def test_on_a_quick_line_nothing_is_counted_after_some_updates(rate: float, trip: float) -> None:
    line = Line(rate, trip)
    line.run(8)
    assert line.pace.budget.allowance is None


def test_a_viewer_that_slept_does_not_make_the_line_slow() -> None:
    line = Line(1e7, 0.01)
    line.run(20)
    pace, now = line.pace, line.now + 5
    for seq, size in ((100, 300), (101, 1500)):  # typed letters
        pace.sent(now, seq)
        pace.carried(seq, size)
    pace.painted(now + 3, 100)
    pace.painted(now + 3, 101)
    assert pace.budget.allowance is None


def test_a_film_gets_what_the_line_gives_and_more_when_it_gives_more() -> None:
    pace, now = Pace(0.0), 0.0
    for seq in range(1, 30):
        pace.sent(now, seq)
        pace.carried(seq, 30_000)
        now += 0.02 if seq < 10 else 0.24  # 1 Mbit/s
        pace.painted(now, seq)
        if seq == 9:
            assert pace.budget.film == law.FILM_MOST
    assert 0.5e6 < pace.budget.film * law.FILM_RATE < 0.9e6
    for seq in range(30, 400):
        pace.sent(now, seq)
        pace.carried(seq, 5000)
        now += 0.03
        pace.painted(now, seq)
    assert pace.budget.film == law.FILM_MOST
