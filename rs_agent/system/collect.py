"""A whole look at the computer, from `figures` and what the system adds. Blocking: called in a thread."""

from __future__ import annotations

import platform
import time
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from operator import attrgetter

from rs_agent.system import figures
from rs_agent.system.base import Machine
from rs_relay.channels.sysinfo import Process, System

TOP = 20  # processes named at most


def look(machine: Machine, id: int, top: int) -> System:
    shares = figures.Shares()
    facts = machine.facts()
    disks, interfaces, users = figures.disks(), figures.interfaces(), figures.users()
    battery, temperatures, memory = figures.battery(), figures.temperatures(), figures.memory()
    percent, each = shares.second()
    running = figures.processes(each)
    return System(
        id=id,
        host=platform.node(),
        os=facts.os,
        kernel=figures.kernel(),
        machine=platform.machine(),
        now=time.time(),
        zone=time.strftime("%Z %z"),
        booted=figures.booted(),
        cpu=figures.cpu(facts.cpu, percent),
        memory=memory,
        disks=disks,
        interfaces=interfaces,
        routes=facts.routes,
        dns=facts.dns,
        users=users,
        battery=battery,
        temperatures=temperatures,
        desktop=facts.desktop,
        session_type=facts.session,
        agent=_version(),
        by_cpu=_top(running, "cpu", top),
        by_memory=_top(running, "memory", top),
    )


def processes(over: float) -> list[Process]:
    """All, with their share of a processor over so many seconds."""
    return figures.processes(figures.Shares().second(over)[1])


def _top(running: Sequence[Process], by: str, count: int) -> tuple[Process, ...]:
    return tuple(sorted(running, key=attrgetter(by), reverse=True)[: min(max(count, 0), TOP)])


def _version() -> str:
    try:
        return version("rs-remote-support")
    except PackageNotFoundError:
        return ""
