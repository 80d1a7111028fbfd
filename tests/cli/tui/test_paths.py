from __future__ import annotations

from pathlib import Path

import pytest

from rs_cli.tui.widgets.paths import complete, existing
from rs_relay.errors import UsageError


def test_completion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "report.pdf").touch()
    (tmp_path / "reports").mkdir()
    (tmp_path / ".hidden").touch()
    at = str(tmp_path)
    assert complete(f"{at}/rep") == f"{at}/report.pdf"
    assert complete(f"{at}/reports") == f"{at}/reports/"
    assert complete(f"{at}/.h") == f"{at}/.hidden"
    assert complete(f"{at}/") is None
    assert complete(f"{at}/x") is None
    assert complete("/no/such/directory/x") is None
    monkeypatch.setenv("HOME", at)
    assert complete("~/reports") == "~/reports/"
    monkeypatch.chdir(tmp_path)
    assert complete("rep") == "report.pdf"


def test_what_is_there(tmp_path: Path) -> None:
    existing(str(tmp_path))
    for missing in ("", "  ", str(tmp_path / "x")):
        with pytest.raises(UsageError):
            existing(missing)
