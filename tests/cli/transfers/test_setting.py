from __future__ import annotations

import pytest

from rs_cli.transfers.setting import VARIABLE, at_once
from rs_relay.errors import UsageError


def test_one_unless_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert at_once() == 1
    monkeypatch.setenv(VARIABLE, "4")
    assert at_once() == 4


@pytest.mark.parametrize("text", ["0", "17", "many", "-1", "²"])
def test_what_is_no_number(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(VARIABLE, text)
    with pytest.raises(UsageError):
        at_once()
