"""`rs exec` as a script uses it: real programs at both ends, real pipes, and a customer who says stop."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.stage import RsStage
from tests.support.xdesktop import until

MiB = 1024 * 1024


@pytest.fixture
def shell(stage: RsStage) -> RsStage:
    """A session in which commands may be run."""
    stage.start_agent(allow="view,shell")
    stage.join()
    return stage


def exec_(stage: RsStage, *words: str, input: bytes = b"", **more: str) -> subprocess.CompletedProcess[bytes]:
    command = stage.command("exec", stage.session, *words)
    return subprocess.run(command, input=input, env={**stage.technician, **more}, capture_output=True, timeout=100)


def runs(marker: str) -> bool:
    """Whether a program with `marker` among its arguments runs, ours at this end aside."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            if marker.encode() in words and not any(word.endswith(b"/rs") for word in words):
                return True
        except OSError:
            continue
    return False


def test_fifty_megabytes_there_and_back_and_two_streams_apart(shell: RsStage) -> None:
    data = os.urandom(50 * MiB)
    there = exec_(shell, "--", "sha256sum", input=data)
    assert there.stdout.split()[0].decode() == hashlib.sha256(data).hexdigest()
    both = exec_(shell, "--", "tee", "/dev/stderr", input=data)
    assert both.stdout == data
    assert both.stderr == data


def test_a_tree_goes_through_tar(shell: RsStage, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "grüße").write_text("hello")
    (tmp_path / "a" / "big").write_bytes(os.urandom(3 * MiB))
    far = " ".join(shell.command("exec", shell.session, "--cwd", "in", "--", "tar", "x"))
    (shell.home / "in").mkdir()
    subprocess.run(f"tar c a | {far}", shell=True, cwd=tmp_path, env=shell.technician, check=True, timeout=60)
    for name in ("grüße", "big"):
        assert (shell.home / "in" / "a" / name).read_bytes() == (tmp_path / "a" / name).read_bytes()


def test_exit_statuses_and_whose_they_are(shell: RsStage) -> None:
    assert [exec_(shell, "--", "sh", "-c", f"exit {n}").returncode for n in (0, 3, 255)] == [0, 3, 255]
    assert exec_(shell, "-c", "kill -9 $$").returncode == 137
    missing = exec_(shell, "--", "no-such-program")
    assert (missing.returncode, missing.stderr[:3]) == (127, b"rs:")
    assert f"`rs exec {shell.session} -c 'LINE'`".encode() in missing.stderr
    assert exec_(shell, "-c", "no-such-program").stderr[:3] != b"rs:"  # the customer's shell says so itself
    assert exec_(shell, "--", "/etc/passwd").returncode == 126
    assert exec_(shell, "--timeout", "0.3", "--", "sleep", "60").returncode == 124
    told = json.loads(exec_(shell, "--json", "-c", "echo out; echo err >&2; exit 3").stdout)
    assert told == {"session": 1, "status": 3, "signal": None, "stdout": "out\n", "stderr": "err\n"}
    ours = exec_(shell, "--json", "--", "true", RS_STATE_DIR=str(shell.folder / "nobody"))
    assert (ours.returncode, json.loads(ours.stdout)["error"]["code"]) == (5, "not-found")


def test_folder_environment_and_nothing_of_ours(shell: RsStage) -> None:
    told = exec_(shell, "--cwd", "/", "-e", "COLOUR=blü", "-c", "pwd; echo $COLOUR $HOME; env").stdout.decode()
    assert told.startswith(f"/\nblü {shell.home}\n")
    assert [line.split("=")[0] for line in told.splitlines() if line.startswith("RS_")] == ["RS_PROGRAM"]


def test_a_pipe_that_closes_early_is_no_trouble(shell: RsStage) -> None:
    far = " ".join(shell.command("exec", shell.session, "--"))
    line = f"yes | {far} head -n 2; echo $?; {far} yes | head -n 2; {far} true < /dev/null; echo $?"
    done = subprocess.run(["sh", "-c", line], env=shell.technician, capture_output=True, text=True, timeout=60)
    assert (done.stdout.split(), done.stderr) == (["y", "y", "0", "y", "y", "0"], "")


