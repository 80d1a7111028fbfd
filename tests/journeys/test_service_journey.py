"""Services for real: systemd is the first process of a computer of its own, which restarts when it is told to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from rs_agent.machine.service.systemd import UNSEEN
from rs_relay.errors import NotAllowed
from tests.support.booted import CHECKOUT, Booted
from tests.support.stage import BIN, CODE, RsStage
from tests.support.terminal import Terminal
from tests.support.xdesktop import until

pytestmark = pytest.mark.journey
AGENT = str(BIN / "rs-agent")
ACCESS = "correct horse 42"
HOME = "/var/lib/rs-agent"
MOST = "view,control,files,shell,power"


@pytest.fixture
def computer(tmp_path: Path) -> Iterator[Booted]:
    if any(CHECKOUT.is_relative_to(folder) for folder in UNSEEN):
        pytest.skip("this checkout lies where a service of the computer does not see it")
    with Booted(tmp_path / "computer") as it:
        yield it


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[RsStage]:
    (tmp_path / "stage").mkdir()
    with RsStage(folder=tmp_path / "stage") as it:
        yield it


def _set_up(stage: RsStage, computer: Booted, allow: str = MOST, *options: str) -> None:
    """A service that waits, on the technician's list as `till`."""
    enable = (AGENT, "unattended", "enable", "--relay", stage.url, "--access-code-stdin", "--allow", allow)
    address = re.search(r"rsd_\S+", computer.say(*enable, text=ACCESS + "\n", **_user(options)))
    assert address
    assert "and runs" in computer.say(AGENT, "service", "install", *options, **_user(options))
    stage.run("devices", "add", address.group(), "--name", "till")


def _user(options: tuple[str, ...]) -> dict[str, str]:
    return {"XDG_RUNTIME_DIR": "/run/user/0"} if "--user" in options else {}


def _connect(stage: RsStage) -> str:
    until(lambda: json.loads(stage.run("devices", "list", "--json"))[0]["online"], "the device")
    done = stage.attempt("connect", "till", "--access-code-stdin", "--no-tui", text=ACCESS + "\n")
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _granted(stage: RsStage, session: str) -> set[str]:
    shown = json.loads(stage.run("sessions", "show", session, "--json", "--timeout", "20"))["permissions"]
    return {name for name, grant in shown.items() if grant == "granted"}


def test_the_computers_service_from_install_to_remove(stage: RsStage, computer: Booted) -> None:
    before = computer.written()
    _set_up(stage, computer)
    assert not computer.exists("/root/.local/state/rs/unattended.json")  # one device is at one place
    session = _connect(stage)
    said = stage.run("exec", session, "--", "sh", "-c", "id -u; grep CapEff /proc/self/status; touch /etc/x || echo no")
    assert said.split() == ["0", "CapEff:", "0000000000000000", "no"]
    sent = stage.folder / "sent.txt"
    sent.write_text("hello")
    stage.run("send-file", session, str(sent))
    assert computer.say("cat", f"{HOME}/home/Downloads/rs/sent.txt") == "hello"
    assert stage.attempt("get-file", session, f"{HOME}/device.key", "--to", str(stage.folder)).returncode

    computer.say("systemctl", "kill", "--signal=KILL", "rs-agent")
    until(lambda: computer.say("systemctl", "show", "-p", "NRestarts", "rs-agent").strip() == "NRestarts=1", "systemd")
    session = _connect(stage)
    assert _granted(stage, session) == set(MOST.split(","))

    computer.say("systemctl", "stop", "rs-agent")
    assert computer.run(AGENT, "service", "status").returncode == 3
    assert computer.say("systemctl", "show", "-p", "Result", "rs-agent").strip() == "Result=success"
    computer.say("systemctl", "start", "rs-agent")
    _connect(stage)

    assert "no service" in computer.say(AGENT, "service", "remove")
    assert computer.run(AGENT, "service", "status").returncode == 3
    assert computer.written() - before - _of_the_system() == {f"{HOME}/agent-journal.jsonl"}
    computer.say("rm", "-r", HOME)


def _of_the_system() -> set[str]:
    """What systemd itself keeps."""
    return {"/var/lib/systemd/random-seed", "/var/log/wtmp", "/etc/.updated", "/var/.updated"}


