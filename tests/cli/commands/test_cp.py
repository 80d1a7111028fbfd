from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from rs_cli.commands.cp import read
from rs_cli.doing import carrying
from rs_cli.main import run
from rs_cli.state.book import Book
from rs_cli.terminal import output
from rs_relay.errors import NoSuchSession, UsageError
from tests.support.files import OneSession
from tests.support.technician import entry


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> OneSession:
    """Session 1 with Maria's PC, whose home holds `log` and `logs`; one is in the technician's folder."""
    made = OneSession(tmp_path)
    monkeypatch.setattr(carrying, "reach", made)
    monkeypatch.setenv("RS_STATE_DIR", str(tmp_path / "state"))
    Book().add(entry(customer="maria"))
    (tmp_path / "home/logs").mkdir(parents=True)
    (tmp_path / "home/log").write_text("one\ntwo\n")
    for name in "ab":
        (tmp_path / f"home/logs/{name}.txt").write_text(name)
    (tmp_path / "desk").mkdir()
    monkeypatch.chdir(tmp_path / "desk")
    return made


def names(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_from_the_customer_into_a_folder_and_under_a_name(session, tmp_path):
    Path("d").mkdir()
    assert run(["cp", "1:log", "."]) == 0
    assert run(["cp", ":log", "d"]) == 0
    assert run(["cp", "maria:logs", "mine"]) == 0
    assert run(["cp", "1:logs/*.txt", ":../home/log", "d"]) != 0  # two spellings of a session are two
    assert run(["cp", "1:logs/*.txt", "1:log", "d", "--overwrite"]) == 0
    assert names(Path()) == ["d/a.txt", "d/b.txt", "d/log", "log", "mine/a.txt", "mine/b.txt"]
    assert session.asked == [1] * 4


def test_to_the_customer_into_a_folder_under_a_name_and_to_where_files_are_received(session, tmp_path):
    Path("x").write_text("x")
    Path("t").mkdir()
    Path("t/y").write_text("y")
    home = tmp_path / "home"
    assert run(["cp", "x", "t", "1:logs"]) == 0
    assert run(["cp", "x", "1:new"]) == 0
    assert run(["cp", "t", "1:newtree"]) == 0
    assert run(["cp", "x", "1:"]) == 0
    assert names(home) == [
        "Downloads/rs/x", "log", "logs/a.txt", "logs/b.txt", "logs/t/y", "logs/x", "new", "newtree/y",
    ]  # fmt: skip


def test_only_what_is_newer(session, capsys):
    assert run(["cp", "1:logs/*.txt", "."]) == 0
    capsys.readouterr()
    assert run(["cp", "--if-newer", "1:logs/*.txt", ".", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [len(told[kind]) for kind in ("transfers", "skipped", "failed")] == [0, 2, 0]
    assert names(Path()) == ["a.txt", "b.txt"]


def test_permissions_and_links_are_kept_when_asked(session, tmp_path):
    Path("t").mkdir()
    Path("t/run").write_text("x")
    Path("t/run").chmod(0o755)
    Path("t/link").symlink_to("run")
    assert run(["cp", "-a", "t", "1:kept"]) == 0
    kept = tmp_path / "home/kept"
    assert os.readlink(kept / "link") == "run"
    assert (kept / "run").stat().st_mode & 0o777 == 0o755
    assert run(["cp", "-a", "1:kept", "back"]) == 0
    assert os.readlink("back/link") == "run"
    assert Path("back/run").stat().st_mode & 0o777 == 0o755


def test_pipes(session, monkeypatch, tmp_path):
    with (tmp_path / "out").open("w") as file:
        monkeypatch.setattr("sys.stdout", file)
        assert run(["cp", "1:log", "-"]) == 0
    assert (tmp_path / "out").read_text() == "one\ntwo\n"
    out, into = os.pipe()

    def feed() -> None:
        with os.fdopen(into, "wb") as file:
            file.write(b"z" * 500_000)

    threading.Thread(target=feed).start()
    monkeypatch.setattr("sys.stdin", os.fdopen(out))
    monkeypatch.setattr("sys.stdout", open(os.devnull, "w"))  # noqa: SIM115
    assert run(["cp", "-", "1:logs/z.tar"]) == 0
    assert (tmp_path / "home/logs/z.tar").read_bytes() == b"z" * 500_000


def test_quiet_says_nothing_but_failures(session, capsys):
    assert run(["cp", "-q", "1:log", "."]) == 0
    assert capsys.readouterr() == ("", "")
    assert run(["cp", "-q", "1:nothing", "."]) == NoSuchSession.exit_status
    assert capsys.readouterr().err.startswith("rs: ")


def test_of_several_what_failed_is_told_and_the_others_are_there(session, capsys):
    assert run(["cp", "1:nothing", "1:log", "."]) == NoSuchSession.exit_status
    assert names(Path()) == ["log"]
    assert "1 of 2 files did not arrive" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["1:a"], ["a", "b"], ["1:a", "1:b"], ["here", "1:a", "."], ["1:a", "2:b", "."], ["1:", "."],
        ["no-such-file", "1:a"], ["-", "here", "1:a"], ["1:a", "1:b", "no-folder"], ["1:a", "no-folder/"],
    ],
)  # fmt: skip
def test_what_cannot_be_meant(session, words):
    Path("here").write_text("x")
    with pytest.raises(UsageError):
        read(words)
    assert run(["cp", *words]) == UsageError.exit_status


@pytest.mark.parametrize(
    "words", [["-", "1:"], ["1:a", "1:b", "-"], ["1:log", "-", "--json"], ["1:log", ".", "--limit", "x"]]
)
def test_nor_this(session, words):
    assert run(["cp", *words]) == UsageError.exit_status


def test_nothing_is_written_to_a_terminal(session, monkeypatch):
    monkeypatch.setattr(output, "is_terminal", lambda: True)
    assert run(["cp", "1:log", "-"]) == UsageError.exit_status


def test_a_file_here_with_a_colon(session, tmp_path):
    Path("ab:c").write_text("x")
    assert run(["cp", "./ab:c", "1:"]) == 0
    assert run(["cp", "ab:c", "1:"]) == UsageError.exit_status
