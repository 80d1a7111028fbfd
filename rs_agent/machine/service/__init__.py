"""The agent as a service of the system, one interface (`base`), one module for each kind of system."""

from __future__ import annotations

import sys

from rs_agent.machine.service.base import Service


def service(user: bool) -> Service:
    """Of this system: the computer's, or with `user` this user's own. Raises LocalProblem where there can be none."""
    if sys.platform == "win32":
        from rs_agent.machine.service.windows import WindowsService

        return WindowsService(user)
    if sys.platform == "darwin":
        from rs_agent.machine.service.launchd import Launchd

        return Launchd(user)
    from rs_agent.machine.service.systemd import Systemd

    return Systemd(user)
