"""The program, its folders and its rights, from facts."""

from __future__ import annotations

import pytest

from rs_agent.doctor.facts import Chosen, Device, Program, Restart, Rights, Room, Serving, Tools
from rs_agent.doctor.probes import computer
from rs_agent.doctor.verdict import Sign
from rs_agent.machine.service.base import State
from rs_relay.errors import LocalProblem

GB = 10**9


def test_settings_name_their_file_and_what_they_forbid() -> None:
    assert "agent.toml" in computer.settings(Chosen()).reason
    assert "shell" in computer.settings(Chosen("/etc/agent.toml", ("shell",))).reason


def test_libraries_that_are_missing() -> None:
    assert computer.program(Program("1", "3.11.7", "OpenSSL 3")).sign is Sign.YES
    assert computer.program(Program("1", "3.11.7", "OpenSSL 3", without=("av",))).sign is Sign.YES
    found = computer.program(Program("1", "3.11.7", "OpenSSL 3", ("numpy",)))
    assert found.sign is Sign.PARTLY
    assert "numpy" in found.reason
    assert "pip install" in found.advice


@pytest.mark.parametrize(
    ("room", "sign", "words"),
    [
        (Room("/s", True, 9 * GB), Sign.YES, "9.0 GB"),
        (Room("/s", True, 90 * GB), Sign.YES, "90 GB"),
        (Room("/s", True, 5 * 10**6), Sign.PARTLY, "5 MB"),
        (Room("/s", False, GB), Sign.NO, "cannot be written"),
        (Room("/s", True, GB, private=False), Sign.PARTLY, "Others can look"),
        (Room("/s", True, GB, open_file="/s/j"), Sign.NO, "/s/j"),
    ],
)
def test_its_own_files(room: Room, sign: Sign, words: str) -> None:
    found = computer.state(room)
    assert found.sign is sign
    assert words in found.reason


def test_received_files() -> None:
    assert computer.folder(Room("/d", True, GB, private=False)).sign is Sign.YES
    assert "--folder" in computer.folder(Room("/d", False, GB)).advice


def test_rights() -> None:
    assert computer.rights(Rights("root", True, True)).sign is Sign.YES
    assert "sudo" in computer.rights(Rights("anna", False, True)).advice
    assert "no administrator" in computer.rights(Rights("anna", False, False)).reason


@pytest.mark.parametrize(
    ("serving", "sign", "words"),
    [
        (Serving("systemd", State.RUNNING), Sign.YES, "of this computer, and runs"),
        (Serving("systemd", State.MISSING, State.STOPPED), Sign.PARTLY, "does not run"),
        (Serving("systemd", administrator=True), Sign.NO, "none"),
        (Serving("systemd"), Sign.NO, "none"),
        (Serving("runit"), Sign.NO, "runit"),
    ],
)
def test_a_service(serving: Serving, sign: Sign, words: str) -> None:
    found = computer.serving(serving)
    assert found.sign is sign
    assert words in found.reason
    assert found.advice or sign is Sign.YES


def test_what_is_advised_fits_the_rights() -> None:
    assert "--user" in computer.serving(Serving("systemd")).advice
    assert "--user" not in computer.serving(Serving("systemd", administrator=True)).advice


def test_unattended_access() -> None:
    assert computer.device(Device(False)).sign is Sign.NO
    on = computer.device(Device(True, ("view",), "mon-fri 08:00-18:00"))
    assert on.sign is Sign.YES
    assert "view" in on.reason
    assert "mon-fri" in on.reason
    tried = computer.device(Device(True, ("view",), wrong_codes=4))
    assert tried.sign is Sign.PARTLY
    assert "4" in tried.reason


def test_a_restart_and_what_comes_after_it() -> None:
    assert computer.reboot(Restart()).sign is Sign.YES
    assert computer.reboot(Restart(asked=False)).sign is Sign.PARTLY
    assert computer.reboot(Restart(LocalProblem("No right.", "Ask."))).advice == "Ask."
    assert computer.autostart(Restart(autostart=LocalProblem("No."))).sign is Sign.NO
    assert computer.autostart(Restart()).sign is Sign.YES
    assert computer.safe_mode(Restart(safe_mode=LocalProblem("No."))).sign is Sign.NO
    assert computer.safe_mode(Restart()).sign is Sign.YES


def test_programs_of_the_system() -> None:
    assert computer.tools(Tools({"a": True, "b": True})).sign is Sign.YES
    assert computer.tools(Tools({"a": True, "b": False})).sign is Sign.PARTLY
    assert computer.tools(Tools({"a": False})).sign is Sign.NO
    assert "log" in computer.tools(Tools({"a": True}, LocalProblem("There is no log."))).reason
