"""A Linux computer as files: none of these need be this one."""

from __future__ import annotations

from pathlib import Path

import pytest

from rs_agent.system.linux import Linux, parse_resolv, parse_routes, parse_routes6
from tests.support.machines import stand_in

ROUTES = """\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0
wlan0\t0001A8C0\t00000000\t0001\t0\t0\t600\t00FFFFFF\t0\t0\t0
ppp0\t00000000\t00000000\t0001\t0\t0\t700\t00000000\t0\t0\t0
"""
NONE6 = "0" * 32
ROUTES6 = f"""\
{NONE6} 00 {NONE6} 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003    wlan0
{NONE6} 00 {NONE6} 00 {NONE6} ffffffff 00000001 00000000 00200200       lo
fd000000000000000000000000000000 40 {NONE6} 00 {NONE6} 00000100 00000001 00000000 00000001    wlan0
"""


def write(root: Path, **files: str) -> None:
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def computer(root: Path, **env: str) -> Linux:
    return Linux(root, env)


def test_facts(tmp_path: Path) -> None:
    write(tmp_path, proc__cpuinfo="processor : 0\nmodel name\t: Some  CPU  @ 2GHz\n", proc__net__route=ROUTES)
    write(tmp_path, proc__net__ipv6_route=ROUTES6)
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/os-release").write_text('NAME="Debian GNU/Linux"\nPRETTY_NAME="Debian GNU/Linux 12"\n')
    (tmp_path / "etc/resolv.conf").write_text("# none\nnameserver 127.0.0.53\n")
    facts = computer(tmp_path, XDG_CURRENT_DESKTOP="GNOME", DISPLAY=":0").facts()
    assert (facts.os, facts.cpu, facts.desktop, facts.session) == (
        "Debian GNU/Linux 12",
        "Some CPU @ 2GHz",
        "GNOME",
        "x11",
    )
    assert facts.routes == ("192.168.1.1 (wlan0)", "direct (ppp0)", "fe80::1 (wlan0)")
    assert facts.dns == ("127.0.0.53",)
    write(tmp_path, run__systemd__resolve__resolv_conf="")
    (tmp_path / "run/systemd/resolve/resolv.conf").write_text("nameserver 9.9.9.9\n")
    assert computer(tmp_path).facts().dns == ("9.9.9.9",)


def test_a_computer_that_tells_nothing(tmp_path: Path) -> None:
    facts = computer(tmp_path).facts()
    assert (facts.os, facts.cpu, facts.routes, facts.dns, facts.session) == ("Linux", "", (), (), "")


@pytest.mark.parametrize("text", ["", "rubbish", "a b c d e f g h", "x\nwlan0 00000000 zz 3 0 0 0 00000000"])
def test_rubbish_is_no_route(text: str) -> None:
    assert (parse_routes(text), parse_routes6(text), parse_resolv(text)) == ([], [], [])


async def test_a_pending_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, monkeypatch)
    linux = computer(tmp_path)
    assert (await linux.notable()).reboot is None
    write(tmp_path, etc__debian_version="12")
    assert (await linux.notable()).reboot is False
    write(tmp_path, proc__sys__kernel__osrelease="6.1.0-1\n")
    (tmp_path / "lib/modules/6.1.0-2").mkdir(parents=True)
    gone = await linux.notable()
    assert (gone.reboot, gone.reboot_for) == (True, ("the running kernel 6.1.0-1 is not installed any more",))
    (tmp_path / "run/reboot-required").parent.mkdir(exist_ok=True)
    (tmp_path / "run/reboot-required").touch()
    (tmp_path / "run/reboot-required.pkgs").write_text("linux-image\nlibc6\nlinux-image\n")
    assert (await linux.notable()).reboot_for == ("linux-image", "libc6")


async def test_updates_failed_services_and_the_last_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    (tmp_path / "var/log/journal/1").mkdir(parents=True)
    (tmp_path / "var/lib/update-notifier").mkdir(parents=True)
    counted = "\n12 updates can be applied immediately.\n3 of these updates are security updates.\n"
    (tmp_path / "var/lib/update-notifier/updates-available").write_text(counted)
    asked = stand_in(
        tmp_path,
        monkeypatch,
        systemctl='[ "$1" = --user ] && exit 1\nprintf "Id=ssh.service\\nLoadState=loaded\\nActiveState=failed\\n"',
        journalctl="""echo '{"MESSAGE": "no disk", "PRIORITY": "3", "SYSLOG_IDENTIFIER": "kernel"}'""",
    )
    notable = await computer(tmp_path).notable()
    assert (notable.updates, notable.failed, notable.errors) == (12, ("ssh",), ("kernel: no disk",))
    assert "--priority=3" in asked.read_text()
