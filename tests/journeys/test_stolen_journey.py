"""What a copy of somebody's files opens, and what shuts it out again: docs/security.md says both."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from rs_relay.errors import LocalProblem, SessionEnded, SignInNeeded, Unreachable, UsageError, WrongCode
from tests.support.rebooting import staged
from tests.support.stage import BIN, RsStage
from tests.support.terminal import Terminal
from tests.support.xdesktop import until


class Theft:
    """A relay with accounts, anna who uses it, and whoever has copied her folders since `steal`."""

    def __init__(self, stage: RsStage, tokens: dict[str, str]) -> None:
        self.stage, self.tokens = stage, tokens
        self.folder = stage.folder / "thief"

    def operator(self, *arguments: str) -> str:
        command = [str(BIN / "rs-relay"), "technician", *arguments, "--data", str(self.stage.folder / "relay")]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()

    def steal(self) -> None:
        shutil.copytree(self.stage.folder / "technician", self.folder)

    @property
    def env(self) -> dict[str, str]:
        own = {"RS_STATE_DIR": str(self.folder / "state"), "RS_CONFIG_DIR": str(self.folder / "config")}
        return {**self.stage.technician, **own}

    def thief(self, *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.stage.command(*arguments), env=self.env, input=text, capture_output=True, text=True, timeout=60
        )


@pytest.fixture
def theft(tmp_path: Path) -> Iterator[Theft]:
    data = ["--data", str(tmp_path / "relay")]
    tokens = {}
    for name in ("anna", "ben"):
        command = [str(BIN / "rs-relay"), "technician", "add", name, *data]
        tokens[name] = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    with RsStage(folder=tmp_path, relay_options=()) as stage:
        stage.run("login", stage.url, text=tokens["anna"] + "\n")
        yield Theft(stage, tokens)


def test_a_technicians_folder_opens_their_open_sessions_until_the_token_and_the_sessions_are_revoked(
    theft: Theft,
) -> None:
    stage = theft.stage
    stage.start_agent("--desktop", "headless", allow="shell")
    session = stage.join()
    theft.steal()

    assert theft.thief("chat", session, "it was me").returncode == 0  # as the page says
    stage.agent.wait_for("it was me")
    running = subprocess.Popen(stage.command("exec", session, "--", "sleep", "1000"), env=theft.env)
    until(lambda: "commands" in stage.agent.text, "the command")

    fresh = theft.operator("new-token", "anna")
    assert running.wait(30) != 0  # cut off within seconds, and what ran has ended
    refused = theft.thief("chat", session, "me again")
    assert refused.returncode == SignInNeeded.exit_status, refused.stderr
    assert theft.thief("devices", "list").returncode == SignInNeeded.exit_status

    # With somebody else's account the keys of an open session still open it: that, too, is ended.
    assert theft.thief("login", stage.url, text=theft.tokens["ben"] + "\n").returncode == 0
    assert theft.thief("chat", session, "with another token").returncode == 0
    stage.run("login", stage.url, text=fresh + "\n")
    stage.run("sessions", "end", session)
    ended = theft.thief("chat", session, "a last time", "--timeout", "3")
    assert ended.returncode in (Unreachable.exit_status, SessionEnded.exit_status), ended.stderr
    assert "a last time" not in stage.agent.text
    assert "me again" not in stage.agent.text


def test_a_technicians_folder_and_the_access_code_open_a_device_until_it_forgets_that_key(theft: Theft) -> None:
    stage = theft.stage
    stage.start_agent("--desktop", "headless", allow="unattended")
    session = stage.join()
    before = len(stage.agent.text)
    stage.run("unattended", "enable", session, "--name", "till")
    code = stage.agent.wait_for(r"shown this once: ([a-z]+ [a-z]+ [a-z]+ [a-z]+)\.", 10, after=before).group(1)
    stage.run("sessions", "end", session)
    waiting = stage._exit.enter_context(Terminal([str(BIN / "rs-agent"), "unattended", "run"], stage.customer))
    waiting.wait_for("waits for technicians", 30)
    theft.steal()

    def connect(text: str) -> subprocess.CompletedProcess[str]:
        until(lambda: json.loads(theft.thief("devices", "list", "--json").stdout)[0]["online"], "the device")
        return theft.thief("connect", "till", "--access-code-stdin", "--no-tui", text=text + "\n")

    assert connect("a guess of ten").returncode == WrongCode.exit_status  # the folder alone opens nothing
    until(
        lambda: connect(code).returncode == 0, "the pause after a wrong code"
    )  # with the code it does, as the page says
    number = json.loads(theft.thief("sessions", "list", "--json").stdout)[-1]["session"]
    theft.thief("sessions", "end", str(number))

    status = subprocess.run(
        [str(BIN / "rs-agent"), "unattended", "status"], env=stage.customer, capture_output=True, text=True, check=True
    ).stdout
    fingerprint = re.search(r"(\S+) \d{4}-\d\d-\d\d$", status.strip())
    assert fingerprint, status
    forget = [str(BIN / "rs-agent"), "unattended", "forget", fingerprint.group(1)]
    subprocess.run(forget, env=stage.customer, check=True, timeout=60)
    before = len(waiting.text)
    refused = connect(code)
    assert refused.returncode == WrongCode.exit_status, refused.stderr
    waiting.wait_for("is not known to this computer", 10, after=before)


def test_a_copy_of_the_relays_files_signs_nobody_in(theft: Theft) -> None:
    """Tokens lie there as hashes; none of what lies there is one."""
    stage = theft.stage
    stage.start_agent("--desktop", "headless")
    session = stage.join()
    copy = stage.folder / "copy"
    shutil.copytree(stage.folder / "relay", copy)
    stolen = b"".join(path.read_bytes() for path in copy.rglob("*") if path.is_file())
    held = json.loads((stage.folder / "technician" / "state" / "sessions" / f"{session}.session").read_bytes())
    for secret in (theft.tokens["anna"], held["key"], held["door"]):
        assert secret.encode() not in stolen
    for key in (held["key"], held["door"]):
        assert bytes.fromhex(key) not in stolen
    words = set(re.findall(rb"[0-9A-Za-z_+/=-]{32,}", stolen))
    assert words  # the hashes, and more
    for word in sorted(words)[:50]:
        done = theft.thief("login", stage.url, text=word.decode() + "\n")
        assert done.returncode in (SignInNeeded.exit_status, UsageError.exit_status), (word, done.stderr)


def test_two_customers_of_one_name_are_told_apart_by_number_and_never_guessed(theft: Theft, tmp_path: Path) -> None:
    stage = theft.stage
    for n in (1, 2):
        home = tmp_path / f"home-{n}"
        home.mkdir()
        (home / "who.txt").write_text(f"customer {n}")
        stage.customer = stage._env(f"customer-{n}", HOME=str(home))
        code = stage.start_agent("--desktop", "headless", "--name", "Reception", allow="files")
        stage.join(code)
    listed = json.loads(stage.run("sessions", "list", "--json"))
    assert [(one["session"], one["customer"]) for one in listed] == [(1, "Reception"), (2, "Reception")]

    refused = stage.attempt("cp", "Reception:who.txt", str(tmp_path / "got"))
    assert refused.returncode == UsageError.exit_status, refused.stderr
    assert "1, 2" in refused.stderr
    assert not (tmp_path / "got").exists()
    for n in ("1", "2"):
        stage.run("cp", f"{n}:who.txt", str(tmp_path / f"got-{n}"))
        assert (tmp_path / f"got-{n}").read_text() == f"customer {n}"
    assert stage.attempt("cp", ":who.txt", str(tmp_path / "got")).returncode == UsageError.exit_status
    stage.run("sessions", "end", "1")
    assert stage.attempt("cp", ":who.txt", str(tmp_path / "got")).returncode == 0
    assert (tmp_path / "got").read_text() == "customer 2"


def test_a_copy_of_a_resume_ticket_opens_nothing_once_it_was_used(tmp_path: Path) -> None:
    """Put back beside the session that came back, and again after that has ended."""
    (tmp_path / "stage").mkdir()
    with staged(folder=tmp_path / "stage") as restarts:
        stage = restarts.stage
        restarts.start()
        waiting = stage.begin("reboot", stage.session, "--wait", "--delay", "5")
        until(lambda: restarts.computer.asked, "the restart")
        ticket = Path(stage.customer["RS_STATE_DIR"]) / "resume-ticket"
        copy = ticket.read_bytes()
        stage.agent.process.send_signal(signal.SIGTERM)
        stage.agent.wait()
        assert restarts.boot()
        stage.agent.wait_for("This computer was restarted")
        assert waiting.wait(60) == 0
        stage.agent.type("stop\n")
        assert stage.agent.wait() == 0
        for _ in range(2):
            ticket.write_bytes(copy)
            ticket.chmod(0o600)
            resume = [*restarts._program(), "resume"]
            done = subprocess.run(resume, env=restarts._environ(), capture_output=True, text=True, timeout=60)
            assert done.returncode == LocalProblem.exit_status, done.stdout + done.stderr
            assert "used before" in done.stderr
            assert not ticket.exists()
        gone = stage.attempt("chat", stage.session, "still there?", "--timeout", "3")
        assert gone.returncode in (Unreachable.exit_status, SessionEnded.exit_status), gone.stderr
