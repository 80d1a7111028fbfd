"""What macOS' programs are documented to print. Nothing here has run on a real one."""

from __future__ import annotations

from pathlib import Path

import pytest

from rs_agent.system.macos import Launchd, MacOs, UnifiedLog, command, log_command, parse_line, parse_list
from rs_relay.channels.logs import Read
from rs_relay.channels.manage import Action
from rs_relay.errors import NoSuchSession, UsageError
from tests.support.machines import stand_in

LIST = "PID\tStatus\tLabel\n-\t0\tcom.apple.Safari.History\n412\t0\tcom.apple.Finder\n-\t78\tcom.example.agent\n"
LINE = (
    b'{"traceID":1,"eventMessage":"Denied","eventType":"logEvent","messageType":"Error","processID":88,'
    b'"timestamp":"2026-11-28 02:46:15.123456+0100","processImagePath":"\\/usr\\/libexec\\/sandboxd"}'
)


def test_the_list() -> None:
    found = {service.name: (service.state, service.detail, service.pid) for service in parse_list(LIST)}
    assert found["com.apple.Finder"] == ("active", "running", 412)
    assert found["com.example.agent"] == ("failed", "exit 78", 0)


def test_a_line_of_the_log() -> None:
    entry = parse_line(LINE)
    assert entry is not None
    assert (entry.at, entry.priority, entry.source, entry.pid) == (1795830375.123456, 3, "sandboxd", 88)
    assert parse_line(b'{"count":12,"finished":1}') is parse_line(b"rubbish") is None


def test_commands() -> None:
    assert command("a.b", Action.RESTART, None) == ["launchctl", "kickstart", "-k", "system/a.b"]
    assert command("a.b", Action.DISABLE, 501) == ["launchctl", "disable", "gui/501/a.b"]
    assert log_command(Read(1, follow=True, unit="sshd"), 0)[:4] == ["log", "stream", "--style", "ndjson"]
    with pytest.raises(UsageError):
        log_command(Read(1, unit='x" OR "1'), 0)


async def test_services_and_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "list").write_text(LIST)
    (tmp_path / "lines").write_bytes(LINE + b"\n" + b'{"count":1,"finished":1}\n')
    stand_in(tmp_path, monkeypatch, launchctl=f'cat "{tmp_path}/list"', log=f'cat "{tmp_path}/lines"')
    assert await Launchd().switch("com.apple.Finder", Action.RESTART, user=True) == "active"
    with pytest.raises(NoSuchSession):
        await Launchd().listed("none")
    assert [entry.text async for entry in UnifiedLog().read(Read(1))] == ["Denied"]
    assert [entry async for entry in UnifiedLog().read(Read(1, priority=2))] == []
    assert MacOs().facts().desktop == "Aqua"
