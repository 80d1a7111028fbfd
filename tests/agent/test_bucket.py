from __future__ import annotations

import pytest

from rs_agent.bucket import Bucket


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_passes_and_then_so_many_a_second() -> None:
    clock = Clock()
    bucket = Bucket(5, 10.0, clock)
    assert [bucket.take() for _ in range(5)] == [0.0] * 5
    assert bucket.take() == pytest.approx(0.1)
    assert bucket.take() == pytest.approx(0.2)


def test_it_fills_again_but_never_over_the_brim() -> None:
    clock = Clock()
    bucket = Bucket(5, 10.0, clock)
    for _ in range(5):
        bucket.take()
    clock.now += 1000.0
    assert [bucket.take() for _ in range(5)] == [0.0] * 5
    assert bucket.take() > 0


def test_over_a_long_time_the_rate_holds_for_whoever_waits() -> None:
    clock = Clock()
    bucket = Bucket(5, 10.0, clock)
    for _ in range(100):
        clock.now += bucket.take()
    assert clock.now - 100.0 == pytest.approx(9.5, abs=0.2)
