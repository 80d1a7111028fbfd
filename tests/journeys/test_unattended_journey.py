"""A device set up on site, enrolled, reached and revoked, by real programs."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from rs_relay.errors import RsError
from rs_relay.link import dial
from rs_relay.wire import messages
from tests.support.stage import BIN, RsStage
from tests.support.terminal import Terminal
from tests.support.xdesktop import until

pytestmark = pytest.mark.journey
CODE = "correct horse 42"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[RsStage]:
    with RsStage(folder=tmp_path) as it:
        yield it


def _agent(stage: RsStage, *arguments: str, text: str = "") -> str:
    """One `rs-agent unattended …` that must succeed."""
    command = [str(BIN / "rs-agent"), "unattended", *arguments]
    done = subprocess.run(command, env=stage.customer, input=text, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _set_up(stage: RsStage, *settings: str, name: str = "till") -> Terminal:
    """A device that waits, on the technician's list."""
    shown = _agent(stage, "enable", "--access-code-stdin", *settings, text=CODE + "\n")
    address = re.search(r"rsd_\S+", shown)
    assert address
    stage.run("devices", "add", address.group(), "--name", name)
    waiting = stage._exit.enter_context(Terminal([str(BIN / "rs-agent"), "unattended", "run"], stage.customer))
    waiting.wait_for("waits for technicians", 30)
    until(lambda: json.loads(stage.run("devices", "list", "--json"))[0]["online"], "the device")
    return waiting


def _connect(stage: RsStage, wanted: str = "till", code: str = CODE) -> subprocess.CompletedProcess[str]:
    return stage.attempt("connect", wanted, "--access-code-stdin", "--no-tui", text=code + "\n")


def test_a_device_is_set_up_found_named_reached_and_left(stage: RsStage) -> None:
    waiting = _set_up(stage)
    stage.run("devices", "tag", "till", "shop", "front")
    stage.run("devices", "group", "till", "Lyon")
    stage.run("devices", "rename", "Lyon/till", "till 1")
    (device,) = json.loads(stage.run("devices", "list", "--json", "--tag", "shop", "--online"))
    assert (device["name"], device["group"], device["tags"]) == ("till 1", "Lyon", ["shop", "front"])
    assert device["fingerprint"] in stage.run("devices", "show", "till 1")
    assert device["fingerprint"] in _agent(stage, "status")

    before = len(waiting.text)
    done = _connect(stage, "till 1")
    assert done.returncode == 0, done.stderr
    session = done.stdout.strip()
    waiting.wait_for("is here with the access code", 10, after=before)
    permissions = json.loads(stage.run("sessions", "show", session, "--json"))["permissions"]
    assert {name for name, grant in permissions.items() if grant == "granted"} == {"view", "control"}
    refused = stage.attempt("exec", session, "--", "true")
    assert refused.returncode == 3, refused.stderr

    stage.run("sessions", "end", session)
    until(lambda: json.loads(stage.run("devices", "list", "--json"))[0]["online"], "the device again")
    done = _connect(stage, "till 1")
    assert done.returncode == 0, done.stderr
    before = len(waiting.text)
    waiting.type("stop\n")
    assert waiting.wait(10) == 0
    gone = stage.attempt("sessions", "ask", done.stdout.strip(), "view", "--timeout", "3")
    assert gone.returncode in (6, 7), gone.stderr
    stage.run("devices", "remove", "till 1")
    assert json.loads(stage.run("devices", "list", "--json")) == []
    assert _connect(stage, "till 1").returncode == 5


def test_wrong_codes_are_told_to_the_owner_and_limited(stage: RsStage) -> None:
    waiting = _set_up(stage)
    done = _connect(stage, code="wrong horse 42")
    assert done.returncode == 4, done.stderr
    waiting.wait_for("typed a wrong access code", 10)
    done = _connect(stage)
    assert done.returncode == 6, done.stderr
    assert "Too many wrong access codes" in done.stderr
    until(lambda: _connect(stage).returncode == 0, "the next try")
    # a new code at the device counts at once
    _agent(stage, "reset-code", "--access-code-stdin", text="another code 7\n")
    journal = (stage.folder / "customer" / "state" / "agent-journal.jsonl").read_text()
    assert '"wrong-access-code"' in journal
    assert "horse" not in journal


def test_the_access_code_is_never_an_argument_and_lies_nowhere(stage: RsStage) -> None:
    _set_up(stage)
    assert stage.attempt("connect", "till", "--no-tui", text="").returncode == 2
    done = _connect(stage)
    assert done.returncode == 0
    for file in stage.folder.rglob("*"):
        if file.is_file():
            assert CODE.encode() not in file.read_bytes(), file


def test_a_stolen_state_folder_opens_nothing_and_can_be_shut_out(stage: RsStage) -> None:
    """Key and pins without the access code do not come in; a technician whose key was forgotten does not with it."""
    _set_up(stage)
    assert _connect(stage, code="a guess of ten").returncode == 4
    until(lambda: _connect(stage).returncode == 0, "the right code")
    _agent(stage, "settings", "--known-only")
    stage.run("sessions", "end", "1")
    until(lambda: json.loads(stage.run("devices", "list", "--json"))[0]["online"], "the device again")
    assert _connect(stage).returncode == 4


