"""launchd and Windows' tasks as far as another system can look: files and argument lists."""

from __future__ import annotations

import plistlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from rs_agent.machine.service.base import State
from rs_agent.machine.service.launchd import Launchd
from rs_agent.machine.service.windows import WindowsService
from rs_agent.system.tools import Said
from rs_relay.errors import LocalProblem


class Told:
    def __init__(self, *refused: str, out: str = "") -> None:
        self.refused, self.out, self.asked = refused, out, list[list[str]]()

    def __call__(self, argv: Sequence[str]) -> Said:
        self.asked.append(list(argv))
        return Said(1 if argv[1] in self.refused else 0, self.out, "Refused.")


def test_a_launch_daemon_and_a_launch_agent(tmp_path: Path) -> None:
    told = Told("bootout", out="\tstate = running\n")
    here = Launchd(True, folder=tmp_path, uid=501, ask=told)
    assert here.state() is State.MISSING
    here.install(["/usr/local/bin/rs-agent", "unattended", "run"])
    assert plistlib.loads(here.entry.read_bytes())["ProgramArguments"][-1] == "run"
    assert told.asked[-1] == ["launchctl", "bootstrap", "gui/501", str(here.entry)]
    assert here.state() is State.RUNNING
    here.remove()
    assert here.state() is State.MISSING
    with pytest.raises(LocalProblem, match="administrator"):
        Launchd(False, folder=tmp_path, uid=501, ask=told).install(["rs-agent"])
    with pytest.raises(LocalProblem):
        Launchd(False, folder=tmp_path, uid=0, ask=Told("bootstrap")).install(["rs-agent"])
    assert list(tmp_path.iterdir()) == []


def test_a_task_of_windows() -> None:
    told = Told(out='"\\rs-agent","N/A","Running"\r\n')
    here = WindowsService(False, ask=told)
    here.install(["C:\\Program Files\\rs\\rs-agent.exe", "unattended", "run"])
    assert told.asked[0] == [
        "schtasks", "/create", "/f", "/tn", "rs-agent", "/tr",
        '"C:\\Program Files\\rs\\rs-agent.exe" unattended run', "/sc", "onstart", "/ru", "SYSTEM",
    ]  # fmt: skip
    assert here.state() is State.RUNNING
    here.remove()
    assert told.asked[-1] == ["schtasks", "/delete", "/f", "/tn", "rs-agent"]
    assert WindowsService(True, ask=Told("/query")).state() is State.MISSING
    with pytest.raises(LocalProblem) as refused:
        WindowsService(False, ask=Told("/create")).install(["x"])
    assert "--user" in refused.value.hint
