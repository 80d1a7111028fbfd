"""What the verbs refuse before they reach for anybody, and how they account for what was done."""

from __future__ import annotations

import json
import time
from datetime import datetime

import pytest

from rs_cli.commands import kill, logs
from rs_cli.commands.logs import level, moment
from rs_cli.main import run
from rs_relay.channels.logs import Entry
from rs_relay.channels.manage import Done, Program
from rs_relay.errors import NoSuchSession, UsageError


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["kill", "1"], "Which program?"),
        (["kill", "1", "0"], "over 0"),
        (["kill", "1", "5", "-s", "SEGV"], "no such signal"),
        (["services", "1", "restart"], "Which service?"),
        (["services", "1", "cron", "restart"], "Which service?"),
        (["logs", "1", "--since", "whenever"], "no time"),
        (["logs", "1", "-p", "loud"], "no such priority"),
        (["logs", "1", "-n", "-1"], "--lines"),
        (["ps", "1", "--sort", "colour"], "colour"),
        (["info", "1", "--top", "500"], "--top"),
    ],
)
def test_what_cannot_be_carried_out(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("word", ["TERM", "term", "SIGTERM", "15"])
def test_a_signal_in_any_spelling(word: str) -> None:
    assert kill._signal(word) == "TERM"


def test_moments() -> None:
    now = datetime(2026, 11, 28, 10, 30).timestamp()
    assert moment("90s", now) == now - 90
    assert moment("10m", now) == moment("10 min ago", now) == now - 600
    assert moment("2h", now) == now - 7200
    assert moment("3d", now) == now - 3 * 86400
    assert datetime.fromtimestamp(moment("today", now)) == datetime(2026, 11, 28)
    assert datetime.fromtimestamp(moment("yesterday", now)) == datetime(2026, 11, 27)
    assert datetime.fromtimestamp(moment("2026-11-28T10:00", now)) == datetime(2026, 11, 28, 10)
    assert moment("999999w", now) == 0.0
    for text in ("", "x", "-5m", "9999999999s", "2026-13-01"):
        with pytest.raises(UsageError):
            moment(text, time.time())


def test_priorities() -> None:
    assert [level(word) for word in ("emerg", "err", "error", "warn", "debug", "3")] == [0, 3, 3, 4, 7, 3]


def test_each_program_is_accounted_for(capsys: pytest.CaptureFixture[str]) -> None:
    gone = NoSuchSession("There is no program 7.", "Look.")
    done = [(Program(5, 1.0, "fire\x1bfox", "ada"), Done(1, 3, 1)), (Program(7, 0.0, "", ""), gone)]
    assert kill._account(1, list(done), "TERM", False) == 5
    said = capsys.readouterr()
    assert said.out == "5 fire\\x1bfox and 2 more: TERM; 1 still there, `-s KILL` is stronger\n"
    assert said.err == "rs: There is no program 7.\n    Look.\n"
    assert kill._account(1, list(done), "TERM", True) == 5
    told = json.loads(capsys.readouterr().out)
    assert [program["signalled"] for program in told["programs"]] == [3, 0]
    with pytest.raises(NoSuchSession):
        kill._account(1, [(Program(7, 0.0, "", ""), gone)], "TERM", False)


def test_a_terminal_only_shows_a_log_and_a_pipe_gets_it(
    capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = Entry(0.0, 3, "x", 1, "evil \x1b[31mred")
    logs._tell(entry)
    assert capsysbinary.readouterr().out == b"x[1]: evil \x1b[31mred\n"
    monkeypatch.setattr("rs_cli.terminal.output.is_terminal", lambda: True)
    monkeypatch.setenv("NO_COLOR", "1")
    logs._tell(entry)
    assert capsysbinary.readouterr().out == b"x[1]: evil \\x1b[31mred\n"
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "xterm")
    logs._tell(entry)
    assert capsysbinary.readouterr().out == b"\x1b[31mx[1]: evil \\x1b[31mred\x1b[0m\n"
