"""launchd: a property list, loaded. Not verified on a Mac."""

from __future__ import annotations

import os
import plistlib
from collections.abc import Callable, Sequence
from pathlib import Path

from rs_agent.machine.disk import drop, keep
from rs_agent.machine.service.base import NAME, State, ask
from rs_agent.system.tools import Said
from rs_relay.errors import LocalProblem

RIGHTS = "`sudo rs-agent service install`, or `rs-agent service install --user` for a service of your own."


class Launchd:
    home: Path | None = None

    def __init__(
        self,
        user: bool,
        *,
        folder: Path | None = None,
        uid: int | None = None,
        ask: Callable[[Sequence[str]], Said] = ask,
    ) -> None:
        self._uid = os.getuid() if uid is None else uid
        own, everybody = Path.home() / "Library/LaunchAgents", Path("/Library/LaunchDaemons")
        self.entry = (folder or (own if user else everybody)) / f"{NAME}.plist"
        self._domain = f"gui/{self._uid}" if user else "system"
        self._user, self._ask = user, ask

    def install(self, command: Sequence[str]) -> None:
        self._check()
        entry = {
            "Label": NAME, "ProgramArguments": list(command), "RunAtLoad": True,
            "KeepAlive": {"SuccessfulExit": False}, "Umask": 0o077, "HardResourceLimits": {"Core": 0},
        }  # fmt: skip
        keep(self.entry, plistlib.dumps(entry), 0o644)
        self._ask(["launchctl", "bootout", f"{self._domain}/{NAME}"])  # one that is loaded already
        said = self._ask(["launchctl", "bootstrap", self._domain, str(self.entry)])
        if said.status:
            drop(self.entry)
            raise LocalProblem("launchd did not take the service.", said.err[:200])

    def state(self) -> State:
        if not self.entry.exists():
            return State.MISSING
        said = self._ask(["launchctl", "print", f"{self._domain}/{NAME}"])
        return State.RUNNING if said.status == 0 and "state = running" in said.out else State.STOPPED

    def remove(self) -> None:
        if not self.entry.exists():
            return
        self._check()
        self._ask(["launchctl", "bootout", f"{self._domain}/{NAME}"])
        drop(self.entry)

    def _check(self) -> None:
        if not self._user and self._uid != 0:
            raise LocalProblem("A service of the whole computer needs its administrator.", RIGHTS)
