"""Linux: files of /proc, /sys, /etc and /run, and the programs of the distribution."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from rs_agent.system import logs_linux, services_linux, tools
from rs_agent.system.base import Facts, Log, Notable, Services
from rs_relay.channels.logs import Read
from rs_relay.errors import RsError

ERRORS = 10  # lines of the journal
SINCE = 24 * 3600.0  # seconds back
QUICK = 3.0  # seconds that a program may take for what need not be known
SMALL = 256 * 1024  # bytes of a file that is looked at


class Linux:
    def __init__(self, root: Path = Path("/"), env: Mapping[str, str] = os.environ) -> None:
        """`root`: where /proc and the others are."""
        self._root, self._env = root, env

    def facts(self) -> Facts:
        return Facts(
            os=self._os(),
            cpu=self._cpu(),
            routes=(*parse_routes(self._text("proc/net/route")), *parse_routes6(self._text("proc/net/ipv6_route"))),
            dns=self._dns(),
            desktop=(self._env.get("XDG_CURRENT_DESKTOP") or self._env.get("DESKTOP_SESSION") or "")[:100],
            session=self._session(),
        )

    async def notable(self) -> Notable:
        reboot, why = self._reboot()
        failed: tuple[str, ...] = ()
        errors: tuple[str, ...] = ()
        with suppress(RsError):
            failed = tuple(service.name for service in await self.services().listed() if service.state == "failed")
        with suppress(RsError, TimeoutError):
            errors = await self._errors()
        return Notable(reboot, why, self._updates(), failed[:50], errors)

    def services(self) -> Services:
        return services_linux.here(self._root)

    def log(self) -> Log:
        return logs_linux.here(self._root)

    async def _errors(self) -> tuple[str, ...]:
        """Of the journal alone: a file of syslog does not say what is an error."""
        log = self.log()
        if not isinstance(log, logs_linux.Journal):
            return ()
        argv = logs_linux.command(Read(0, ERRORS, 0.0, "", 3))
        said = await tools.ask([*argv, "--since=-1d"], QUICK)
        entries = [logs_linux.parse_json(line.encode()) for line in said.out.splitlines()]
        return tuple(f"{e.source}: {e.text}"[:500] for e in entries if e is not None)

    def _os(self) -> str:
        has = dict(re.findall(r'^([A-Z_]+)="?([^"\n]*)"?$', self._text("etc/os-release"), re.MULTILINE))
        return (has.get("PRETTY_NAME") or has.get("NAME") or "Linux")[:100]

    def _cpu(self) -> str:
        text = self._text("proc/cpuinfo")
        found = re.search(r"^(?:model name|Model|Hardware|cpu model)\s*:\s*(.+)$", text, re.MULTILINE)
        return " ".join(found.group(1).split()) if found else ""

    def _dns(self) -> tuple[str, ...]:
        """Of systemd-resolved the servers behind it, not itself."""
        behind = self._text("run/systemd/resolve/resolv.conf")
        return tuple(parse_resolv(behind or self._text("etc/resolv.conf")))

    def _session(self) -> str:
        if kind := self._env.get("XDG_SESSION_TYPE"):
            return kind[:20]
        return "wayland" if self._env.get("WAYLAND_DISPLAY") else "x11" if self._env.get("DISPLAY") else ""

    def _reboot(self) -> tuple[bool | None, tuple[str, ...]]:
        if (self._root / "run/reboot-required").exists():
            names = dict.fromkeys(self._text("run/reboot-required.pkgs").split())
            return True, tuple(names)[:20]
        running = self._text("proc/sys/kernel/osrelease").strip()
        modules = self._root / "lib/modules"
        if running and modules.is_dir() and any(modules.iterdir()) and not (modules / running).is_dir():
            return True, (f"the running kernel {running} is not installed any more",)
        return (False if (self._root / "etc/debian_version").exists() else None), ()

    def _updates(self) -> int | None:
        """As update-notifier has counted them: to count by ourselves takes apt some seconds."""
        text = self._text("var/lib/update-notifier/updates-available")
        found = re.search(r"^(\d+) (?:updates?|packages?) can be", text, re.MULTILINE)
        return int(found.group(1)) if found else None

    def _text(self, name: str) -> str:
        with suppress(OSError), (self._root / name).open("rb") as file:
            return file.read(SMALL).decode("utf-8", "replace")
        return ""


def parse_routes(text: str) -> list[str]:
    """The default ones of /proc/net/route: addresses are in hexadecimal, least byte first; flag 2 is a gateway's."""
    found = []
    for line in text.splitlines()[1:]:
        parts = line.split()
        with suppress(ValueError, OSError):
            if len(parts) > 7 and parts[1] == "00000000" and parts[7] == "00000000":
                gateway = socket.inet_ntoa(bytes.fromhex(parts[2])[::-1])
                found.append(f"{gateway} ({parts[0]})" if int(parts[3], 16) & 2 else f"direct ({parts[0]})")
    return found[:10]


def parse_routes6(text: str) -> list[str]:
    """The default ones of /proc/net/ipv6_route; those of `lo` say that there is none."""
    found = []
    for line in text.splitlines():
        parts = line.split()
        with suppress(ValueError):
            if len(parts) == 10 and parts[0] == "0" * 32 and parts[1] == "00" and parts[9] != "lo":
                gateway = ipaddress.IPv6Address(bytes.fromhex(parts[4]))
                found.append(f"{gateway} ({parts[9]})" if int(gateway) else f"direct ({parts[9]})")
    return found[:10]


def parse_resolv(text: str) -> list[str]:
    return [word[:60] for word in re.findall(r"^\s*nameserver\s+(\S+)", text, re.MULTILINE)][:10]
