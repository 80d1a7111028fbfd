"""Services on Linux, by the manager that runs: systemd (the system's and the user's), OpenRC, or scripts in init.d."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path

from rs_agent.system import tools
from rs_agent.system.base import Services
from rs_agent.system.denied import error_of, unknown
from rs_relay.channels.manage import Action
from rs_relay.channels.sysinfo import Service
from rs_relay.errors import LocalProblem, RsError, UsageError

SWITCHING = 60.0  # seconds: systemd itself gives a service 90 to start, and nobody waits that long
_NAME = re.compile(r"[A-Za-z0-9:_.@\\][A-Za-z0-9:_.@\\-]{0,254}")
_ASKED = "Id,Description,LoadState,ActiveState,SubState,UnitFileState,MainPID"


def here(root: Path = Path("/")) -> Services:
    """As sd_booted(3) and OpenRC's own scripts tell. Raises LocalProblem."""
    if (root / "run/systemd/system").is_dir():
        return Systemd()
    if (root / "run/openrc").is_dir() or tools.there("rc-status"):
        return OpenRc()
    if tools.there("service") or (root / "etc/init.d").is_dir():
        return InitScripts(root / "etc/init.d")
    raise LocalProblem("There is no manager of services that rs knows on the customer's computer.")


def check(name: str) -> str:
    """A name that no program takes for an option or a pattern. Raises UsageError."""
    if not _NAME.fullmatch(name):
        raise UsageError("That is not the name of a service.")
    return name


class Systemd:
    async def listed(self, name: str = "") -> list[Service]:
        pattern = _unit(check(name)) if name else "*.service"
        both = await asyncio.gather(self._show([], pattern), self._show(["--user"], pattern), return_exceptions=True)
        system, user = both
        if isinstance(system, BaseException):
            raise system
        found = parse_show(system, "system") + (parse_show(user, "user") if isinstance(user, str) else [])
        if name and not found:
            raise unknown(name)
        return found

    async def switch(self, name: str, action: Action, user: bool) -> str:
        unit, scope = _unit(check(name)), ["--user"] if user else []
        argv = ["systemctl", *scope, "--no-ask-password", "--no-pager", "--quiet", str(action), "--", unit]
        said = await tools.ask(argv, SWITCHING)
        if said.status:
            raise error_of(said, name, ["systemctl", *scope, str(action), unit])
        after = parse_show(await self._show(scope, unit), "user" if user else "system")
        return after[0].state if after else ""

    async def _show(self, scope: list[str], pattern: str) -> str:
        said = await tools.ask(["systemctl", *scope, "show", "--no-pager", f"--property={_ASKED}", "--", pattern])
        if said.status and not said.out:
            raise LocalProblem("systemd did not answer on the customer's computer.")
        return said.out


class OpenRc:
    async def listed(self, name: str = "") -> list[Service]:
        said = await tools.ask(["rc-status", "--all", "--nocolor"])
        found = parse_rc_status(said.out)
        return _only(found, check(name)) if name else found

    async def switch(self, name: str, action: Action, user: bool) -> str:
        _no_user(user)
        check(name)
        match action:
            case Action.ENABLE:
                argv = ["rc-update", "add", name]
            case Action.DISABLE:
                argv = ["rc-update", "del", name]
            case _:
                argv = ["rc-service", name, str(action)]
        return await _switched(self, argv, name)


class InitScripts:
    def __init__(self, folder: Path = Path("/etc/init.d")) -> None:
        self._folder = folder

    async def listed(self, name: str = "") -> list[Service]:
        if name:
            check(name)
            if not os.access(self._folder / name, os.X_OK):
                raise unknown(name)
            said = await tools.ask(["service", name, "status"])
            return [Service(name, "", "active" if said.status == 0 else "inactive", "", "", "system", 0)]
        return parse_status_all((await tools.ask(["service", "--status-all"], 20.0)).out)

    async def switch(self, name: str, action: Action, user: bool) -> str:
        _no_user(user)
        check(name)
        if not os.access(self._folder / name, os.X_OK):
            raise unknown(name)
        argv = ["service", name, str(action)]
        if action in (Action.ENABLE, Action.DISABLE):
            argv = ["update-rc.d", name, str(action)]
        return await _switched(self, argv, name)


def parse_show(text: str, scope: str) -> list[Service]:
    """`systemctl show`: blocks of KEY=VALUE. Units that are not there are left out."""
    found = []
    for block in text.split("\n\n"):
        has = dict(line.partition("=")[::2] for line in block.splitlines() if "=" in line)
        if not has.get("Id") or has.get("LoadState") == "not-found":
            continue
        pid = has.get("MainPID", "0")
        found.append(
            Service(
                has["Id"].removesuffix(".service"),
                has.get("Description", ""),
                has.get("ActiveState", ""),
                has.get("SubState", ""),
                has.get("UnitFileState", ""),
                scope,
                int(pid) if pid.isdigit() else 0,
            )
        )
    return sorted(found, key=lambda service: service.name.lower())


_OPENRC = {"started": "active", "stopped": "inactive", "crashed": "failed", "starting": "activating"}


def parse_rc_status(text: str) -> list[Service]:
    """`rc-status --all --nocolor`: a heading a runlevel, then ` name   [  started  ]`, maybe with a time behind."""
    found: dict[str, Service] = {}
    level = ""
    for line in text.splitlines():
        if heading := re.match(r"(?:Dynamic )?Runlevel: (\S+)", line):
            level = heading.group(1)
        elif entry := re.match(r"\s+(\S+)\s+\[\s*(\w+)", line):
            name, state = entry.groups()
            enabled = "enabled" if level not in ("hotplugged", "needed", "manual") else ""
            found.setdefault(name, Service(name, "", _OPENRC.get(state, state), state, enabled, "system", 0))
    return sorted(found.values(), key=lambda service: service.name)


def parse_status_all(text: str) -> list[Service]:
    """`service --status-all`: ` [ + ]  name`; - for stopped, ? for a script that does not say."""
    states = {"+": "active", "-": "inactive", "?": "unknown"}
    return [
        Service(entry.group(2), "", states[entry.group(1)], "", "", "system", 0)
        for line in text.splitlines()
        if (entry := re.match(r"\s*\[ ([+\-?]) \]\s+(\S+)", line))
    ]


async def _switched(manager: Services, argv: list[str], name: str) -> str:
    said = await tools.ask(argv, SWITCHING)
    if said.status:
        raise error_of(said, name, argv)
    try:
        return (await manager.listed(name))[0].state
    except RsError:
        return ""  # it is done; what it is now is not known


def _only(found: list[Service], name: str) -> list[Service]:
    only = [service for service in found if service.name == name]
    if not only:
        raise unknown(name)
    return only


def _no_user(user: bool) -> None:
    if user:
        raise UsageError("The customer's computer has no services of a user's own.")


def _unit(name: str) -> str:
    return name if "." in name and name.rpartition(".")[2] in _KINDS else f"{name}.service"


_KINDS = ("service", "socket", "timer", "target", "mount", "path", "slice", "scope", "automount", "swap", "device")
