from __future__ import annotations

import pytest

from rs_cli.main import run
from rs_relay.errors import LocalProblem, UsageError


def test_no_display_is_said_before_anybody_is_asked(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setattr("rs_relay.glass.child.sys.platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    assert run(["view", "3"]) == LocalProblem.exit_status
    assert "rs screenshot" in capsys.readouterr().err


def test_a_scale_that_is_none(capsys) -> None:
    assert run(["view", "3", "--scale", "2:1"]) == UsageError.exit_status
