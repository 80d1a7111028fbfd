from __future__ import annotations

from rs_relay.link.backoff import FIRST, LONGEST, Backoff


def test_waits_grow_to_a_limit_and_start_over() -> None:
    backoff = Backoff(lambda: 1.0)
    waits = [backoff.next() for _ in range(12)]
    assert waits[0] == FIRST
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST
    backoff.reset()
    assert backoff.next() == FIRST


def test_jitter_spreads_over_half_the_ceiling() -> None:
    low, high = Backoff(lambda: 0.0), Backoff(lambda: 1.0)
    for _ in range(20):
        a, b = low.next(), high.next()
        assert a == b / 2
    assert all(0.05 <= Backoff().next() <= 0.1 for _ in range(50))
