"""How a customer's computer is shown: lines and rows for a person, plain values for `--json` (docs/json.md). Pure.

Texts are of the other end: they pass `printable` here, and keep to a width.
"""

from __future__ import annotations

import shutil
import textwrap
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from rs_cli.terminal import output
from rs_cli.terminal.listing import human
from rs_relay.channels.logs import Entry
from rs_relay.channels.sysinfo import Attention, Disk, Interface, Process, Service, System, User
from rs_relay.text import cells, printable

LABEL, ENDLESS = 10, 100_000  # cells
PRIORITIES = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
_TIMES = frozenset({"now", "booted", "since", "started", "at"})


def width() -> int:
    """Cells of a line; in a pipe nothing is cut."""
    return max(shutil.get_terminal_size().columns, 60) if output.is_terminal() else ENDLESS


def height() -> int:
    return max(shutil.get_terminal_size().lines, 10)


# ---- for programs


def plain(value: Any) -> Any:
    """A message as JSON values: times become ISO 8601 in UTC, null where they are not known; `id` and `type` go."""
    return _iso(msgspec.to_builtins(value))


def _iso(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: (iso(each) if key in _TIMES and isinstance(each, float | int) else _iso(each))
            for key, each in value.items()
            if key not in ("id", "type")
        }
    return [_iso(each) for each in value] if isinstance(value, list | tuple) else value


def iso(at: float) -> str | None:
    if not at:
        return None
    try:
        text = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    except (OverflowError, OSError, ValueError):
        return None
    return text.replace("+00:00", "Z")


# ---- for a person


def span(seconds: float) -> str:
    """3 days 4 h, 4 h 12 min, 5 min, 12 s."""
    whole = max(int(seconds), 0)
    days, hours, minutes = whole // 86400, whole // 3600 % 24, whole // 60 % 60
    if days:
        return f"{days} day{'s' * (days > 1)} {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else f"{whole} s"


def clock(at: float, form: str = "%Y-%m-%d %H:%M") -> str:
    """Of this computer's zone."""
    try:
        return time.strftime(form, time.localtime(at))
    except (OverflowError, OSError, ValueError):
        return "?"


def about(system: System, attention: Attention | None, columns: int) -> list[str]:
    """The lines of `rs info`, but for the programs."""
    cpu, memory = system.cpu, system.memory
    load = f" · load {' '.join(f'{value:.2f}' for value in cpu.load)}" if cpu.load else ""
    used = memory.total - memory.available
    swap = f", swap {_share(memory.swap_used, memory.swap_total)}" if memory.swap_total else ", no swap"
    pairs: list[tuple[str, str]] = [
        ("computer", printable(system.host)),
        ("system", f"{printable(system.os)} · {printable(system.kernel)} · {printable(system.machine, 20)}"),
        ("up", f"{span(system.now - system.booted)}, since {clock(system.booted)}"),
        ("clock", f"{clock(system.now, '%Y-%m-%d %H:%M:%S')} here, zone {printable(system.zone, 30)} there"),
        ("CPU", f"{printable(cpu.model) or '?'} · {_cores(cpu.cores, cpu.threads)} · {cpu.percent:.0f} %{load}"),
        ("memory", f"{_share(used, memory.total)}{swap}"),
        *(("disk", _disk(disk)) for disk in system.disks),
        *(("network", _interface(each)) for each in system.interfaces if each.name != "lo"),
        ("route", ", ".join(printable(route, 60) for route in system.routes) or "none"),
        ("DNS", ", ".join(printable(server, 60) for server in system.dns) or "none"),
        *(("user", _user(user)) for user in system.users),
        *([("battery", _battery(system))] if system.battery else []),
        *([("heat", _heat(system))] if system.temperatures else []),
        ("desktop", f"{printable(system.desktop, 40)} {printable(system.session_type, 20)}".strip() or "none"),
        ("agent", printable(system.agent, 40) or "?"),
        *(wants(attention) if attention else []),
    ]
    return [line for label, text in pairs for line in _wrapped(label, text, columns)]


def wants(attention: Attention) -> list[tuple[str, str]]:
    """What a person should look at, as (label, text)."""
    words: list[tuple[str, str]] = []
    if attention.reboot is not None:
        why = f": {', '.join(printable(name, 60) for name in attention.reboot_for)}" if attention.reboot_for else ""
        words.append(("restart", f"pending{why}" if attention.reboot else "not needed"))
    if attention.updates is not None:
        words.append(("updates", f"{attention.updates} waiting"))
    if attention.failed:
        words.append(("failed", ", ".join(printable(name, 60) for name in attention.failed)))
    words += [("error", printable(line, 300)) for line in attention.errors]
    return words


def process_rows(
    found: Iterable[Process], columns: int, *, tree: bool = False
) -> tuple[list[str], list[dict[str, str]]]:
    """(headings, rows), the command cut to what room is left."""
    names = ["PID", "USER", "CPU %", "MEMORY", "STARTED", "STATE", "COMMAND"]
    lines = _branches(list(found)) if tree else [("", process) for process in found]
    rows = []
    for branch, process in lines:
        today = time.time() - process.started < 86400
        rows.append(
            {
                "PID": str(process.pid),
                "USER": printable(process.user, 12),
                "CPU %": f"{process.cpu:.1f}",
                "MEMORY": human(process.memory),
                "STARTED": clock(process.started, "%H:%M" if today else "%Y-%m-%d"),
                "STATE": printable(process.state, 8),
                "COMMAND": branch + printable(" ".join(process.command.split()) or f"[{process.name}]", 1000),
            }
        )
    return names, fitted(names, rows, columns)


