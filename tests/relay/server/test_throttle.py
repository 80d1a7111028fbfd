from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rs_relay.server.throttle import Rule, Throttle, address_key, is_loopback


def test_a_window_lets_its_count_through_and_then_waits_for_room() -> None:
    throttle = Throttle(Rule(3, 60.0))
    assert [throttle.spend("a", t) for t in (0.0, 1.0, 2.0)] == [0.0, 0.0, 0.0]
    assert throttle.spend("a", 10.0) == pytest.approx(50.0)
    assert throttle.spend("b", 10.0) == 0.0, "others are not concerned"
    assert throttle.spend("a", 60.1) == 0.0
    assert throttle.spend("a", 60.2) == pytest.approx(0.8)


def test_the_stricter_of_two_rules_decides() -> None:
    throttle = Throttle(Rule(2, 10.0), Rule(3, 100.0))
    for t in (0.0, 11.0, 22.0):
        assert throttle.spend("a", t) == 0.0
    assert throttle.spend("a", 33.0) == pytest.approx(67.0)


def test_a_refused_try_does_not_lengthen_the_wait() -> None:
    throttle = Throttle(Rule(1, 60.0))
    throttle.spend("a", 0.0)
    assert [throttle.spend("a", t) for t in (10.0, 20.0)] == [50.0, 40.0]


def test_failures_begin_a_pause() -> None:
    throttle = Throttle(Rule(3, 900.0, pause=900.0))
    for t in (0.0, 1.0):
        throttle.fail("a", t)
        assert throttle.wait("a", t) == 0.0
    throttle.fail("a", 2.0)
    assert throttle.wait("a", 2.0) == pytest.approx(900.0)
    assert throttle.wait("a", 902.1) == 0.0


@given(st.lists(st.tuples(st.floats(0, 500), st.sampled_from("ab")), max_size=60))
def test_no_window_ever_holds_more_than_its_rule_says(tries: list[tuple[float, str]]) -> None:
    throttle = Throttle(Rule(4, 60.0), Rule(9, 300.0))
    passed: dict[str, list[float]] = {"a": [], "b": []}
    for now, key in sorted(tries):
        if throttle.spend(key, now) == 0.0:
            passed[key].append(now)
    for times in passed.values():
        for start in times:
            assert sum(start <= t < start + 60.0 for t in times) <= 4
            assert sum(start <= t < start + 300.0 for t in times) <= 9


def test_a_flood_of_keys_is_bounded() -> None:
    throttle = Throttle(Rule(1, 60.0, pause=60.0), keys=100)
    for n in range(1000):
        throttle.fail(str(n), 0.0)
    assert len(throttle._seen) <= 100
    assert len(throttle._paused) <= 100
    assert throttle.wait("999", 1.0) > 0


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("fe80::1%eth0", "fe80::2%eth1", True),
    ],
)
def test_what_counts_as_one_address(one: str, two: str, same: bool) -> None:
    assert (address_key(one) == address_key(two)) is same


def test_loopback_is_known_in_all_its_spellings() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1")))
    assert not any(map(is_loopback, ("192.0.2.1", "::2", "", "localhost")))
