"""`rs shell` as a person uses it: a real terminal at each end, programs that draw, and a line that breaks."""

from __future__ import annotations

import re
import shutil
import time

import pytest

from tests.support.stage import RsStage
from tests.support.terminal import Terminal
from tests.support.xdesktop import until


@pytest.fixture
def shell(stage: RsStage) -> RsStage:
    stage.customer["SHELL"] = "/bin/bash"
    stage.start_agent(allow="view,shell")
    stage.join()
    (stage.home / ".bash_profile").write_text("PS1='far$ '; unset PROMPT_COMMAND\n")
    return stage


def opened(stage: RsStage, *options: str, columns: int = 100, lines: int = 30) -> Terminal:
    return Terminal(stage.command("shell", stage.session, *options), stage.technician, columns=columns, lines=lines)


def test_a_terminal_with_its_size_its_letters_and_its_keys(shell: RsStage) -> None:
    with opened(shell) as terminal:
        terminal.wait_for(r"far\$ ")
        terminal.type("stty size; echo $TERM; echo grü''ße 你好\r")
        terminal.wait_for("30 100\r\nxterm-256color\r\ngrüße 你好")
        terminal.resize(72, 21)

        def resized() -> bool:
            terminal.type("stty size\r")
            time.sleep(0.3)
            return "21 72\r" in terminal.text

        until(resized, "the other size")
        terminal.type("sleep 6331\r")
        time.sleep(0.5)
        terminal.type("\x03echo after $?\r")
        terminal.wait_for("after 130")
        terminal.type("exit 7\r")
        assert terminal.wait() == 7
    shell.agent.wait_for("The shell has ended")


@pytest.mark.skipif(not shutil.which("vi"), reason="no vi here")
def test_vi_works_and_draws_itself_again_for_who_comes_back(shell: RsStage) -> None:
    with opened(shell) as terminal:
        terminal.wait_for(r"far\$ ")
        terminal.type("vi -u NONE note\r")
        terminal.wait_for("~", on_screen=True)
        terminal.type("ihello from afar\x1b")
        terminal.wait_for("hello from afar", on_screen=True)
        terminal.type(":w\r")
        until(lambda: (shell.home / "note").exists(), "the file")
        terminal.type("\r~d")
        assert terminal.wait() == 0
    with opened(shell, columns=70, lines=20) as terminal:
        terminal.wait_for("hello from afar", on_screen=True)
        assert terminal.screen[0].startswith("hello from afar")
        assert terminal.screen[18].startswith("~") or terminal.screen[17].startswith("~")
        terminal.type(":q!\r")
        terminal.wait_for(r"far\$\s*$", on_screen=True)  # what is typed before, vi throws away
        terminal.type("echo ba''ck\r")
        terminal.wait_for("back")
    assert (shell.home / "note").read_text() == "hello from afar\n"


@pytest.mark.skipif(not shutil.which("top"), reason="no top here")
def test_top_draws(shell: RsStage) -> None:
    with opened(shell) as terminal:
        terminal.wait_for(r"far\$ ")
        terminal.type("top\r")
        terminal.wait_for(r"PID .*COMMAND", on_screen=True)
        terminal.type("q")
        terminal.wait_for(r"far\$\s*$", on_screen=True)
        terminal.type("echo o''ver\r")
        terminal.wait_for("over", on_screen=True)


def test_it_survives_a_relay_that_dies_and_no_line_is_lost_or_doubled(shell: RsStage) -> None:
    with opened(shell) as terminal:
        terminal.wait_for(r"far\$ ")
        terminal.type("for i in $(seq 1 300); do echo line-$i; sleep 0.01; done; echo do''ne\r")
        terminal.wait_for("line-40\r")
        shell.kill_relay()
        terminal.type("echo typed meanw''hile\r")
        time.sleep(1)
        shell.start_relay()
        terminal.wait_for("typed meanwhile", 60)
        found = re.findall(r"line-(\d+)\r\n", terminal.text)
        assert found == [str(n) for n in range(1, 301)]
        assert terminal.text.count("typed meanwhile") == 1
        assert "The connection is back" in terminal.text


def test_several_shells_are_left_listed_and_gone_on_with(shell: RsStage) -> None:
    for word in ("first", "second"):
        with opened(shell, "--new") as terminal:
            terminal.wait_for(r"far\$ ")
            terminal.type(f"X={word}; echo {word[:2]}''{word[2:]}\r")
            terminal.wait_for(f"{word}\r")
            terminal.type("~d")
            terminal.wait()
    listed = shell.run("shell", shell.session, "--list").splitlines()
    assert [line.split("\t")[0::3] for line in listed] == [["1", "detached"], ["2", "detached"]]
    shell.agent.wait_for("COMMANDS ARE BEING RUN, |nobody is connected.*COMMANDS ARE BEING RUN|COMMANDS ARE BEING RUN")
    with opened(shell, "--attach", "1") as terminal:
        terminal.wait_for("first\r")  # as it was left
        terminal.type("echo $X again\r")
        terminal.wait_for("first again")
        terminal.type("~.")
        terminal.wait()
    assert len(shell.run("shell", shell.session, "--list").splitlines()) == 1


def test_a_flood_stops_at_ctrl_c(shell: RsStage) -> None:
    with opened(shell) as terminal:
        terminal.wait_for(r"far\$ ")
        terminal.type("yes\r")
        terminal.wait_for("y\r\ny\r\n")
        time.sleep(0.5)
        terminal.type("\x03")
        terminal.type("echo sto''pped\r")
        terminal.wait_for("stopped", 20)


def test_withdrawn_while_left_alone_it_ends(shell: RsStage) -> None:
    with opened(shell) as terminal:
        terminal.wait_for(r"far\$ ")
        terminal.type("~d")
        terminal.wait()
    shell.agent.type("/withdraw shell\r")
    shell.agent.wait_for("The shell has ended")
    done = shell.attempt("shell", shell.session, "--list")
    assert done.returncode == 3


def test_what_it_showed_is_kept_for_the_customer_alone(shell: RsStage) -> None:
    with opened(shell) as terminal:
        terminal.wait_for(r"far\$ ")
        terminal.type("stty -echo; echo si''lent; read secret; stty echo; echo vis''ible\r")
        terminal.wait_for("silent\r")
        terminal.type("hunter2\r")
        terminal.wait_for("visible\r")
        terminal.type("exit\r")
        terminal.wait()
    shell.agent.wait_for("What it shows is written to")
    (record,) = (shell.folder / "customer" / "state" / "shells").iterdir()
    assert record.stat().st_mode & 0o777 == 0o600
    assert b"visible" in record.read_bytes()
    assert b"hunter2" not in record.read_bytes()
    for log in shell.folder.rglob("*.log"):
        assert log == record or b"hunter2" not in log.read_bytes()


def test_a_shell_needs_a_terminal(shell: RsStage) -> None:
    done = shell.attempt("shell", shell.session)
    assert done.returncode == 2
    assert "needs a terminal" in done.stderr
