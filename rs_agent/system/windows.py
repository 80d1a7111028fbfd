"""Windows: the registry through psutil and its own programs (`sc`, `wevtutil`). Not verified on a real one; what its
programs print is parsed here, and tested with what they are documented to print."""

from __future__ import annotations

import platform
import re
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from xml.etree import ElementTree

from rs_agent.system import tools
from rs_agent.system.base import Facts, Log, Notable, Services
from rs_agent.system.denied import denied, unknown
from rs_relay.channels.logs import TEXT, Entry, Read
from rs_relay.channels.manage import Action
from rs_relay.channels.sysinfo import Service
from rs_relay.errors import LocalProblem, UsageError

_EVENT = "{http://schemas.microsoft.com/win/2004/08/events/event}"
_PRIORITY = {1: 2, 2: 3, 3: 4, 4: 6, 5: 7}  # critical, error, warning, information, verbose
_STATES = {"running": "active", "stopped": "inactive", "start_pending": "activating", "stop_pending": "deactivating"}
_DENIED, _NO_SERVICE = 5, 1060
_NAME = re.compile(r"[^\s/\\\"'%|&<>^-][^/\\\"'%|&<>^]{0,255}")


class Windows:
    def facts(self) -> Facts:
        return Facts(
            f"Windows {platform.release()} ({platform.version()})", platform.processor(), (), (), "Windows", ""
        )

    async def notable(self) -> Notable:
        key = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired"
        said = await tools.ask(["reg", "query", key], 3.0)
        return Notable(reboot=said.status == 0)

    def services(self) -> Services:
        return ServiceControl()

    def log(self) -> Log:
        return EventLog()


class ServiceControl:
    async def listed(self, name: str = "") -> list[Service]:
        import psutil

        found = []
        for each in psutil.win_service_iter():  # type: ignore[attr-defined]
            has: dict[str, Any] = each.as_dict()
            if not name or has["name"].lower() == name.lower():
                found.append(service_of(has))
        if name and not found:
            raise unknown(name)
        return sorted(found, key=lambda service: service.name.lower())

    async def switch(self, name: str, action: Action, user: bool) -> str:
        if user or not _NAME.fullmatch(name):
            raise UsageError("That is not the name of a service.")
        for argv in commands(name, action):
            said = await tools.ask(argv, 60.0)
            if said.status == _DENIED:
                raise denied(name, " ".join(argv))
            if said.status == _NO_SERVICE:
                raise unknown(name)
            if said.status:
                raise LocalProblem(f"{name}: sc ended with {said.status}.")
        return (await self.listed(name))[0].state


class EventLog:
    """The `System` log. It cannot be followed: what is there is told."""

    source = "System"

    async def read(self, wanted: Read) -> AsyncIterator[Entry]:
        if wanted.follow:
            raise UsageError("The log of Windows cannot be followed.", "Without -f, what is there is told.")
        argv = ["wevtutil", "query-events", "System", f"/count:{wanted.lines}", "/reversedirection:true", "/format:xml"]
        said = await tools.ask([*argv, f"/query:{query(wanted)}"], 30.0)
        if said.status:
            raise LocalProblem("The log of the customer's computer cannot be read.")
        for entry in reversed(parse_events(said.out)):
            yield entry


def commands(name: str, action: Action) -> list[list[str]]:
    match action:
        case Action.RESTART:
            return [["sc", "stop", name], ["sc", "start", name]]
        case Action.ENABLE:
            return [["sc", "config", name, "start=", "auto"]]
        case Action.DISABLE:
            return [["sc", "config", name, "start=", "disabled"]]
        case Action.START | Action.STOP:
            return [["sc", str(action), name]]
        case _:
            raise UsageError("Services of Windows cannot be told to read their settings.")


def service_of(has: dict[str, Any]) -> Service:
    """Of psutil's WindowsService.as_dict()."""
    enabled = {"automatic": "enabled", "disabled": "disabled"}.get(has["start_type"], has["start_type"])
    state = has["status"]
    return Service(
        has["name"], has["display_name"], _STATES.get(state, state), state, enabled, "system", has["pid"] or 0
    )


def query(wanted: Read) -> str:
    """XPath of the events that are wanted."""
    levels = [level for level, priority in _PRIORITY.items() if priority <= wanted.priority]
    terms = ["(" + " or ".join(f"Level={level}" for level in [0, *levels]) + ")"] if wanted.priority < 7 else []
    if wanted.since:
        since = datetime.utcfromtimestamp(wanted.since).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        terms.append(f"TimeCreated[@SystemTime>='{since}']")
    if wanted.unit:
        if "'" in wanted.unit:
            raise UsageError("That is not the name of a source.")
        terms.append(f"Provider[@Name='{wanted.unit}']")
    return f"*[System[{' and '.join(terms)}]]" if terms else "*"


def parse_events(text: str) -> list[Entry]:
    """`wevtutil query-events /format:xml`: one <Event> after another, without a root."""
    found = []
    for event in re.findall(r"<Event .*?</Event>", text, re.DOTALL):
        try:
            tree = ElementTree.fromstring(event)
        except ElementTree.ParseError:
            continue
        system = tree.find(f"{_EVENT}System")
        if system is None:
            continue
        provider, created = system.find(f"{_EVENT}Provider"), system.find(f"{_EVENT}TimeCreated")
        level = system.findtext(f"{_EVENT}Level", "")
        execution = system.find(f"{_EVENT}Execution")
        data = [each.text or "" for each in tree.iter(f"{_EVENT}Data")]
        words = f"event {system.findtext(f'{_EVENT}EventID', '?')}: {' · '.join(word for word in data if word)}"
        found.append(
            Entry(
                _time(created.get("SystemTime", "") if created is not None else ""),
                _PRIORITY.get(int(level), 6) if level.isdigit() else -1,
                (provider.get("Name", "") if provider is not None else "")[:200],
                int(execution.get("ProcessID", "0")) if execution is not None else 0,
                words[:TEXT],
            )
        )
    return found


def _time(text: str) -> float:
    try:
        return datetime.fromisoformat(re.sub(r"(\.\d{6})\d*", r"\1", text).replace("Z", "+00:00")).timestamp()
    except ValueError:
        return 0.0
