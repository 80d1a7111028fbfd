"""`rs-agent doctor` as a process: what it exits with, what it leaves alone, and how long it takes."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from rs_agent.doctor.probes import PROBES
from rs_relay.errors import LocalProblem, Unreachable, UsageError
from tests.support.relay import relay_process
from tests.support.xdesktop import XDesktop


def doctor(home: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    home.mkdir(exist_ok=True)
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH")}
    return subprocess.run(
        [sys.executable, "-m", "rs_agent", "doctor", *arguments], env={**kept, "HOME": str(home), **more},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def told(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.stderr == ""
    answer = json.loads(done.stdout)
    return {**answer, "signs": {one["name"]: one["works"] for one in answer["abilities"]}}


def test_a_session_is_possible_where_there_are_a_screen_and_a_relay(tmp_path: Path) -> None:
    (tmp_path / "relay").mkdir()
    with relay_process(tmp_path / "relay") as relay, XDesktop((640, 480)) as x:
        home = tmp_path / "home"
        done = doctor(home, "--json", DISPLAY=x.display, RS_RELAY=relay.url)
        answer = told(done)
        assert done.returncode == 0
        assert (answer["possible"], answer["error"]) == (True, "")
        assert list(answer["signs"]) == [probe.name for probe in PROBES]
        assert [name for name in ("relay", "clock", "screen", "hands", "clipboard", "drawing", "window", "state")
                if answer["signs"][name] != "yes"] == []  # fmt: skip
        assert list(home.iterdir()) == []
        lines = doctor(home, DISPLAY=x.display, RS_RELAY=relay.url)
        assert lines.returncode == 0
        assert lines.stdout.endswith("A support session is possible.\n")
        assert list(home.iterdir()) == []
        bare = doctor(home, "--json", RS_RELAY=relay.url)
        assert bare.returncode == LocalProblem.exit_status
        assert told(bare)["signs"]["screen"] == "no"
        assert doctor(home, "--json", "--desktop", "headless", RS_RELAY=relay.url).returncode == 0


def test_a_relay_that_is_down_is_the_status(tmp_path: Path) -> None:
    done = doctor(tmp_path / "home", "--json", "--relay", "ws://127.0.0.1:9", "--desktop", "headless")
    assert done.returncode == Unreachable.exit_status
    assert told(done)["error"] == "unreachable"


def test_settings_that_are_not_right_are_the_status_and_the_rest_is_still_told(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.mkdir()
    (config / "agent.toml").write_text("relay = 7\n")
    done = doctor(tmp_path / "home", "--json", "--relay", "ws://127.0.0.1:9", RS_CONFIG_DIR=str(config))
    assert done.returncode == UsageError.exit_status
    signs = told(done)["signs"]
    assert signs["settings"] == "no"
    assert signs["state"] == "yes"


def test_no_secret_is_told(tmp_path: Path) -> None:
    done = doctor(
        tmp_path / "home", "--relay", "wss://nowhere.invalid", "--desktop", "headless",
        HTTPS_PROXY="http://me:geheim@127.0.0.1:9", SECRET="geheim",
    )  # fmt: skip
    assert "127.0.0.1:9" in done.stdout
    assert "geheim" not in done.stdout + done.stderr


def test_a_display_and_a_relay_that_hang_are_not_waited_for(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, XDesktop((320, 240)) as x:
        server = x._started[0].pid
        os.kill(server, signal.SIGSTOP)
        began = time.monotonic()
        try:
            url = f"ws://127.0.0.1:{silent.getsockname()[1]}"
            done = doctor(tmp_path / "home", "--json", "--relay", url, DISPLAY=x.display)
        finally:
            os.kill(server, signal.SIGCONT)
        assert time.monotonic() - began < 30
        signs = told(done)["signs"]
        assert done.returncode == Unreachable.exit_status
        assert (signs["screen"], signs["hands"], signs["program"]) == ("no", "no", "yes")


@pytest.mark.parametrize("arguments", [["--nonsense"], ["extra"]])
def test_what_it_does_not_know(tmp_path: Path, arguments: list[str]) -> None:
    assert doctor(tmp_path / "home", *arguments).returncode == 2


def test_in_french_and_in_a_terminal_without_letters(tmp_path: Path) -> None:
    done = doctor(tmp_path / "home", "--desktop", "headless", LANGUAGE="fr", LANG="C.UTF-8")
    assert "Relais" in done.stdout
    plain = doctor(tmp_path / "home", "--desktop", "headless", LANGUAGE="fr", LC_ALL="C", PYTHONIOENCODING="ascii")
    assert plain.returncode == done.returncode
    assert plain.stdout.isascii()
