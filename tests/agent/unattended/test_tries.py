"""The guess limit of a device: over restarts, over clocks that are set, and never for good."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from rs_agent.unattended.tries import FILE, GuessLimit
from rs_relay.errors import LocalProblem


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def _spend_all(limit: GuessLimit, clock: Clock, seconds: float, step: float = 1.0) -> int:
    """How many wrong codes somebody gets looked at who tries each `step` seconds."""
    end, looked_at = clock.now + seconds, 0
    while clock.now < end:
        looked_at += limit.spend()
        clock.now += step
    return looked_at


def test_five_tries_each_after_a_longer_pause_then_one_in_ten_minutes(tmp_path: Path) -> None:
    clock = Clock()
    limit = GuessLimit(tmp_path, clock)
    pauses = []
    for _ in range(5):
        assert limit.wait() == 0
        assert limit.spend()
        assert not limit.spend()
        pauses.append(limit.wait())
        clock.now += limit.wait()
    assert pauses[:4] == [2.0, 4.0, 8.0, 16.0]
    assert 500 < pauses[4] <= 600
    clock = Clock()
    assert _spend_all(GuessLimit(tmp_path / "other", clock), clock, 86_400) <= 5 + 144


def test_a_restart_gives_no_try_more(tmp_path: Path) -> None:
    clock = Clock()
    looked_at = 0
    for _ in range(200):
        looked_at += GuessLimit(tmp_path, clock).spend()
        clock.now += 1.0
    assert looked_at <= 5


@pytest.mark.parametrize("back", [1.0, 86_400.0, 10 * 365 * 86_400.0])
def test_a_clock_that_is_set_back_gives_none_and_locks_nobody_out(tmp_path: Path, back: float) -> None:
    clock = Clock()
    clock.now = 1e9
    limit = GuessLimit(tmp_path, clock)
    _spend_all(limit, clock, 60)
    before = limit.wait()
    looked_at = 0
    for _ in range(20):
        clock.now -= back
        looked_at += limit.spend()
    assert looked_at == 0
    assert before <= limit.wait() + 60
    assert limit.wait() <= 600
    clock.now += 601
    assert limit.spend()


def test_a_right_code_is_no_guess(tmp_path: Path) -> None:
    clock = Clock()
    limit = GuessLimit(tmp_path, clock)
    for _ in range(50):
        assert limit.spend()
        limit.right()
    assert limit.failures == 0
    assert limit.spend()
    assert limit.failures == 1


def test_the_file_is_private_and_damage_opens_nothing(tmp_path: Path) -> None:
    clock = Clock()
    limit = GuessLimit(tmp_path, clock)
    assert limit.spend()
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    (tmp_path / FILE).write_bytes(b'{"tokens":5.0,"fail')
    assert not limit.spend()
    clock.now += 601
    assert limit.spend()
    (tmp_path / FILE).chmod(0o644)
    with pytest.raises(LocalProblem):
        limit.spend()


def test_a_try_that_cannot_be_written_down_is_not_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise LocalProblem("The disk is full.")

    monkeypatch.setattr("rs_agent.unattended.tries.keep", full)
    with pytest.raises(LocalProblem):
        GuessLimit(tmp_path, Clock()).spend()
