"""What Windows' programs are documented to print. Nothing here has run on a real one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psutil
import pytest

from rs_agent.system.windows import EventLog, ServiceControl, Windows, commands, parse_events, query, service_of
from rs_relay.channels.logs import Entry, Read
from rs_relay.channels.manage import Action
from rs_relay.errors import LocalProblem, NoSuchSession, UsageError
from tests.support.machines import stand_in

EVENTS = (
    "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"
    "<Provider Name='Service Control Manager' Guid='{555908d1-a6d7-4695-8e1e-26931d2012f4}'/>"
    "<EventID Qualifiers='49152'>7000</EventID><Version>0</Version>"
    "<Level>2</Level><TimeCreated SystemTime='2026-11-28T01:46:15.1234567Z'/>"
    "<Execution ProcessID='700' ThreadID='712'/><Channel>System</Channel></System>"
    "<EventData><Data Name='param1'>Spooler</Data><Data Name='param2'>%%5</Data></EventData></Event>\r\n"
    "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Kernel'/><EventID>1"
    "</EventID><Level>4</Level></System></Event><Event broken"
)


def service(**more: Any) -> dict[str, Any]:
    has = {"name": "Spooler", "display_name": "Print Spooler", "status": "running", "start_type": "automatic", "pid": 9}
    return {**has, **more}


def test_events() -> None:
    first, second = parse_events(EVENTS)
    assert first == Entry(1795830375.123456, 3, "Service Control Manager", 700, "event 7000: Spooler · %%5")
    assert (second.at, second.priority, second.source) == (0.0, 6, "Kernel")


def test_a_query() -> None:
    assert query(Read(1)) == "*"
    wanted = query(Read(1, since=0.0, unit="Kernel", priority=3))
    assert wanted == "*[System[(Level=0 or Level=1 or Level=2) and Provider[@Name='Kernel']]]"
    with pytest.raises(UsageError):
        query(Read(1, unit="a' or '1"))


async def test_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "events").write_text(EVENTS)
    asked = stand_in(tmp_path, monkeypatch, wevtutil=f'cat "{tmp_path}/events"')
    assert [e.source async for e in EventLog().read(Read(1, 7))] == ["Kernel", "Service Control Manager"]
    assert "/count:7" in asked.read_text()
    with pytest.raises(UsageError):
        await anext(EventLog().read(Read(1, follow=True)))


async def test_a_pending_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, monkeypatch, reg="exit 1")
    assert (await Windows().notable()).reboot is False


def test_services() -> None:
    one = service_of(service())
    assert (one.name, one.state, one.enabled, one.pid) == ("Spooler", "active", "enabled", 9)
    assert service_of(service(status="stopped", start_type="manual", pid=None)).state == "inactive"


def test_commands() -> None:
    assert commands("Spooler", Action.RESTART) == [["sc", "stop", "Spooler"], ["sc", "start", "Spooler"]]
    assert commands("Spooler", Action.DISABLE) == [["sc", "config", "Spooler", "start=", "disabled"]]
    with pytest.raises(UsageError):
        commands("Spooler", Action.RELOAD)


@pytest.mark.parametrize(("status", "kind"), [(5, LocalProblem), (9, LocalProblem), (36, NoSuchSession)])
async def test_switched(status: int, kind: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Each:
        def as_dict(self) -> dict[str, Any]:
            return service()

    monkeypatch.setattr(psutil, "win_service_iter", lambda: [Each()], raising=False)
    monkeypatch.setattr("rs_agent.system.windows._NO_SERVICE", 36)  # 1060 does not fit a status here
    asked = stand_in(tmp_path, monkeypatch, sc="exit 0")
    assert await ServiceControl().switch("Spooler", Action.START, user=False) == "active"
    assert asked.read_text() == "sc start Spooler\n"
    stand_in(tmp_path, monkeypatch, sc=f"exit {status}")
    with pytest.raises(kind):
        await ServiceControl().switch("Spooler", Action.START, user=False)
    with pytest.raises(UsageError):
        await ServiceControl().switch("-x & del", Action.START, user=False)
