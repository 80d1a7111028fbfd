"""The command as a process: what it says, what it exits with, and how fast it is gone."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rs_relay.errors import LocalProblem, Unreachable, UsageError, WrongCode
from tests.support.relay import relay_process
from tests.support.terminal import Terminal

CODE = r"\b\d{3,5}-\d{3}-\d{3}\b"


def environ(folder: Path, **more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "RS_RELAY", "LANGUAGE")}
    own = {"RS_STATE_DIR": str(folder / "state"), "RS_CONFIG_DIR": str(folder / "config"), "LC_ALL": "C.UTF-8"}
    return kept | own | more


def run(folder: Path, *arguments: str, text: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rs_agent", *arguments],
        env=environ(folder, **more), input=text, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with relay_process(tmp_path_factory.mktemp("relay")) as process:
        yield process.url


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["--desktop", "headless", "--relay", "ws://127.0.0.1:9"], Unreachable.exit_status),
        (["--desktop", "headless", "--relay", "ws://example.org"], UsageError.exit_status),
        (["--desktop", "x11"], LocalProblem.exit_status),
        (["resume", "--nonsense"], 2),
        (["--allow", "everything"], UsageError.exit_status),
        (["leave"], UsageError.exit_status),
        (["join", "1", "2"], UsageError.exit_status),
        (["join", "12"], WrongCode.exit_status),
        (["--nonsense"], 2),
    ],
)
def test_what_cannot_be_done_is_a_sentence_and_a_status(tmp_path: Path, arguments: list[str], status: int) -> None:
    done = run(tmp_path, *arguments)
    assert done.returncode == status
    assert done.stderr
    assert "Traceback" not in done.stderr
    assert 'File "' not in done.stderr


def test_a_defect_is_one_sentence_and_its_traceback_is_in_the_log_of_verbose_only(tmp_path: Path) -> None:
    broken = "import rs_agent.host as h\nh.Host.run = None\nfrom rs_agent.main import main\nmain({})"
    for more in ([], ["--verbose"]):
        done = subprocess.run(
            [sys.executable, "-c", broken.format(["--desktop", "headless", *more])],
            env=environ(tmp_path), capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        log = tmp_path / "state" / "agent.log"
        assert log.exists() == bool(more)
    assert "Traceback" in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_typed_code_that_no_relay_knows(tmp_path: Path, relay: str) -> None:
    done = run(tmp_path, "--desktop", "headless", "--relay", relay, "join", text="482-915-733\n")
    assert done.returncode == WrongCode.exit_status
    assert "Traceback" not in done.stderr
    assert "915" not in done.stderr


def agent(folder: Path, relay: str, *arguments: str, **more: str) -> Terminal:
    command = [sys.executable, "-m", "rs_agent", "--desktop", "headless", "--relay", relay, *arguments]
    return Terminal(command, environ(folder, **more), columns=110)


@pytest.mark.parametrize("how", ["stop\n", "/stop\n", "\x03", "\x04"])
def test_the_customer_stops_it(tmp_path: Path, relay: str, how: str) -> None:
    with agent(tmp_path, relay) as it:
        it.wait_for(CODE)
        it.wait_for("/help")
        began = time.monotonic()
        it.type(how)
        assert it.wait() == 0
        assert time.monotonic() - began < 10  # within a second, on a machine that is not busy
        assert "Traceback" not in it.text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_it(tmp_path: Path, relay: str, number: signal.Signals) -> None:
    with agent(tmp_path, relay) as it:
        it.wait_for(CODE)
        it.process.send_signal(number)
        assert it.wait() == 0


def test_in_french(tmp_path: Path, relay: str) -> None:
    with agent(tmp_path, relay, LC_ALL="fr_FR.UTF-8") as it:
        it.wait_for("Votre code d'assistance")
        it.type("stop\n")
        assert it.wait() == 0


def test_no_code_is_left_on_disk_in_the_environment_or_the_arguments(tmp_path: Path, relay: str) -> None:
    """T-04"""
    with agent(tmp_path, relay, "--verbose") as it:
        shown = it.wait_for(CODE).group()
        process = Path(f"/proc/{it.process.pid}")
        seen = [process.joinpath(name).read_bytes() for name in ("cmdline", "environ")]
        it.type("stop\n")
        it.wait()
    seen += [file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()]
    digits = re.sub(r"\D", "", shown)
    for secret in (shown, digits, digits[-6:], shown[-7:]):
        assert not any(secret.encode() in text for text in seen)


def test_a_code_given_as_an_argument_is_taken_off_the_process_title(tmp_path: Path) -> None:
    pytest.importorskip("setproctitle")
    look = (
        "import sys; sys.argv[1:] = ['join', '482-915-733']\n"
        "from rs_agent.life import _typed_code\n"
        "_typed_code(sys.argv[1:])\n"
        "print(open('/proc/self/cmdline').read().strip(chr(0)), sys.argv)"
    )
    command = [sys.executable, "-c", look, "join", "482-915-733"]
    done = subprocess.run(command, env=environ(tmp_path), capture_output=True, text=True, timeout=60, check=True)
    assert "rs-agent join" in done.stdout
    assert "915" not in done.stdout


def test_it_starts_light() -> None:
    """What is loaded before anybody joins; the rest comes with the customer's yes."""
    code = "import sys, rs_agent.life; print(*sorted(m for m in sys.modules if m.split('.')[0] in sys.argv[1:]))"
    heavy = ["PIL", "mss", "Xlib", "pyperclip", "typer", "rich", "textual", "tkinter", "rs_cli", "sqlalchemy"]
    done = subprocess.run([sys.executable, "-c", code, *heavy], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == []
    code = "import sys, rs_agent.life; print([m for m in sys.modules if m.startswith('rs_agent.features.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
