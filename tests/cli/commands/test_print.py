"""`rs print`: fetched into a private place, handed over, gone."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from rs_cli.command_line.remote import Remote
from rs_cli.commands import print as verb
from rs_cli.main import run
from rs_cli.printing import spooling
from rs_cli.printing.spooling import JobState, Order, Printer
from rs_relay.errors import LocalProblem, NoSuchSession, UsageError
from tests.support.files import OneSession


class Keeper:
    def __init__(self) -> None:
        self.taken: list[tuple[bytes, str, Order]] = []
        self.seen: list[Path] = []
        self.known: tuple[Printer, ...] = (Printer("Office", True, "is idle"),)
        self.states = [JobState.WAITING, JobState.HELD, JobState.DONE]

    def printers(self) -> tuple[Printer, ...]:
        return self.known

    def submit(self, file: Path, title: str, order: Order) -> str:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
        self.seen.append(file)
        self.taken.append((file.read_bytes(), title, order))
        return f"Office-{len(self.taken)}"

    def state(self, job: str) -> JobState:
        return self.states.pop(0) if len(self.states) > 1 else self.states[0]


@pytest.fixture
def keeper(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Keeper:
    made = Keeper()
    monkeypatch.setattr(spooling, "spooler", lambda: made)
    monkeypatch.setattr(verb, "reach", OneSession(tmp_path))
    monkeypatch.setattr(verb, "LOOK", 0.0)
    monkeypatch.setattr(Remote, "pick", lambda self, book: OneSession.Entry)
    (tmp_path / "home").mkdir()
    (tmp_path / "home/report.pdf").write_bytes(b"%PDF-1.4")
    (tmp_path / "home/note.exe").write_text("text")
    return made


def test_files_go_to_the_printer_and_nothing_stays(keeper: Keeper, capsys: pytest.CaptureFixture[str]) -> None:
    order = ["--printer", "Office", "-n", "2", "-o", "media=A4"]
    assert run(["print", "3:report.pdf", "3:~/note.exe", *order]) == 0
    wanted = Order("Office", 2, ("media=A4",))
    assert keeper.taken == [(b"%PDF-1.4", "report.pdf", wanted), (b"text", "note.exe", wanted)]
    assert [file.suffix for file in keeper.seen] == [".pdf", ""]
    assert not any(file.parent.exists() for file in keeper.seen)
    assert capsys.readouterr().out.splitlines()[0] == "report.pdf: Office-1 is with the printer"


def test_waiting_tells_how_it_ended(keeper: Keeper, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["print", "3:report.pdf", "--wait", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [
        {"session": 3, "file": "report.pdf", "bytes": 8, "job": "Office-1", "state": "done"}
    ]
    keeper.states = [JobState.FAILED]
    assert run(["print", "3:report.pdf", "--wait"]) == LocalProblem.exit_status


def test_nothing_is_fetched_for_a_printer_that_is_not_there(keeper: Keeper) -> None:
    assert run(["print", "3:report.pdf", "--printer", "Other"]) == LocalProblem.exit_status
    keeper.known = ()
    assert run(["print", "3:report.pdf"]) == LocalProblem.exit_status
    assert keeper.seen == []


def test_what_is_not_there_or_cannot_be_meant(keeper: Keeper) -> None:
    assert run(["print", "3:none.pdf"]) == NoSuchSession.exit_status
    for words in ([], ["report.pdf"], ["3:report.pdf", "-o", "a b"], ["3:report.pdf", "-n", "0"]):
        assert run(["print", *words]) == UsageError.exit_status
    assert keeper.taken == []


def test_list(keeper: Keeper, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["print", "--list"]) == 0
    assert capsys.readouterr().out == "Office\tdefault\tis idle\n"
    assert run(["print", "--list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [{"printer": "Office", "default": True, "state": "is idle"}]
