"""macOS: the kernel's boot session, a restart through the system's events, a launch agent. Not verified there."""

from __future__ import annotations

import plistlib
from collections.abc import Sequence
from pathlib import Path

from rs_agent.machine.base import NAME
from rs_agent.machine.disk import drop, keep
from rs_agent.system.tools import ask
from rs_relay.errors import LocalProblem

BOOT = ("sysctl", "-n", "kern.bootsessionuuid")
# What the Apple menu says: any user may, and programs may ask about unsaved work.
RESTART = ("osascript", "-e", 'tell application "System Events" to restart')


class MacOs:
    def __init__(self, home: Path | None = None) -> None:
        self.entry = (home or Path.home()) / "Library/LaunchAgents" / f"{NAME}.plist"

    def boot_id(self) -> str:
        import subprocess

        try:
            done = subprocess.run(BOOT, capture_output=True, text=True, timeout=10, check=True)
        except (OSError, subprocess.SubprocessError):
            raise LocalProblem("This system does not say when it was started.") from None
        return done.stdout.strip()

    async def check(self, safe_mode: bool) -> None:
        if safe_mode:
            raise LocalProblem(
                "A Mac's safe mode is started by hand only.",
                "The customer holds a key while it starts (Shift, or power).",
            )

    async def reboot(self, safe_mode: bool) -> None:
        said = await ask(RESTART, 20.0)
        if said.status:
            raise LocalProblem("The customer's computer refused to restart.", said.err[:200])

    def settle(self) -> str:
        return ""

    def install(self, command: Sequence[str]) -> None:
        entry = {"Label": NAME, "ProgramArguments": list(command), "RunAtLoad": True, "LimitLoadToSessionType": "Aqua"}
        keep(self.entry, plistlib.dumps(entry), 0o644)

    def remove(self) -> None:
        drop(self.entry)
