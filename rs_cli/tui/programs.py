"""The other rs programs that the dashboard starts: each makes its own link to the session.

They are told the session's number and nothing else; what they say on standard error is shown when they fail.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys

from rs_relay.errors import LocalProblem, RsError, from_wire
from rs_relay.text import printable

RS = (sys.executable, "-m", "rs_cli")
COULD_NOT = range(3, 9)  # exit statuses of rs itself: not allowed, not reached …
READING = 2.0  # seconds to read why, before the dashboard is back


async def view(number: int) -> None:
    """Open the viewer's window; returns when it is closed. It stays open when the dashboard is left."""
    await _run("view", str(number))


async def screenshot(number: int) -> str:
    """Save a picture of the customer's screen here; returns where."""
    answer = json.loads(await _run("screenshot", str(number), "--json"))
    return str(answer.get("path") or answer.get("file") or "")


async def shell(number: int) -> None:
    """A shell of the customer's in this terminal, which must be ours no longer; returns when it was left or has ended.

    Its exit status is the shell's own, and what went wrong has been said in the terminal."""
    child = await asyncio.create_subprocess_exec(*RS, "shell", str(number))
    if await child.wait() in COULD_NOT:
        await asyncio.sleep(READING)


async def _run(*arguments: str) -> bytes:
    """Standard output of `rs ARGUMENTS`. Raises the RsError it failed with."""
    child = await asyncio.create_subprocess_exec(
        *RS,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "NO_COLOR": "1"},
        start_new_session=True,  # Ctrl-C at the dashboard is not meant for it
    )
    out, err = await child.communicate()
    if child.returncode:
        raise _failure(out, err)
    return out


def _failure(out: bytes, err: bytes) -> RsError:
    try:
        said = json.loads(out)["error"]
        return from_wire(said["code"], printable(said["message"]), printable(said["hint"]))
    except (ValueError, KeyError, TypeError):
        lines = err.decode(errors="replace").strip().splitlines()
        return LocalProblem(printable(lines[0].removeprefix("rs: ")) if lines else "It did not work.", "")
