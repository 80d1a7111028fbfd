"""Services by each manager: programs of their names stand in, and print what their manuals say that they print."""

from __future__ import annotations

from pathlib import Path

import pytest

from rs_agent.system.services_linux import (
    InitScripts,
    OpenRc,
    Systemd,
    here,
    parse_rc_status,
    parse_show,
    parse_status_all,
)
from rs_relay.channels.manage import Action
from rs_relay.errors import LocalProblem, NoSuchSession, UsageError
from tests.support.machines import stand_in

SHOW = """\
MainPID=812
Id=cron.service
Description=Regular background program processing daemon
LoadState=loaded
ActiveState=active
SubState=running
UnitFileState=enabled

MainPID=0
Id=apt-daily.service
Description=Daily apt download activities
LoadState=loaded
ActiveState=inactive
SubState=dead
UnitFileState=static

MainPID=0
Id=auditd.service
Description=auditd.service
LoadState=not-found
ActiveState=inactive
SubState=dead
"""
RC_STATUS = """\
Runlevel: default
 sshd                                                              [  started  ]
 chronyd                                          [  started 02:11:09 (0) ]
 local                                                             [  stopped  ]
Dynamic Runlevel: hotplugged
Dynamic Runlevel: needed/wanted
 dbus                                                              [  started  ]
Dynamic Runlevel: manual
 nginx                                                             [  crashed  ]
"""
STATUS_ALL = " [ + ]  cron\n [ - ]  procps\n [ ? ]  hwclock.sh\nrubbish\n"


def test_systemctl_show() -> None:
    first, second = parse_show(SHOW, "system")
    assert (first.name, first.state, first.enabled) == ("apt-daily", "inactive", "static")
    assert (second.name, second.detail, second.pid, second.scope) == ("cron", "running", 812, "system")
    assert parse_show("", "user") == []


def test_rc_status() -> None:
    found = {service.name: (service.state, service.enabled) for service in parse_rc_status(RC_STATUS)}
    assert found["sshd"] == found["chronyd"] == ("active", "enabled")
    assert (found["local"], found["nginx"]) == (("inactive", "enabled"), ("failed", ""))


def test_service_status_all() -> None:
    assert {s.name: s.state for s in parse_status_all(STATUS_ALL)} == {
        "cron": "active", "procps": "inactive", "hwclock.sh": "unknown",
    }  # fmt: skip


async def test_systemd_of_the_system_and_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = stand_in(tmp_path, monkeypatch, systemctl=f'[ "$1" = --user ] && exit 1\ncat <<E\n{SHOW}\nE')
    assert [service.name for service in await Systemd().listed()] == ["apt-daily", "cron"]
    assert "systemctl --user show" in asked.read_text()
    await Systemd().listed("cron")
    assert "-- cron.service" in asked.read_text()


async def test_a_service_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, monkeypatch, systemctl="printf 'Id=x.service\\nLoadState=not-found\\n'")
    with pytest.raises(NoSuchSession):
        await Systemd().listed("x")


async def test_switched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = stand_in(
        tmp_path, monkeypatch, systemctl="printf 'Id=cron.service\\nLoadState=loaded\\nActiveState=active\\n'"
    )
    assert await Systemd().switch("cron", Action.RESTART, user=False) == "active"
    assert await Systemd().switch("app.timer", Action.ENABLE, user=True) == "active"
    lines = asked.read_text().splitlines()
    assert lines[0] == "systemctl --no-ask-password --no-pager --quiet restart -- cron.service"
    assert lines[2] == "systemctl --user --no-ask-password --no-pager --quiet enable -- app.timer"


@pytest.mark.parametrize(
    ("complaint", "kind", "hint"),
    [
        (
            "Failed to restart it: Interactive authentication required.",
            LocalProblem,
            "sudo systemctl restart",
        ),
        ("Failed to restart cron.service: Access denied", LocalProblem, "rs exec SESSION --tty"),
        ("Failed to restart x.service: Unit x.service not found.", NoSuchSession, "rs services"),
        ("Job for cron.service failed because the control process exited", LocalProblem, "rs logs"),
    ],
)
async def test_what_systemd_refuses(
    complaint: str, kind: type[Exception], hint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, monkeypatch, systemctl=f"echo '{complaint}' >&2; exit 1")
    with pytest.raises(kind) as refused:
        await Systemd().switch("cron", Action.RESTART, user=False)
    assert hint in refused.value.hint  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["", "-x", "--now", "a b", "a;b", "a/b", "*", "x" * 300, "a\n"])
async def test_no_name(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = stand_in(tmp_path, monkeypatch, systemctl="", service="", rc_service="")
    for manager in (Systemd(), OpenRc(), InitScripts()):
        with pytest.raises(UsageError):
            await manager.switch(name, Action.STOP, user=False)
    assert not asked.exists()


async def test_openrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = stand_in(tmp_path, monkeypatch, rc_status=f"cat <<E\n{RC_STATUS}\nE", rc_service="", rc_update="")
    assert await OpenRc().switch("sshd", Action.RESTART, user=False) == "active"
    await OpenRc().switch("sshd", Action.DISABLE, user=False)
    assert "rc-service sshd restart" in asked.read_text()
    assert "rc-update del sshd" in asked.read_text()
    with pytest.raises(UsageError):
        await OpenRc().switch("sshd", Action.STOP, user=True)
    with pytest.raises(NoSuchSession):
        await OpenRc().listed("none")


async def test_init_scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = stand_in(tmp_path, monkeypatch, service=f'[ "$1" = --status-all ] && echo "{STATUS_ALL}"\ntrue')
    (tmp_path / "init.d").mkdir()
    script = tmp_path / "init.d/cron"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    manager = InitScripts(tmp_path / "init.d")
    assert len(await manager.listed()) == 3
    assert await manager.switch("cron", Action.RESTART, user=False) == "active"
    assert "service cron restart" in asked.read_text()
    with pytest.raises(NoSuchSession):
        await manager.switch("nothing", Action.RESTART, user=False)


def test_which_manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LocalProblem):
        here(tmp_path)
    (tmp_path / "etc/init.d").mkdir(parents=True)
    assert isinstance(here(tmp_path), InitScripts)
    (tmp_path / "run/openrc").mkdir(parents=True)
    assert isinstance(here(tmp_path), OpenRc)
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    assert isinstance(here(tmp_path), Systemd)
