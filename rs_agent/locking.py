"""Locks the screen of who is logged in at this computer, with what the system has for it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys

PATIENCE = 3.0  # seconds for one program
# In this order until one succeeds. logind locks each session of a graphical login; the others need the session's own
# environment, which an agent that the user started has.
PROGRAMS: dict[str, tuple[tuple[str, ...], ...]] = {
    "linux": (
        ("loginctl", "lock-sessions"),
        ("loginctl", "lock-session"),
        ("xdg-screensaver", "lock"),
    ),
    "darwin": (("pmset", "displaysleepnow"),),
    "win32": (("rundll32.exe", "user32.dll,LockWorkStation"),),
}


def lock() -> bool:
    """Whether the system has taken it on. May take some seconds."""
    return any(_run(program) for program in PROGRAMS.get(sys.platform, ()))


def _run(program: tuple[str, ...]) -> bool:
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        done = subprocess.run(
            program,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE,
            check=False,
            env={**os.environ, "LC_ALL": "C"},
        )
        return done.returncode == 0
    return False


def occupied() -> bool:
    """Whether somebody is logged in here now."""
    import psutil  # 15 ms that an agent with a code need not pay at its start

    return bool(psutil.users())