def service_rows(found: Iterable[Service], columns: int) -> tuple[list[str], list[dict[str, str]]]:
    names = ["SERVICE", "STATE", "DETAIL", "AT START", "OF", "WHAT"]
    rows = [
        {
            "SERVICE": printable(service.name, 34),
            "STATE": printable(service.state, 12),
            "DETAIL": printable(service.detail, 10),
            "AT START": printable(service.enabled, 10),
            "OF": printable(service.scope, 8),
            "WHAT": printable(service.text, 200),
        }
        for service in found
    ]
    return names, fitted(names, rows, columns)


def fitted(names: Sequence[str], rows: list[dict[str, str]], columns: int) -> list[dict[str, str]]:
    """`rows` with the last column cut, so that a line keeps to the width: columns are two cells apart at most."""
    *before, last = names
    taken = sum(max([len(name), *(cells(row[name]) for row in rows)]) + 2 for name in before)
    room = max(columns - taken, 8)
    return [{**row, last: printable(row[last], room)} for row in rows]


def log_line(entry: Entry) -> str:
    """As journalctl has it. Not filtered: who prints it on a terminal does that."""
    when = clock(entry.at, "%b %d %H:%M:%S") + " " if entry.at else ""
    who = f"{entry.source}{f'[{entry.pid}]' if entry.pid else ''}: " if entry.source else ""
    return f"{when}{who}{entry.text}"


def _wrapped(label: str, text: str, columns: int) -> list[str]:
    lines = textwrap.wrap(text, max(columns - LABEL, 20)) or [""]
    return [f"{label if number == 0 else '':<{LABEL}}{line}" for number, line in enumerate(lines)]


def _share(used: int, total: int) -> str:
    return f"{human(used)} of {human(total)} used ({100 * used / total:.0f} %)" if total else "?"


def _disk(disk: Disk) -> str:
    """What is kept for the system counts as used: nobody else can have it."""
    only = ", read-only" if disk.read_only else ""
    used = _share(disk.total - disk.free, disk.total)
    return f"{printable(disk.mount, 60)}: {human(disk.free)} free, {used}, {printable(disk.kind, 20)}{only}"


def _interface(of: Interface) -> str:
    speed = f" {of.speed} Mbit/s" if of.speed else ""
    addresses = " ".join(printable(address, 60) for address in of.addresses) or "no address"
    return f"{printable(of.name, 20)} {'up' if of.up else 'down'}{speed}: {addresses}"


def _battery(system: System) -> str:
    battery = system.battery
    if battery is None:
        return ""
    left = f", {span(battery.left)} left" if battery.left else ""
    return f"{battery.percent:.0f} %, {'plugged in' if battery.plugged else 'not plugged in'}{left}"


def _cores(cores: int, threads: int) -> str:
    return f"{cores} core{'s' * (cores > 1)}" + (f", {threads} threads" if threads != cores else "")


def _user(user: User) -> str:
    origin = f" from {printable(user.host, 60)}" if user.host else ""
    return f"{printable(user.name, 40)} at {printable(user.terminal or '?', 30)}{origin} since {clock(user.since)}"


def _heat(system: System) -> str:
    return ", ".join(f"{printable(each.label, 30)} {each.celsius:.0f} °C" for each in system.temperatures[:6])


def _branches(found: list[Process]) -> list[tuple[str, Process]]:
    """Each process below the one that has started it, with the lines that lead to it."""
    numbers = {process.pid for process in found}
    below: dict[int, list[Process]] = {}
    for process in found:
        parent = process.parent if process.parent in numbers and process.parent != process.pid else -1
        below.setdefault(parent, []).append(process)
    drawn: list[tuple[str, Process]] = []
    seen: set[int] = set()
    waiting = [("", "", process) for process in reversed(below.get(-1, []))]
    while waiting:
        branch, beyond, process = waiting.pop()
        if process.pid in seen:
            continue
        seen.add(process.pid)
        drawn.append((branch, process))
        children = below.get(process.pid, [])
        for number, child in reversed(list(enumerate(children))):
            last = number == len(children) - 1
            waiting.append((beyond + ("└─ " if last else "├─ "), beyond + ("   " if last else "│  "), child))
    return drawn


def sorted_by(found: Iterable[Process], by: str) -> list[Process]:
    """What takes most comes first; names and numbers in their order; what started last comes first."""
    if by in ("cpu", "memory", "started"):
        return sorted(found, key=lambda process: getattr(process, by), reverse=True)
    return sorted(found, key=lambda process: (getattr(process, by), process.pid))


def chosen(found: Iterable[Process], word: str) -> list[Process]:
    """Those of that number, or with the word in their name, command or user."""
    if word.isascii() and word.isdigit():
        return [process for process in found if process.pid == int(word)]
    low = word.lower()
    return [p for p in found if low in p.name.lower() or low in p.command.lower() or low == p.user.lower()]