def test_its_session_comes_back_by_the_service_when_the_computer_restarts(stage: RsStage, computer: Booted) -> None:
    _set_up(stage, computer)
    session = _connect(stage)
    done = stage.attempt("reboot", session, "--wait", "--json", "--delay", "5")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["back"] is True
    assert computer.boots == 2
    assert _granted(stage, session) == set(MOST.split(","))  # nobody had to log in
    assert stage.run("exec", session, "--", "echo", "here").strip() == "here"
    left = computer.written()
    assert not [name for name in left if "resume-ticket" in name or "autostart" in name]
    computer.say(AGENT, "unattended", "settings", "--allow", "view,power")  # as root: the service's own
    done = stage.attempt("reboot", session, "--wait", "--delay", "5")
    assert done.returncode == 0, done.stderr
    assert computer.boots == 3
    assert _granted(stage, session) == {"view", "power"}  # what the owner set meanwhile holds
    restart = stage.begin("reboot", session, "--wait", "--delay", "8")
    until(lambda: "restart" in computer.say("cat", f"{HOME}/agent-journal.jsonl").splitlines()[-1], "the countdown")
    computer.say(AGENT, "unattended", "settings", "--allow", "view")
    assert restart.wait(120) == NotAllowed.exit_status
    assert "is back, but" in restart.stderr.read()
    assert _granted(stage, session) == {"view"}


def test_from_within_a_session_with_the_customers_yes(stage: RsStage, computer: Booted) -> None:
    before = computer.written()
    command = computer.command(AGENT, "--console", "--desktop", "headless", "--allow", "view,unattended")
    agent = stage._exit.enter_context(Terminal([*command, "--relay", stage.url], {}, columns=110))
    code = agent.wait_for(CODE, 40).group()
    session = stage.join(code)
    refused = stage.attempt("agent-service", "install", session)
    assert refused.returncode
    assert "unattended enable" in refused.stderr
    stage.run("unattended", "enable", session, "--name", "till")
    shown = agent.wait_for(r"shown this once: ([a-z ]+)\.").group(1)
    told = json.loads(stage.run("agent-service", "install", session, "--json"))
    assert told == {"session": int(session), "system": "running", "user": "missing"}
    agent.wait_for("makes rs-agent a service of this computer")
    assert "agent-service" in computer.say("cat", "/root/.local/state/rs/agent-journal.jsonl")
    assert _granted(stage, session) == {"view", "unattended"}  # it goes on where the customer sees it

    until(lambda: json.loads(stage.run("devices", "list", "--json"))[0]["online"], "the device")
    done = stage.attempt("connect", "till", "--access-code-stdin", "--no-tui", text=shown + "\n")
    assert done.returncode == 0, done.stderr
    assert stage.attempt("agent-service", "remove", done.stdout.strip()).returncode  # nobody is there to say yes

    stage.run("agent-service", "remove", session)
    assert "not there" in stage.run("agent-service", "status", session)
    agent.type("stop\n")
    assert agent.wait() == 0
    journals = {f"{HOME}/agent-journal.jsonl", "/root/.local/state/rs/agent-journal.jsonl"}
    assert computer.written() - before - _of_the_system() == journals


def test_a_users_own_service_goes_on_with_the_session_of_their_program(stage: RsStage, computer: Booted) -> None:
    """Where there is no desktop: their systemd is there from the start (linger), and they need not log in."""
    computer.say("loginctl", "enable-linger", "root")
    until(lambda: computer.run("systemctl", "is-active", "user@0").stdout.strip() == "active", "their systemd")
    _set_up(stage, computer, "view,power", "--user")
    command = computer.command(
        AGENT, "--console", "--desktop", "headless", "--allow", "view,power,shell", XDG_RUNTIME_DIR="/run/user/0"
    )
    agent = stage._exit.enter_context(Terminal([*command, "--relay", stage.url], {}, columns=110))
    session = stage.join(agent.wait_for(CODE, 40).group())
    done = stage.attempt("reboot", session, "--wait", "--json", "--delay", "5")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["restarted"] is True
    assert _granted(stage, session) == {"view", "power"}  # nobody sees it: no more than what was set for that
    assert not [name for name in computer.written() if "resume-ticket" in name or "autostart" in name]
    stage.run("sessions", "end", session)
    _connect(stage)  # the device waits again

    computer.say(AGENT, "service", "remove", "--user", **_user(("--user",)))
    computer.say(AGENT, "unattended", "disable")
    left = {Path(name).name for name in computer.written() if "rs" in name.split("/")}
    assert left <= {"agent-journal.jsonl", "resume-spent"}
