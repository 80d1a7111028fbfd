"""macOS: `launchctl` and `log`. Not verified on a real one; what its programs print is parsed here, and tested with
what they are documented to print."""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime

from rs_agent.system import tools
from rs_agent.system.base import Facts, Log, Notable, Services
from rs_agent.system.denied import error_of, unknown
from rs_relay.channels.logs import TEXT, Entry, Read
from rs_relay.channels.manage import Action
from rs_relay.channels.sysinfo import Service
from rs_relay.errors import LocalProblem, UsageError

_NAME = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_. -]{0,254}")
_PRIORITY = {"Fault": 2, "Error": 3, "Default": 5, "Info": 6, "Debug": 7}
RECENT = 600.0  # seconds back that are looked through when nothing else is said


class MacOs:
    def facts(self) -> Facts:
        return Facts(f"macOS {platform.mac_ver()[0]}", platform.processor(), (), (), "Aqua", "")

    async def notable(self) -> Notable:
        return Notable()

    def services(self) -> Services:
        return Launchd()

    def log(self) -> Log:
        return UnifiedLog()


class Launchd:
    """The services that the agent's user sees."""

    async def listed(self, name: str = "") -> list[Service]:
        found = parse_list((await tools.ask(["launchctl", "list"])).out)
        if name and not (found := [service for service in found if service.name == name]):
            raise unknown(name)
        return found

    async def switch(self, name: str, action: Action, user: bool) -> str:
        if not _NAME.fullmatch(name):
            raise UsageError("That is not the name of a service.")
        argv = command(name, action, os.getuid() if user else None)
        said = await tools.ask(argv, 60.0)
        if said.status:
            raise error_of(said, name, argv)
        return (await self.listed(name))[0].state


class UnifiedLog:
    source = "log"

    async def read(self, wanted: Read) -> AsyncIterator[Entry]:
        async with tools.started(log_command(wanted, datetime.now().timestamp())) as process:
            async for line in tools.lines(process):
                if (entry := parse_line(line)) and (entry.priority <= wanted.priority):
                    yield entry
            if await process.wait():
                raise LocalProblem("The log of the customer's computer cannot be read.")


def command(name: str, action: Action, uid: int | None) -> list[str]:
    target = f"{'system' if uid is None else f'gui/{uid}'}/{name}"
    match action:
        case Action.START:
            return ["launchctl", "kickstart", target]
        case Action.RESTART:
            return ["launchctl", "kickstart", "-k", target]
        case Action.STOP:
            return ["launchctl", "kill", "SIGTERM", target]
        case Action.RELOAD:
            return ["launchctl", "kill", "SIGHUP", target]
        case _:
            return ["launchctl", str(action), target]


def log_command(wanted: Read, now: float) -> list[str]:
    """`log` knows no number of lines: what is told is bounded by time."""
    if wanted.follow:
        return ["log", "stream", "--style", "ndjson", *_predicate(wanted)]
    since = datetime.fromtimestamp(wanted.since or now - RECENT).strftime("%Y-%m-%d %H:%M:%S")
    return ["log", "show", "--style", "ndjson", "--start", since, *_predicate(wanted)]


def _predicate(wanted: Read) -> list[str]:
    if not wanted.unit:
        return []
    if not _NAME.fullmatch(wanted.unit):
        raise UsageError("That is not the name of a program.")
    return ["--predicate", f'process == "{wanted.unit}"']


def parse_list(text: str) -> list[Service]:
    """`launchctl list`: PID, the last exit's status, label; a PID of - does not run, a status that is not 0 failed."""
    found = []
    for line in text.splitlines()[1:]:
        parts = line.split("\t") if "\t" in line else line.split(None, 2)
        if len(parts) == 3:
            runs = parts[0].isdigit()
            state = "active" if runs else "inactive" if parts[1] == "0" else "failed"
            detail = "running" if runs else f"exit {parts[1]}"
            found.append(Service(parts[2], "", state, detail, "", "user", int(parts[0]) if runs else 0))
    return sorted(found, key=lambda service: service.name)


def parse_line(line: bytes) -> Entry | None:
    """A line of `log --style ndjson`; the last one of `log show` counts, and is none."""
    with suppress(ValueError, TypeError):
        has = json.loads(line)
        if isinstance(has, dict) and "eventMessage" in has:
            at = datetime.strptime(has["timestamp"], "%Y-%m-%d %H:%M:%S.%f%z").timestamp()
            source = str(has.get("processImagePath", "")).rpartition("/")[2][:200]
            text = str(has["eventMessage"])[:TEXT]
            return Entry(at, _PRIORITY.get(has.get("messageType", ""), 5), source, int(has.get("processID", 0)), text)
    return None
