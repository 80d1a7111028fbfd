"""`rs-agent service` on a system of memory: what it says and exits with."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from rs_agent import commands
from rs_agent.commands import service as verb
from rs_agent.machine.service.base import State
from rs_relay.errors import LocalProblem


class Memory:
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


def test_installed_told_and_removed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    here = Memory()
    monkeypatch.setattr(verb, "service", lambda user: here)
    assert commands.run(["service", "status"]) == verb.STOPPED
    assert commands.run(["service", "install", "--user"]) == 0
    assert here.command[-2:] == ["unattended", "run"]
    assert commands.run(["service", "status"]) == 0
    assert commands.run(["service", "remove"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "rs-agent is no service on this computer."
    here.refusal = LocalProblem("A service of the whole computer needs its administrator.")
    with pytest.raises(LocalProblem):
        commands.run(["service", "install"])


def test_what_is_no_word_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        commands.run(["service", "explode"])
    assert "install" in capsys.readouterr().err
