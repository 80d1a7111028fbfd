"""Windows: a task that starts with the computer, as SYSTEM, or with the user's log-in. Not verified there.

A task and no entry of the service manager: that one ends every program that does not speak its own protocol.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from rs_agent.machine.service.base import NAME, State, ask
from rs_agent.system.tools import Said
from rs_relay.errors import LocalProblem

RIGHTS = "Start the command line as administrator, or `rs-agent service install --user` for a service of your own."


class WindowsService:
    home: Path | None = None

    def __init__(self, user: bool, *, ask: Callable[[Sequence[str]], Said] = ask) -> None:
        self._name = f"{NAME} (user)" if user else NAME
        self._when = ("/sc", "onlogon") if user else ("/sc", "onstart", "/ru", "SYSTEM")
        self._user, self._ask = user, ask

    def install(self, command: Sequence[str]) -> None:
        line = subprocess.list2cmdline(command)
        said = self._ask(["schtasks", "/create", "/f", "/tn", self._name, "/tr", line, *self._when])
        if said.status:
            raise LocalProblem("Windows did not take the service.", RIGHTS)
        self._ask(["schtasks", "/run", "/tn", self._name])

    def state(self) -> State:
        said = self._ask(["schtasks", "/query", "/tn", self._name, "/fo", "csv", "/nh"])
        if said.status:
            return State.MISSING
        return State.RUNNING if '"Running"' in said.out else State.STOPPED

    def remove(self) -> None:
        if self.state() is State.MISSING:
            return
        self._ask(["schtasks", "/end", "/tn", self._name])
        if self._ask(["schtasks", "/delete", "/f", "/tn", self._name]).status:
            raise LocalProblem("The service cannot be removed.", RIGHTS)
