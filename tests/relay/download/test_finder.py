"""A module that is missing is fetched when it is imported, once, and its like are left alone."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import pytest

from rs_relay.download.start.finder import Finder


@pytest.fixture
def fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    (tmp_path / "rs_test_absent").mkdir()
    (tmp_path / "rs_test_absent" / "__init__.py").write_text("y = 2\n")
    (tmp_path / "rs_test_absent" / "part.py").write_text("z = 3\n")
    asked: list[str] = []

    def fetch(name: str) -> Path:
        asked.append(name)
        return tmp_path

    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setattr(sys, "meta_path", [Finder({"rs_test_absent": "a.tar.xz"}, fetch), *sys.meta_path])
    return asked


def test_it_comes_on_import(fetched: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    assert import_module("rs_test_absent.part").z == 3
    assert fetched == ["a.tar.xz"]
    assert os.environ.pop("RS_PYTHONPATH") == "/elsewhere"
    assert os.environ["PYTHONPATH"] == f"{tmp_path}{os.pathsep}/elsewhere"
    for name in ("rs_test_absent", "rs_test_absent.part"):
        monkeypatch.delitem(sys.modules, name)


def test_nothing_else_is_asked_for(fetched: list[str]) -> None:
    with pytest.raises(ModuleNotFoundError):
        import_module("rs_test_never")
    assert fetched == []
