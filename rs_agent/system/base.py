"""A system as diagnostics see it: what each of Linux, Windows and macOS answers in its own way.

What psutil measures alike everywhere stands in `figures`. A method may block where it is no coroutine, and is then
called in a thread. What a system does not have is said with LocalProblem; a list of nothing means there is none.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from rs_relay.channels.logs import Entry, Read
from rs_relay.channels.manage import Action
from rs_relay.channels.sysinfo import Service


@dataclass(frozen=True)
class Facts:
    """What does not change while the agent runs, or hardly ever."""

    os: str
    cpu: str
    routes: tuple[str, ...]
    dns: tuple[str, ...]
    desktop: str
    session: str


@dataclass(frozen=True)
class Notable:
    """See `channels.sysinfo.Attention`."""

    reboot: bool | None = None
    reboot_for: tuple[str, ...] = ()
    updates: int | None = None
    failed: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


class Services(Protocol):
    async def listed(self, name: str = "") -> list[Service]:
        """All of them, or that one. Raises NoSuchSession when there is none of that name, LocalProblem."""
        ...

    async def switch(self, name: str, action: Action, user: bool) -> str:
        """Do it, with the rights that the agent has; the service's state afterwards. Raises NoSuchSession, UsageError,
        and LocalProblem, with a hint at what would make it possible."""
        ...


class Log(Protocol):
    source: str

    def read(self, wanted: Read) -> AsyncIterator[Entry]:
        """The oldest first; with `follow`, for ever. Raises LocalProblem. Closing it ends what it has started."""
        ...


class Machine(Protocol):
    def facts(self) -> Facts: ...

    async def notable(self) -> Notable: ...

    def services(self) -> Services: ...

    def log(self) -> Log:
        """Raises LocalProblem when there is none that can be read."""
        ...


def machine() -> Machine:
    """The system that this is."""
    if sys.platform == "win32":
        from rs_agent.system.windows import Windows

        return Windows()
    if sys.platform == "darwin":
        from rs_agent.system.macos import MacOs

        return MacOs()
    from rs_agent.system.linux import Linux

    return Linux()
