"""`rs-agent unattended …` as it is typed at the device."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

from rs_agent.commands.unattended import run
from rs_agent.unattended.enrolment import Technician, Unattended
from rs_agent.unattended.tries import GuessLimit
from rs_relay.errors import LocalProblem, NoSuchSession, UsageError
from rs_relay.link.address import Address
from rs_relay.link.spec import Permission
from rs_relay.link.unattended import fingerprint
from rs_relay.link.verifier import SMALL, Cost, plain

KEY = b"k" * 32


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RS_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("RS_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.delenv("RS_RELAY", raising=False)
    monkeypatch.setattr(Cost.__init__, "__defaults__", (SMALL.memory, SMALL.passes, SMALL.lanes))
    assert Cost() == SMALL
    return tmp_path / "state"


def _typed(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    answers = iter(lines)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("getpass.getpass", lambda prompt: next(answers))


def test_a_code_that_is_made_is_shown_once(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["enable", "--make-code", "--relay", "wss://relay.example.org"]) == 0
    shown = capsys.readouterr().out
    code = re.search(r"(?<=: )[a-z]{3,8}( [a-z]{3,8}){3}$", shown, re.MULTILINE)
    assert code
    record = Unattended(state).require()
    assert record.relay == "wss://relay.example.org"
    address = re.search(r"rsd_\S+", shown)
    assert address
    assert Address.parse(address.group()).host == record.host
    assert plain(code.group()) not in "".join(f.read_text() for f in state.iterdir())
    run(["status"])
    assert code.group() not in capsys.readouterr().out


def test_ctrl_d_at_the_code_is_ctrl_c(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(prompt: str) -> str:
        raise EOFError

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("getpass.getpass", closed)
    with pytest.raises(KeyboardInterrupt):
        run(["enable"])
    assert Unattended(state).read() is None


def test_digits_are_made_where_they_are_wanted(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["enable", "--make-code", "digits"])
    assert re.search(r": \d{3} \d{3} \d{4}$", capsys.readouterr().out, re.MULTILINE)
    run(["reset-code", "--make-code", "digits"])
    assert re.search(r": \d{3} \d{3} \d{4}$", capsys.readouterr().out, re.MULTILINE)


def test_who_types_none_is_given_one(
    state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _typed(monkeypatch, "")
    assert run(["enable"]) == 0
    assert re.search(r": [a-z]{3,8}( [a-z]{3,8}){3}$", capsys.readouterr().out, re.MULTILINE)


def test_a_code_is_typed_twice(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _typed(monkeypatch, "correct horse 42", "correct horse 43")
    with pytest.raises(UsageError):
        run(["enable"])
    assert Unattended(state).read() is None
    _typed(monkeypatch, "correct horse 42", "correct horse 42")
    assert run(["enable"]) == 0


def test_an_easy_one_is_refused_before_it_is_typed_again(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _typed(monkeypatch, "password123")
    with pytest.raises(UsageError):
        run(["enable"])
    assert Unattended(state).read() is None


def test_without_a_terminal_it_is_said_where_the_code_comes_from(monkeypatch: pytest.MonkeyPatch, state: Path) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(UsageError):
        run(["enable"])
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse 42\n"))
    assert run(["enable", "--access-code-stdin"]) == 0


def test_settings_change_what_is_named_and_keep_the_rest(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["enable", "--make-code", "--allow", "view,files"])
    run(["settings", "--hours", "mon-fri 08:00-18:00", "--ask-first"])
    run(["settings", "--no-lock-on-end"])
    settings = Unattended(state).require().settings
    assert set(settings.permissions) == {Permission.VIEW, Permission.FILES}
    assert (settings.hours, settings.ask_first, settings.lock_on_end) == ("mon-fri 08:00-18:00", True, False)
    run(["settings", "--hours", "always"])
    assert Unattended(state).require().settings.hours == ""
    assert "view" in capsys.readouterr().out
    for wrong in (["--allow", "everything"], ["--hours", "whenever"]):
        with pytest.raises(UsageError):
            run(["settings", *wrong])


def test_what_the_computer_forbids_is_not_set(state: Path, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "agent.toml").write_text('forbid = ["shell"]\n')
    with pytest.raises(UsageError):
        run(["enable", "--make-code", "--allow", "shell"])


def test_who_is_enrolled_is_shown_and_forgotten(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["enable", "--make-code"])
    Unattended(state).enrol(Technician("alice\x1b[2J", KEY.hex(), 0.0))
    GuessLimit(state).spend()
    run(["status"])
    shown = capsys.readouterr().out
    assert "alice" in shown
    assert "\x1b" not in shown
    assert fingerprint(KEY) in shown
    assert "wrong codes in a row" in shown
    assert run(["forget", fingerprint(KEY)]) == 0
    with pytest.raises(NoSuchSession):
        run(["forget", "alice"])


def test_off_and_a_new_code(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for verb in (["status"], ["reset-code", "--make-code"], ["settings"], ["forget", "x"], ["run"]):
        with pytest.raises(NoSuchSession):
            run(verb)
    run(["enable", "--make-code"])
    before = Unattended(state).require()
    run(["reset-code", "--make-code"])
    after = Unattended(state).require()
    assert (before.host, before.w) == (after.host, before.w)
    assert after.w != before.w
    run(["disable"])
    assert not list(state.iterdir())


def test_a_device_whose_key_is_gone_says_so(state: Path) -> None:
    run(["enable", "--make-code"])
    (state / "device.key").unlink()
    with pytest.raises(LocalProblem):
        run(["status"])
