from __future__ import annotations

import hashlib
import json
import os
import threading
from pathlib import Path

import pytest

from rs_cli.commands.send_file import session_and_paths
from rs_cli.doing import carrying
from rs_cli.main import run
from rs_relay.errors import DiskFull, TransferFailed, UsageError
from rs_relay.transfer import disk
from tests.support.files import OneSession


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> OneSession:
    """A session; one is in the technician's folder."""
    made = OneSession(tmp_path)
    monkeypatch.setattr(carrying, "reach", made)
    monkeypatch.setenv("RS_STATE_DIR", str(tmp_path / "state"))
    (tmp_path / "desk").mkdir()
    monkeypatch.chdir(tmp_path / "desk")
    return made


def test_a_file_and_a_name_that_was_taken(session, capsys, tmp_path):
    Path("a.txt").write_text("hello")
    assert run(["send-file", "3", "a.txt"]) == 0
    assert run(["send-file", "a.txt"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == ["a.txt: 5 B", "a.txt: 5 B, saved as a (1).txt"]
    assert err == ""
    assert session.asked == [3, None]
    assert (tmp_path / "home/Downloads/rs/a (1).txt").read_text() == "hello"


def test_one_json_document(session, capsys, tmp_path):
    Path("d/e").mkdir(parents=True)
    Path("d/a").write_text("hello")
    Path("d/link").symlink_to("a")
    Path("d/bad\nname").touch()
    assert run(["send-file", "3", "d", "--into", "sub", "--json"]) == TransferFailed.exit_status
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert (told["session"], told["bytes"]) == (3, 5)
    (arrived,) = told["transfers"]
    assert arrived["name"] == arrived["saved_as"] == "d/a"
    assert arrived["sha256"] == hashlib.sha256(b"hello").hexdigest()
    assert [s["name"] for s in told["skipped"]] == ["d/link"]
    assert [(f["name"], f["code"]) for f in told["failed"]] == [("d/bad\nname", "transfer-failed")]
    assert (tmp_path / "home/Downloads/rs/sub/d/a").read_text() == "hello"


def test_what_failed_is_said_and_is_the_exit_status(session, capsys):
    Path("d").mkdir()
    Path("d/a").write_text("hello")
    Path("d/bad\nname").touch()
    assert run(["send-file", "3", "d"]) == TransferFailed.exit_status
    out, err = capsys.readouterr()
    assert out == "d/a: 5 B\n"
    assert "d/bad\\x0aname: The file's name" in err
    assert "rs: 1 of 2 files did not arrive." in err


def test_a_full_disk_has_its_own_exit_status_and_is_said_once(session, capsys, monkeypatch):
    Path("a").write_bytes(bytes(1000))
    monkeypatch.setattr(disk.Store, "free", lambda self: 0)
    assert run(["send-file", "3", "a"]) == DiskFull.exit_status
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("are needed") == 1
    assert run(["send-file", "3", "a", "--json"]) == DiskFull.exit_status
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "disk-full"  # the batch never began


def test_standard_input(session, monkeypatch, tmp_path):
    out, into = os.pipe()
    threading.Thread(target=lambda: (os.write(into, b"x" * 5000), os.close(into))).start()
    monkeypatch.setattr("sys.stdin", os.fdopen(out))
    assert run(["send-file", "3", "-", "--name", "x.tar"]) == 0
    assert (tmp_path / "home/Downloads/rs/x.tar").read_bytes() == b"x" * 5000


@pytest.mark.parametrize(
    "arguments", [["3"], ["3", "nothing"], ["3", "-"], ["3", "-", "a", "--name", "x"], ["3", "a", "--name", "x"], []]
)
def test_what_cannot_be_meant(session, arguments):
    Path("a").touch()
    assert run(["send-file", *arguments]) == UsageError.exit_status
    assert session.asked == []


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["3", "a"], (3, ["a"])),
        (["a"], (None, ["a"])),
        (["a", "3"], (None, ["a", "3"])),
        (["3"], (3, [])),
        (["12"], (None, ["12"])),
        (["12", "a"], (12, ["a"])),
        (["²", "a"], (None, ["²", "a"])),
    ],
)
def test_which_word_is_the_session(words, expected, session):
    Path("12").touch()
    assert session_and_paths(words) == expected
