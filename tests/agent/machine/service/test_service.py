"""`rs-agent service` on a system of memory: what it says and exits with."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from rs_agent import commands
from rs_agent.commands import service as verb
from rs_agent.machine import elevation
from rs_agent.machine.service.base import State
from rs_agent.system.tools import Said
from rs_agent.unattended import serving
from rs_agent.unattended.enrolment import Settings, Unattended
from rs_relay.errors import LocalProblem
from rs_relay.link.verifier import SMALL


class Memory:
    home: Path | None = None

    def __init__(self) -> None:
        self.command: list[str] = []
        self.refusal: LocalProblem | None = None

    def install(self, command: Sequence[str]) -> None:
        if self.refusal:
            raise self.refusal
        self.command = list(command)

    def state(self) -> State:
        return State.RUNNING if self.command else State.MISSING

    def remove(self) -> None:
        self.command = []


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Unattended:
    monkeypatch.setenv("RS_STATE_DIR", str(tmp_path))
    monkeypatch.delenv("RS_CONFIG_DIR", raising=False)
    kept = Unattended(tmp_path)
    kept.enable("correct horse 42", "wss://relay.example.org", Settings(), SMALL)
    return kept


def test_installed_told_and_removed(
    kept: Unattended, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    here = Memory()
    monkeypatch.setattr(verb, "service", lambda user: here)
    assert commands.run(["service", "status"]) == verb.STOPPED
    assert commands.run(["service", "install", "--user"]) == 0
    assert here.command[-5:] == ["unattended", "run", "--service", "--state", str(kept.state)]
    assert commands.run(["service", "status"]) == 0
    assert commands.run(["service", "remove", "--user"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "rs-agent is no service on this computer."
    here.refusal = LocalProblem("systemd did not take the service.")
    with pytest.raises(LocalProblem):
        commands.run(["service", "install", "--user"])


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere whoever is the administrator starts it as one")
def test_the_administrator_is_asked_and_handed_what_the_service_serves(
    kept: Unattended, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[list[str], bytes]] = []

    async def run(argv: list[str], data: bytes = b"", *, tty: bool = False) -> Said:
        asked.append((argv, data))
        return Said(len(asked) - 1, "", "rs-agent: no")

    monkeypatch.setattr(verb, "service", lambda user: Memory())
    monkeypatch.setattr(elevation, "is_administrator", lambda: False)
    monkeypatch.setattr(elevation, "run", run)
    record = kept.require()
    assert commands.run(["service", "install"]) == 0
    ((argv, data),) = asked
    assert argv[-3:] == ["service", "install", "--take-over"]
    assert serving._parsed(data).record == record
    assert kept.read() is None
    with pytest.raises(LocalProblem) as failed:
        commands.run(["service", "remove"])
    assert failed.value.hint == "rs-agent: no"
    assert asked[1][0][-2:] == ["service", "remove"]


def test_what_is_no_word_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        commands.run(["service", "explode"])
    assert "install" in capsys.readouterr().err
