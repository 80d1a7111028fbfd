"""How fast it goes, and how long it will take."""

from __future__ import annotations

import pytest

from rs_cli.transfers.speed import OVER, Speed, shown


def test_a_steady_line_is_known_at_once_and_stays() -> None:
    speed = Speed()
    for tick in range(50):
        speed.moved(tick * 100_000, tick * 0.1)
        if tick:
            assert speed.rate == pytest.approx(1_000_000)
    assert speed.left(5_000_000) == pytest.approx(5.0)


def test_a_change_is_followed_and_a_jump_smoothed() -> None:
    speed, moved, now = Speed(), 0, 0.0
    for rate, seconds in ((1_000_000, 10), (100_000, 4 * OVER)):
        before = speed.rate
        for tick in range(int(seconds * 10)):
            now += 0.1
            moved += rate // 10
            speed.moved(moved, now)
            if before and tick == 0:
                assert speed.rate > 0.9 * before
    assert speed.rate == pytest.approx(100_000, rel=0.2)


def test_standing_still_is_seen() -> None:
    speed = Speed()
    speed.moved(0, 0.0)
    speed.moved(1_000_000, 1.0)
    for second in range(2, 60):
        speed.moved(1_000_000, float(second))
    assert speed.left(1) is None


def test_a_pause_begins_anew_and_going_back_is_no_speed() -> None:
    speed = Speed()
    speed.moved(0, 0.0)
    speed.moved(1000, 1.0)
    speed.rest()
    assert speed.left(10) is None
    speed.moved(1000, 100.0)
    speed.moved(500, 101.0)
    assert speed.rate == 0
    speed.moved(1500, 102.0)
    assert speed.rate == pytest.approx(500)


def test_shown() -> None:
    assert [shown(s) for s in (None, 8.2, 125, 3723, 1e9)] == ["", "8 s", "2:05", "1:02:03", ""]
