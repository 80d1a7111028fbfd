"""A module that is missing is fetched when it is imported, once, and its like are left alone."""

from __future__ import annotations

import subprocess
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
    monkeypatch.setattr(
        sys, "meta_path", [Finder({"rs_test_absent": "a.tar.xz"}, fetch, "rest.tar.xz"), *sys.meta_path]
    )
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


def test_what_the_one_file_has_not_comes_with_all_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a process of its own: there is one rs_agent here already."""
    early, rest = tmp_path / "early" / "rs_agent", tmp_path / "rest" / "rs_agent"
    for place in (early / "a", rest / "a", rest / "b"):
        place.mkdir(parents=True)
    for place in (early, early / "a", rest, rest / "a", rest / "b"):
        (place / "__init__.py").write_text("")
    (early / "a" / "x.py").write_text("where = 'early'\n")
    for name in ("a/x", "a/y", "b/z"):
        (rest / f"{name}.py").write_text("where = 'rest'\n")
    code = (
        "import sys; from pathlib import Path\n"
        "from rs_relay.download.start.finder import Finder\n"
        "for name in [n for n in sys.modules if n.partition('.')[0] == 'rs_agent']: del sys.modules[name]\n"
        "asked = []; early, rest = map(Path, sys.argv[1:])\n"
        "sys.path.insert(0, str(early))\n"
        "sys.meta_path.insert(0, Finder({}, lambda name: asked.append(name) or rest, 'rest.tar.xz'))\n"
        "import rs_agent.a.x; assert rs_agent.a.x.where == 'early' and not asked\n"
        "import rs_agent.a.y, rs_agent.b.z; assert rs_agent.a.y.where == rs_agent.b.z.where == 'rest'\n"
        "assert set(asked) == {'rest.tar.xz'}\n"
        "try: import rs_agent.nothing\n"
        "except ModuleNotFoundError: print('as it should be')\n"
    )
    command = [sys.executable, "-c", code, str(early.parent), str(rest.parent)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[3])
    assert done.stdout == "as it should be\n", done.stderr
