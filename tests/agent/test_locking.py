"""Locking the screen: the first program that says it has."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from rs_agent import locking


@pytest.mark.skipif(sys.platform != "linux", reason="the programs of Linux")
def test_the_next_one_is_asked_when_one_fails_or_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not locking.lock()
    said = tmp_path / "said"
    for name, status in (("loginctl", 1), ("xdg-screensaver", 0)):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\necho {name} $1 >> {said}\nexit {status}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    assert locking.lock()
    assert said.read_text().splitlines() == [
        "loginctl lock-sessions",
        "loginctl lock-session",
        "xdg-screensaver lock",
    ]


def test_whether_somebody_is_logged_in_can_be_asked() -> None:
    assert locking.occupied() in (True, False)
