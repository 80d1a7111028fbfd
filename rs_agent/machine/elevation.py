"""A program run as the administrator of this computer, who says so to the system's own prompt, at this computer.

Law: no password passes through here. The system asks whoever sits there (polkit, by its window; sudo, at its terminal),
or has been set up to ask nobody; else it is refused. Linux only: elsewhere whoever is the administrator starts rs-agent
as one.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from rs_agent.language import N_
from rs_agent.system.tools import ERRORS, Said
from rs_relay.errors import LocalProblem, NotAllowed

PATIENCE = 120.0  # seconds for somebody to type a password
DISMISSED, NOBODY_ASKS = 126, 127  # pkexec(1)
NOBODY = N_("A service of the whole computer needs its administrator, and nobody can be asked.")
BY_HAND = N_("At that computer, in a terminal: `rs-agent service install` asks for the administrator.")


def is_administrator() -> bool:
    if sys.platform == "win32":
        import ctypes

        return bool(ctypes.windll.shell32.IsUserAnAdmin())
    return os.geteuid() == 0


def way(
    tty: bool, environ: Mapping[str, str] = os.environ, which: Callable[[str], str | None] = shutil.which
) -> list[str]:
    """What stands before a command that is to run as the administrator. `tty`: somebody sits at this program's own
    terminal and has nothing else to type there. Raises LocalProblem where nobody could be asked."""
    seen = environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")
    if tty and which("sudo"):
        return ["sudo", "--"]
    if seen and which("pkexec"):
        return ["pkexec", "--disable-internal-agent"]
    if which("sudo"):
        return ["sudo", "-n", "--"]
    raise LocalProblem(NOBODY, BY_HAND)


async def run(argv: Sequence[str], data: bytes = b"", *, tty: bool = False, patience: float = PATIENCE) -> Said:
    """What `argv` says when it runs as the administrator and reads `data`. Raises NotAllowed when they refuse, and
    LocalProblem when nobody could be asked. Cancelled, the prompt is taken off."""
    process = await asyncio.create_subprocess_exec(
        *way(tty), *argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=None if tty else subprocess.PIPE,
        start_new_session=not tty,
    )  # fmt: skip
    try:
        async with asyncio.timeout(patience):
            out, err = await process.communicate(data)
    except TimeoutError:
        raise NotAllowed(N_("Nobody answered when this computer asked for its administrator.")) from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError, PermissionError):  # once it is the administrator's it is not ours to end
                os.killpg(process.pid, signal.SIGKILL) if not tty else process.terminate()
    told, complained = out.decode("utf-8", "replace"), (err or b"").decode("utf-8", "replace")
    said = Said(process.returncode or 0, told, complained[:ERRORS])
    if said.status == DISMISSED:
        raise NotAllowed(N_("The administrator's password was not given."))
    if said.status == NOBODY_ASKS or "a password is required" in said.err:
        raise LocalProblem(NOBODY, BY_HAND)
    return said