def test_who_does_not_read_stops_the_far_program(shell: RsStage) -> None:
    slow = subprocess.Popen(
        shell.command(
            "exec", shell.session, "-n", "-c", "i=0; while :; do i=$((i+1)); echo $i >&3; printf %65536s; done 3>n"
        ),
        env=shell.technician,
        stdout=subprocess.PIPE,
    )
    counter = shell.home / "n"
    until(lambda: counter.exists() and counter.stat().st_size > 0, "the far program")
    sizes = [0, -1]
    until(lambda: sizes.append(counter.stat().st_size) or time.sleep(0.5) or sizes[-1] == sizes[-2], "it to stop")
    assert len(counter.read_text().splitlines()) < 64 * MiB // 65536
    slow.kill()
    slow.communicate()


def test_ctrl_c_goes_over_and_a_second_one_leaves(shell: RsStage) -> None:
    script = "trap 'echo caught; exit 9' INT; echo on; while :; do sleep 0.05; done"
    process = shell.begin("exec", shell.session, "-c", script)
    assert process.stdout is not None
    assert process.stdout.readline() == "on\n"
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=20) == ("caught\n", "")
    assert process.returncode == 9
    stubborn = shell.begin("exec", shell.session, "-c", "trap '' INT; echo on; exec sleep 6321")
    assert stubborn.stdout is not None
    assert stubborn.stdout.readline() == "on\n"
    stubborn.send_signal(signal.SIGINT)
    time.sleep(0.3)
    assert stubborn.poll() is None

    def left() -> bool:
        """Two that come at once are one."""
        stubborn.send_signal(signal.SIGINT)
        time.sleep(0.3)
        return stubborn.poll() is not None

    until(left, "the second one")
    assert stubborn.returncode == 130
    until(lambda: not runs("6321"), "the command to end")


STUBBORN = "trap '' TERM HUP INT; (trap '' TERM; sleep 6322; sleep 6322) & setsid sleep 6323 & echo on; wait"


def test_a_withdrawn_grant_ends_the_whole_tree(shell: RsStage) -> None:
    process = shell.begin("exec", shell.session, "-c", STUBBORN)
    assert process.stdout is not None
    assert process.stdout.readline() == "on\n"
    until(lambda: runs("6322") and runs("6323"), "all of it")
    shell.agent.wait_for(r"runs: trap")
    shell.agent.type("/withdraw shell\r")
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 3
    assert errors.startswith("rs: The customer has not allowed")
    until(lambda: not runs("6322") and not runs("6323"), "all of it to end")
    journal = (shell.folder / "customer" / "state" / "agent-journal.jsonl").read_text()
    kept = [entry["text"] for line in journal.splitlines() if (entry := json.loads(line))["kind"] == "command"]
    assert kept[-1].startswith("ended trap")


def test_a_broken_link_ends_the_command_and_says_so(shell: RsStage) -> None:
    process = shell.begin("exec", shell.session, "-c", "trap '' TERM; echo on; sleep 6324; sleep 6324")
    assert process.stdout is not None
    assert process.stdout.readline() == "on\n"
    shell.kill_relay()
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 6
    assert "ended there" in errors
    until(lambda: not runs("6324"), "the command to end")


def test_nothing_goes_on_when_the_session_ends(shell: RsStage) -> None:
    process = shell.begin("exec", shell.session, "-c", STUBBORN)
    assert process.stdout is not None
    assert process.stdout.readline() == "on\n"
    shell.agent.type("stop\r")
    process.communicate(timeout=20)
    assert process.returncode in (3, 6, 7)
    until(lambda: not runs("6322") and not runs("6323"), "all of it to end")


def test_many_at_once(shell: RsStage) -> None:
    processes = [shell.begin("exec", shell.session, "-n", "-c", f"sleep 0.5; echo {n}") for n in range(24)]
    assert [p.communicate(timeout=100)[0] for p in processes] == [f"{n}\n" for n in range(24)]


def test_a_terminal_for_a_command(shell: RsStage) -> None:
    done = exec_(shell, "-n", "--tty", "-c", "stty size; tty >/dev/null && echo yes; echo err >&2")
    assert done.stdout == b"24 80\r\nyes\r\nerr\r\n"


def test_forbidden_is_never_asked_for(stage: RsStage) -> None:
    config = stage.folder / "customer" / "config"
    config.mkdir(parents=True)
    (config / "agent.toml").write_text('forbid = ["shell"]\n')
    stage.start_agent(allow="view")
    stage.join()
    done = exec_(stage, "--", "true")
    assert done.returncode == 3
    assert b"set never to allow" in done.stderr
    assert "RUN COMMANDS" not in stage.agent.text
