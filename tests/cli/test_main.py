"""The way out of every verb: one sentence, one status, never a traceback, never a secret."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from rs_cli import main
from rs_cli.command_line import app
from rs_cli.commands import VERBS
from rs_cli.title import hide_code
from rs_relay.errors import BY_CODE, DiskFull, RsError

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _own_directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RS_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("RS_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.delenv("RS_RELAY", raising=False)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Let every verb raise."""

    def fail(error: BaseException) -> None:
        def broken(*_: Any, **__: Any) -> None:
            raise error

        monkeypatch.setattr(app, "app", broken)

    return fail


@pytest.mark.parametrize("kind", BY_CODE.values(), ids=BY_CODE.keys())
def test_each_error_is_its_exit_status(
    kind: type[RsError], failing: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]
) -> None:
    failing(kind("It did not work.", "Try again."))
    assert main.run(["chat"]) == kind.exit_status
    assert capsys.readouterr() == ("", "rs: It did not work.\n    Try again.\n")
    assert main.run(["chat", "--json"]) == kind.exit_status
    out, err = capsys.readouterr()
    assert json.loads(out) == {"error": {"code": kind.code, "message": "It did not work.", "hint": "Try again."}}
    assert err == ""


def test_ctrl_c(failing: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]) -> None:
    failing(KeyboardInterrupt())
    assert main.run(["chat"]) == 130
    assert capsys.readouterr() == ("", "")


def test_a_defect_is_one_sentence_and_debug_writes_it_down(
    failing: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    failing(ZeroDivisionError("inside"))
    assert main.run(["chat"]) == 1
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    assert "--debug" in err
    assert not (tmp_path / "state" / "rs.log").exists()
    assert main.run(["chat", "--debug"]) == 1
    _, err = capsys.readouterr()
    log = tmp_path / "state" / "rs.log"
    assert str(log) in err
    assert "ZeroDivisionError" in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["info", "abc"], "rs: Invalid value for 'SESSION': it is to be a whole number."),
        (["info", "1", "--timeout", "abc"], "rs: Invalid value for '--timeout': it is to be a number."),
        (["ps", "1", "--sort", "foo"], "rs: Invalid value for '--sort' / '-s': 'foo' is not one of 'cpu'"),
    ],
)
def test_a_value_of_another_kind_is_said_in_plain_words(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run(arguments) == 2
    assert capsys.readouterr().err.startswith(said)


def test_a_slip_is_answered_with_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["sesions"]) == 2
    assert "Did you mean 'sessions'?" in capsys.readouterr().err
    assert main.run(["sessions", "lst"]) == 2
    assert "Did you mean 'list'?" in capsys.readouterr().err
    assert main.run(["chat", "--jsn"]) == 2
    assert "--json" in capsys.readouterr().err


def test_words_after_two_dashes_are_no_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["chat", "1", "--", "--json"]) == 5
    assert capsys.readouterr().out == ""


def test_help_names_every_verb_and_imports_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(verb.name in text for verb in VERBS)


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_every_verb_can_be_imported_and_explains_itself(verb: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert import_module(verb.module).app
    assert main.run([verb.name, "--help"]) == 0
    text = capsys.readouterr().out
    assert f"Usage: rs {verb.name}" in text
    assert "install-completion" not in text


def test_the_dashboard_needs_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run([]) == 2
    assert "rs --help" in capsys.readouterr().err


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["--version"]) == 0
    assert re.fullmatch(r"rs \d+\.\d+\.\d+\S*\n", capsys.readouterr().out)


def loaded_by(*arguments: str) -> set[str]:
    """The modules that a command line loads."""
    script = (
        "import sys\nfrom rs_cli import main\nmain.run(sys.argv[1:])\n"
        "sys.stdout.flush(); print('\\n' + ' '.join(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


HEAVY = {"textual", "PIL", "numpy", "tkinter", "websockets", "pyperclip", "sqlalchemy"}


@pytest.mark.parametrize(
    "arguments", [["--help"], ["sessions", "list", "--json"], ["chat", "1", "x"], ["sessions", "lst"]]
)
def test_a_verb_loads_what_it_needs_and_no_more(arguments: list[str]) -> None:
    assert not loaded_by(*arguments) & HEAVY


def test_sending_a_file_does_not_load_the_dashboard() -> None:
    assert not loaded_by("send-file", "1", __file__) & {"textual", "tkinter", "PIL", "numpy"}


def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    script = "from rs_cli.main import main; main()"
    program = subprocess.Popen(
        [sys.executable, "-c", script, "--help"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ,
    )
    assert program.stdout is not None
    program.stdout.close()
    assert program.stderr is not None
    assert b"Traceback" not in program.stderr.read()
    program.stderr.close()
    assert program.wait(30) == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no file that is always full")
@pytest.mark.parametrize("arguments", [["--help"], ["help", "exit-codes"], ["transfers", "list", "--json"]])
def test_output_on_a_full_disk_is_a_sentence_and_a_status(arguments: list[str], tmp_path: Path) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "rs_cli", *arguments],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
            env={**os.environ, "RS_STATE_DIR": str(tmp_path)},
        )
    assert done.returncode == DiskFull.exit_status
    assert done.stderr.splitlines()[0] == "rs: The disk that rs writes to has no room left."
    assert len(done.stderr.splitlines()) == 2


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="the title is read from /proc")
def test_the_code_is_gone_from_the_process_before_anything_is_imported() -> None:
    script = (
        "import sys, runpy\n"
        "from rs_cli import main\n"
        "assert 'typer' not in sys.modules\n"
        "def look(arguments):\n"
        "    print(open('/proc/self/cmdline', 'rb').read())\n"
        "    return 0\n"
        "main.run = look\n"
        "main.main()\n"
    )
    arguments = [sys.executable, "-c", script, "connect", "482-915-733"]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert "rs connect" in done.stdout
    assert "915" not in done.stdout
    assert "733" not in done.stdout


def test_other_verbs_keep_their_title(monkeypatch: pytest.MonkeyPatch) -> None:
    titles: list[str] = []
    monkeypatch.setitem(sys.modules, "setproctitle", type("Module", (), {"setproctitle": staticmethod(titles.append)}))
    hide_code(["rs", "chat", "1", "x"])
    assert titles == []
    hide_code(["rs", "--debug", "connect", "482915733"])
    assert titles == ["rs connect"]
