from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from rs_cli.doing import carrying
from rs_cli.main import run
from rs_cli.terminal import output
from rs_relay.errors import NoSuchSession, UsageError
from tests.support.files import OneSession


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> OneSession:
    """A session whose customer has `log`; one is in the technician's folder."""
    made = OneSession(tmp_path)
    monkeypatch.setattr(carrying, "reach", made)
    monkeypatch.setenv("RS_STATE_DIR", str(tmp_path / "state"))
    (tmp_path / "home").mkdir()
    (tmp_path / "home/log").write_text("one\ntwo\n")
    (tmp_path / "desk").mkdir()
    monkeypatch.chdir(tmp_path / "desk")
    return made


def test_a_name_that_ends_as_a_folder_is_one(session, capsys):
    assert run(["get-file", "3", "log", "nowhere/"]) == 2
    assert "no such folder" in capsys.readouterr().err
    assert not Path("nowhere").exists()


def test_here_into_a_folder_and_under_a_name(session, capsys):
    Path("d").mkdir()
    assert run(["get-file", "3", "log"]) == 0
    assert run(["get-file", "log"]) == 0
    assert run(["get-file", "3", "~/log", "d"]) == 0
    assert run(["get-file", "log", "mine"]) == 0
    assert run(["get-file", "log", "mine", "--overwrite"]) == 0
    assert capsys.readouterr().out.splitlines()[1] == "log: 8 B, saved as log (1)"
    assert sorted(str(p) for p in Path().rglob("*") if p.is_file()) == ["d/log", "log", "log (1)", "mine"]
    assert session.asked == [3, None, 3, None, None]


def test_into_a_pipe(session, monkeypatch, tmp_path):
    with (tmp_path / "out").open("w") as file:
        monkeypatch.setattr("sys.stdout", file)
        assert run(["get-file", "3", "log", "-"]) == 0
    assert (tmp_path / "out").read_text() == "one\ntwo\n"


def test_nobody_reads(session, monkeypatch):
    """`rs get-file 3 log - | head -0`: the end of the reader is no failure."""
    out, into = os.pipe()
    os.close(out)
    monkeypatch.setattr("sys.stdout", os.fdopen(into, "w"))
    assert run(["get-file", "3", "log", "-"]) == 0


def test_json(session, capsys):
    assert run(["get-file", "3", "log", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["transfers"][0]["saved_as"] == "log"
    assert run(["get-file", "3", "nothing-there", "--json"]) == NoSuchSession.exit_status
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "not-found"


@pytest.mark.parametrize(
    "arguments", [["3", "log", "-", "--json"], ["3", "log", "no/where/x"], ["log", "a", "b"], ["3", "a", "b", "c"]]
)
def test_what_cannot_be_meant(session, arguments):
    assert run(["get-file", *arguments]) == UsageError.exit_status


def test_nothing_is_written_to_a_terminal(session, monkeypatch):
    monkeypatch.setattr(output, "is_terminal", lambda: True)
    assert run(["get-file", "3", "log", "-"]) == UsageError.exit_status