def test_a_computer_that_does_not_know_its_key_sends_it_nothing(stage: RsStage) -> None:
    _set_up(stage)
    other = {**stage.technician, "RS_STATE_DIR": str(stage.folder / "other"), "RS_CONFIG_DIR": str(stage.folder / "oc")}
    command = stage.command("connect", "till", "--access-code-stdin", "--no-tui")
    done = subprocess.run(command, env=other, input=CODE + "\n", capture_output=True, text=True, timeout=60)
    assert done.returncode == 5, done.stderr  # the open relay shows it, but this computer does not know its key
    assert "key of that device is not known" in done.stderr


def test_a_customer_lets_their_technician_come_again(stage: RsStage) -> None:
    """Asked in a session, the code read over the phone, and later nobody is there."""
    stage.start_agent("--desktop", "headless", "--name", "Ada's PC", allow="unattended")
    session = stage.join()
    before = len(stage.agent.text)
    answer = json.loads(stage.run("unattended", "enable", session, "--name", "ada", "--json"))
    code = stage.agent.wait_for(r"shown this once: ([a-z]+ [a-z]+ [a-z]+ [a-z]+)\.", 10, after=before).group(1)
    assert answer["new_code"]
    stage.run("sessions", "end", session)
    waiting = stage._exit.enter_context(Terminal([str(BIN / "rs-agent"), "unattended", "run"], stage.customer))
    waiting.wait_for("waits for technicians", 30)
    until(lambda: json.loads(stage.run("devices", "list", "--json"))[0]["online"], "the device")
    done = _connect(stage, "ada", code)
    assert done.returncode == 0, done.stderr
    # in there nobody can say yes to that, so it is not even asked
    refused = stage.attempt("unattended", "enable", done.stdout.strip())
    assert refused.returncode in (2, 3), refused.stderr
    stranger = {**stage.technician, "RS_STATE_DIR": str(stage.folder / "other")}
    status = _agent(stage, "status")
    address = re.search(r"rsd_\S+", status)
    assert address
    stage.run("sessions", "end", done.stdout.strip())
    until(lambda: json.loads(stage.run("devices", "list", "--json"))[0]["online"], "the device again")
    for arguments, text, expected in (
        (("devices", "add", address.group(), "--name", "ada"), "", 0),
        (("connect", "ada", "--access-code-stdin", "--no-tui"), code + "\n", 4),  # the right code, another's key
    ):
        ended = subprocess.run(
            stage.command(*arguments), env=stranger, input=text, capture_output=True, text=True, timeout=60
        )
        assert ended.returncode == expected, ended.stderr
    waiting.wait_for("not known to this computer", 10)


def test_a_copy_of_the_relays_database_opens_nothing(stage: RsStage) -> None:
    """It holds no secret of the device's, and its rows do not let anybody take the device's place."""
    waiting = _set_up(stage)
    state = stage.folder / "customer" / "state"
    kept = json.loads((state / "unattended.json").read_text())
    stolen = b"".join(file.read_bytes() for file in (stage.folder / "relay").iterdir() if file.is_file())
    assert kept["host"].encode() in stolen
    for secret in (kept["rejoin"], kept["w"], kept["salt"], (state / "device.key").read_text()):
        assert secret.encode() not in stolen
        assert bytes.fromhex(secret) not in stolen
    waiting.type("stop\n")
    assert waiting.wait(10) == 0
    stage.kill_relay()
    stage.start_relay()
    (device,) = json.loads(stage.run("devices", "list", "--json"))  # the list outlives the relay
    assert (device["name"], device["online"]) == ("till", False)

    async def pretend() -> None:
        proof = sha256(bytes.fromhex(kept["rejoin"])).hexdigest()
        hello = messages.Hello(messages.VERSION, kept["host"], proof, "0" * 64, "till")
        with pytest.raises(RsError):
            await dial.host(dial.Relay(stage.url), hello)

    asyncio.run(pretend())


def test_a_device_is_woken_by_another_computer_of_its_network(stage: RsStage) -> None:
    shown = _agent(stage, "enable", "--access-code-stdin", text=CODE + "\n")
    address = re.search(r"rsd_\S+", shown)
    assert address
    stage.run("devices", "add", address.group(), "--name", "till")
    stage.start_agent("--desktop", "headless", allow="power")
    session = stage.join()
    unknown = stage.attempt("devices", "wake", "till", "--via", session)
    assert unknown.returncode == 2, unknown.stderr
    stage.run("devices", "add", address.group(), "--mac", "52-54-00-12-34-56")
    done = stage.attempt("devices", "wake", "till", "--via", session)
    assert done.returncode in (0, 13), done.stderr  # 13: a computer without any network
    stage.agent.wait_for("wakes another computer in your network", 10)
