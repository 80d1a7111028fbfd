from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rs_cli.commands import transfers as verb
from rs_cli.doing import carrying
from rs_cli.main import run
from rs_cli.terminal import output
from rs_cli.transfers.board import Board
from rs_cli.transfers.record import Failure, Order, Record, State
from rs_relay.errors import NoSuchSession, Unreachable, UsageError
from tests.support.files import OneSession


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Board]:
    """Another program's: it moves number 1, and number 2 of session 4 has failed."""
    monkeypatch.setenv("RS_STATE_DIR", str(tmp_path / "state"))
    made = Board()
    put(made, State.MOVING, done=500_000, total=2_000_000, rate=100_000.0, place=1, all_files=4, files=1)
    failure = Failure("\x1b[2Jb", "disk-full", "The disk is full.")
    put(made, State.FAILED, session=4, failed=30, failures=(failure,), ended=2e9)
    yield made
    made.close()


def put(board: Board, state: State, session: int = 3, **changes: Any) -> Record:
    order = Order(True, ("/x/report.pdf",), "k")
    record = Record(board.claim(), board.owner, session, "Maria", order, "\x1b[2Jreport.pdf", state, began=1e9)
    record = msgspec.structs.replace(record, **changes)
    board.write(record)
    return record


def obey(board: Board) -> threading.Thread:
    """Do what is asked, once, as the program that moves it."""

    def once() -> None:
        while not (found := board.asked()):
            pass
        ((number, ask, path),) = found
        state = {"pause": State.PAUSED, "cancel": State.CANCELLED}.get(ask.what, State.MOVING)
        board.write(msgspec.structs.replace(board.get(number), state=state, limit=ask.rate or -1))
        path.unlink()

    thread = threading.Thread(target=once)
    thread.start()
    return thread


def test_listed_for_people_and_for_programs(board: Board, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["transfers"]) == 0
    out, err = capsys.readouterr()
    first, second = (line.split("\t") for line in out.splitlines())
    assert first == ["1", "3", "→ \\x1b[2Jreport.pdf", "25%", "0.5 of 2.0 MB", "1 of 4", "100 kB/s", "15 s"]
    assert second[3] == "failed, 30 failed"
    assert err.splitlines() == ["2: \\x1b[2Jb: The disk is full.", "2: … and 29 more."]
    only = Failure("report.pdf", "disk-full", "The disk is full.")
    put(board, State.FAILED, session=5, failed=1, failures=(only,), all_files=1, ended=2e9)
    assert run(["transfers", "5"]) == 0
    out, err = capsys.readouterr()
    assert (out.split("\t")[3], err) == ("failed: The disk is full.", "")
    assert run(["transfers", "--json"]) == 0
    assert [t["id"] for t in json.loads(capsys.readouterr().out)] == [1, 2, 3]
    assert run(["transfers", "4", "--json"]) == 0
    assert [t["id"] for t in json.loads(capsys.readouterr().out)] == [2]
    assert run(["transfers", "list", "9"]) == 0
    assert capsys.readouterr() == ("", "Nothing is moving, and nothing has moved lately.\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["pause", "1"], "1: paused"),
        (["cancel", "1"], "1: cancelled"),
        (["first", "1"], "1: 25%"),
        (["up", "1"], "1: 25%"),
        (["down", "1"], "1: 25%"),
        (["resume", "1"], "1: 25%"),
        (["limit", "1", "500k"], "1: 25%, at most 500 kB/s"),
    ],
)
def test_what_is_asked_is_done_by_the_program_that_moves_it(
    board: Board, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    thread = obey(board)
    assert run(["transfers", *words]) == 0
    thread.join()
    assert capsys.readouterr().out == f"{said}\n"


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["pause", "9"], NoSuchSession), (["limit", "1", "fast"], UsageError), (["retry", "1"], UsageError),
        (["pause", "x"], UsageError), (["pause"], UsageError), (["--watch"], UsageError),
    ],
)  # fmt: skip
def test_what_cannot_be(board: Board, words: list[str], status: Any) -> None:
    assert run(["transfers", *words]) == status.exit_status


def test_whose_program_has_ended_is_gone_on_with_here(
    board: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    session = OneSession(tmp_path)
    monkeypatch.setattr(carrying, "reach", session)
    (tmp_path / "home").mkdir()
    (tmp_path / "here.txt").write_text("x")
    order = Order(True, (str(tmp_path / "here.txt"),), "k" * 32)
    left = put(board, State.MOVING, session=7, order=order)
    pipe = put(board, State.MOVING, order=Order(True, ("x.tar",), "k", pipe=True))
    board.close()
    assert run(["transfers", "pause", str(left.id)]) == Unreachable.exit_status
    assert run(["transfers", "retry", str(pipe.id)]) == UsageError.exit_status
    assert run(["transfers", "retry", str(left.id), "--json"]) == 0
    assert session.asked == [7]
    assert (tmp_path / "home/Downloads/rs/here.txt").read_text() == "x"
    assert Board().get(left.id).state is State.DONE
    assert run(["transfers", "retry", str(left.id)]) == UsageError.exit_status
    capsys.readouterr()
    assert run(["transfers", "clear", "--json"]) == 0
    assert sorted(json.loads(capsys.readouterr().out)["cleared"]) == [1, 2, left.id, pipe.id]
    assert Board().records() == []


def test_what_failed_in_a_program_that_still_runs_is_done_there(board: Board) -> None:
    thread = obey(board)
    assert run(["transfers", "retry", "2"]) == 0
    thread.join()


def test_watching(board: Board, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    looks = iter([None, None])

    def sleep(seconds: float) -> None:
        if next(looks, 0) == 0:
            raise KeyboardInterrupt

    monkeypatch.setattr(verb.time, "sleep", sleep)
    assert run(["transfers", "--watch", "--json"]) == 130
    assert len(capsys.readouterr().out.splitlines()) == 3
    looks = iter([None])
    monkeypatch.setattr(output, "is_terminal", lambda: True)
    assert run(["transfers", "-w"]) == 130
    assert "report.pdf" in capsys.readouterr().out
