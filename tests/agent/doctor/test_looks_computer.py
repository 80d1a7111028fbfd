"""This computer, and folders and programs that stand in for others."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from rs_agent.config import read
from rs_agent.doctor.looks import computer
from rs_agent.journal import Journal
from rs_agent.unattended import tries
from rs_agent.unattended.enrolment import Settings, Unattended
from rs_agent.unattended.tries import GuessLimit
from rs_relay.errors import LocalProblem
from rs_relay.link.spec import Permission
from rs_relay.link.verifier import Cost

CHEAP = Cost(memory=8, passes=1, lanes=1)


def snapshot(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """What can be seen of all that is below it."""
    found = {}
    for path in [folder, *sorted(folder.rglob("*"))]:
        status = path.stat()
        found[str(path)] = (status.st_mode, status.st_mtime_ns, path.read_bytes() if path.is_file() else b"")
    return found


def test_the_program_has_what_it_needs_here() -> None:
    seen = computer.program()
    assert seen.missing == ()
    assert seen.python.startswith("3.")
    assert computer.program("win32").missing == ("pynput", "winpty")


def test_a_folder_that_is_not_there_yet_is_judged_by_where_it_would_be_made(tmp_path: Path) -> None:
    seen = computer.room(tmp_path / "a" / "b", record=True)
    assert seen.writable
    assert not seen.exists
    assert seen.free > 0
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_way_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    assert not computer.room(tmp_path / "state").writable
    assert not computer.room(tmp_path / "state" / "below").writable


def test_a_folder_and_a_record_that_others_read(tmp_path: Path) -> None:
    Journal(tmp_path).close()
    tmp_path.chmod(0o755)
    seen = computer.room(tmp_path, record=True)
    assert not seen.private
    assert seen.open_file == ""
    record = tmp_path / "agent-journal.jsonl"
    record.chmod(0o644)
    assert computer.room(tmp_path, record=True).open_file == str(record)
    assert computer.room(tmp_path).open_file == ""


def test_the_desktop_is_the_one_that_the_agent_would_take() -> None:
    assert computer.desk("headless").name == "headless"
    with pytest.raises(LocalProblem):
        computer.desk("auto", {})


@pytest.mark.parametrize(("says", "locked"), [("yes", True), ("no", False), ("", None)])
def test_whether_the_screen_is_locked_is_asked_of_logind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str, locked: bool | None
) -> None:
    program = tmp_path / "loginctl"
    program.write_text(f'#!/bin/sh\n[ "$2" = 7 ] && echo {says}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert computer.login({"XDG_SESSION_ID": "7"}).locked is locked
    assert computer.login({}).locked is None


def test_a_display_that_does_not_open_shows_no_window() -> None:
    assert not computer.faces({}).display
    assert not computer.faces({"DISPLAY": ":4711"}).display
    assert computer.faces({}, "win32").display


def test_rights_are_those_of_this_process() -> None:
    seen = computer.rights()
    assert seen.administrator == (os.geteuid() == 0)
    assert seen.user


def test_what_started_this_system(tmp_path: Path) -> None:
    assert computer.serving(booted=tmp_path).init == "systemd"
    assert computer.serving(booted=tmp_path / "none").init == Path("/proc/1/comm").read_text().strip()


def test_unattended_access_is_read_and_left_as_it_is(tmp_path: Path) -> None:
    assert not computer.device(tmp_path).on
    assert list(tmp_path.iterdir()) == []
    settings = Settings(permissions=(Permission.VIEW,), hours="mon-fri 08:00-18:00")
    Unattended(tmp_path).enable("a code of ours", "wss://relay.example.org", settings, CHEAP)
    future = GuessLimit(tmp_path, clock=lambda: 9e9)  # as after a clock that was set back
    assert future.spend()
    before = snapshot(tmp_path)
    seen = computer.device(tmp_path)
    assert seen.on
    assert seen.permissions == ("view",)
    assert seen.wrong_codes == 1
    assert snapshot(tmp_path) == before
    (tmp_path / tries.FILE).write_text("nonsense")
    (tmp_path / tries.FILE).chmod(0o600)
    assert computer.device(tmp_path).wrong_codes == 0


def test_unattended_access_that_others_can_read_is_an_error(tmp_path: Path) -> None:
    Unattended(tmp_path).enable("a code of ours", "wss://relay.example.org", Settings(), CHEAP)
    file = next(path for path in tmp_path.iterdir() if path.suffix == ".json")
    file.chmod(stat.S_IRUSR | stat.S_IRGRP)
    with pytest.raises(LocalProblem):
        computer.device(tmp_path)


def test_a_restart_is_asked_about_and_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = tmp_path / "asked"
    for name in ("systemctl", "loginctl", "shutdown"):
        (tmp_path / name).write_text(f"#!/bin/sh\necho {name} >> {asked}\n")
        (tmp_path / name).chmod(0o755)
    busctl = tmp_path / "busctl"
    busctl.write_text("#!/bin/sh\necho 's \"challenge\"'\n")
    busctl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    seen = computer.restart()
    assert isinstance(seen.reboot, LocalProblem)
    assert isinstance(seen.safe_mode, LocalProblem)
    assert not asked.exists()
    assert not (tmp_path / "config").exists()


def test_an_entry_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "file"))
    assert isinstance(computer.restart().autostart, LocalProblem)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert computer.restart().autostart is None


def test_the_programs_of_each_system() -> None:
    assert set(computer.tools("linux").there) == {"systemctl", "journalctl", "loginctl", "busctl"}
    assert computer.tools("win32").there["powershell"] is False


def test_settings_name_their_file(tmp_path: Path) -> None:
    environ = {"RS_CONFIG_DIR": str(tmp_path), "RS_STATE_DIR": str(tmp_path)}
    assert computer.chosen(read({}, environ, tmp_path / "none"), environ).file == ""
    (tmp_path / "agent.toml").write_text('forbid = ["shell"]\n')
    seen = computer.chosen(read({}, environ, tmp_path / "none"), environ)
    assert seen.file == str(tmp_path / "agent.toml")
    assert seen.forbidden == ("shell",)
