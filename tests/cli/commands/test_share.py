from __future__ import annotations

import pytest

from rs_cli.main import run
from rs_relay.errors import LocalProblem, UsageError


def test_no_display_is_said_before_anybody_is_asked(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setattr("rs_cli.commands.share.reach", lambda *_: pytest.fail("the customer was asked"))
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert run(["share", "3"]) == LocalProblem.exit_status
    assert "no display" in capsys.readouterr().err


def test_a_monitor_that_is_none(capsys) -> None:
    assert run(["share", "3", "--monitor", "-1"]) == UsageError.exit_status
