from __future__ import annotations

from rs_agent.programs.pace import FIRST, LARGEST, SMALLEST, Pace


def run(pace: Pace, seconds: float, rounds: int) -> None:
    now = 0.0
    for _ in range(rounds):
        size = pace.room
        pace.said(size, now)
        now += seconds
        assert pace.heard(pace.said_to, now)


def test_a_quick_line_gets_all_there_is() -> None:
    pace = Pace(0)
    run(pace, 0.01, 10)
    assert pace.window == LARGEST


def test_a_slow_line_gets_little_at_a_time() -> None:
    pace = Pace(0)
    run(pace, 1.0, 10)
    assert pace.window == SMALLEST


def test_no_more_is_on_its_way_than_the_window_and_no_lie_is_believed() -> None:
    pace = Pace(100)
    assert pace.room == FIRST
    pace.said(FIRST, 0.0)
    assert pace.room == 0
    assert not pace.heard(99, 0.1)
    assert not pace.heard(100 + FIRST + 1, 0.1)
    assert pace.heard(100 + FIRST // 2, 0.2)
    assert pace.room == pace.window - FIRST // 2
