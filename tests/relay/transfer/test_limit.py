"""A limit of bytes a second: never more over any stretch of time, changed at any time."""

from __future__ import annotations

from math import inf

import pytest

from rs_relay.transfer.limit import ENVELOPE, HELD, SAVED, Limit
from rs_relay.transfer.messages import PIECE_MAX, PIECE_MIN, UNKNOWN


class Clock:
    now = 1000.0


def pour(limit: Limit, clock: Clock, seconds: float, size: int) -> int:
    """Say pieces of `size` as fast as the limit lets; the bytes that went."""
    end, went = clock.now + seconds, 0
    while True:
        clock.now += limit.wait(clock.now)
        if clock.now >= end:
            clock.now = end
            return went
        limit.said(size, clock.now)
        went += size + ENVELOPE


@pytest.mark.parametrize("rate", [1_000, 500_000, 100_000_000])
@pytest.mark.parametrize("size", [0, 10, 200_000])
def test_the_rate_is_kept_whatever_the_pieces(rate: int, size: int) -> None:
    limit, clock = Limit(), Clock()
    limit.set(rate, clock.now)
    seconds = 1000.0
    if rate > 1_000_000 and size < 1000:
        seconds = 0.01
    went = pour(limit, clock, seconds, size)
    assert abs(went - rate * seconds) <= size + ENVELOPE + 1


def test_a_pause_of_the_source_is_caught_up_on_a_little_only() -> None:
    limit, clock = Limit(), Clock()
    limit.set(10_000, clock.now)
    clock.now += 100
    assert pour(limit, clock, 1.0, 100) <= 10_000 * (1 + SAVED) + 100 + ENVELOPE


def test_no_limit_held_and_changed() -> None:
    limit, now = Limit(), 5.0
    limit.said(10**9, now)
    assert limit.wait(now) == 0
    limit.set(HELD, now)
    assert limit.wait(now) == inf
    limit.set(1000, now)
    assert limit.wait(now) == 0
    limit.said(1000 - ENVELOPE, now)
    assert limit.wait(now) == pytest.approx(1.0)
    limit.set(2000, now)  # what is owed is paid at the new rate
    assert limit.wait(now) == pytest.approx(0.5)
    limit.set(UNKNOWN, now)
    assert limit.wait(now) == 0
    limit.set(1000, now)
    assert limit.wait(now) == 0


def test_pieces_are_no_longer_than_a_moment() -> None:
    assert Limit().piece == Limit(10**9).piece == PIECE_MAX
    assert Limit(1).piece == PIECE_MIN
    assert Limit(500_000).piece == 25_000
