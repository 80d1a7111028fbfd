"""The session's end of the pipe: starts the viewer as a child process and speaks with it.

The child gets no key, no socket and no token: its environment is what a window needs, its arguments name nothing, and
of open files it has its three streams only. When it ends, `receive` says so; the session goes on without it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping

from rs_cli.viewer import pipe
from rs_relay.errors import LocalProblem, from_wire

log = logging.getLogger(__name__)
START = 30.0  # seconds; it takes 0.3 on an idle computer
FAREWELL = 3.0  # seconds to close by itself when its stdin ends
WITHOUT_WINDOW = "`rs screenshot SESSION FILE.png` saves what the customer sees without a window."
# What tells a program where the display, the fonts and the language are; all else stays here.
_KEPT = (
    "PATH", "PYTHONPATH", "HOME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "DISPLAY", "XAUTHORITY", "XMODIFIERS",
    "SYSTEMROOT", "TEMP", "TMP", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "TCL_LIBRARY", "TK_LIBRARY",
)  # fmt: skip


class Viewer:
    """A running viewer. One task may `send` while another receives."""

    def __init__(self, process: Process) -> None:
        self.codecs: tuple[str, ...] = ()  # the lossy ones it decodes
        if process.stdin is None or process.stdout is None:
            raise ValueError("the viewer speaks through pipes")
        self._process = process
        self._out, self._in = process.stdin, process.stdout
        self._turn = asyncio.Lock()  # a drain waits for one writer

    async def send(self, message: pipe.ToViewer) -> None:
        """Waits while the viewer is behind. What is sent to a viewer that has gone is lost; `receive` tells of that."""
        async with self._turn:
            try:
                self._out.write(pipe.pack(message))
                await self._out.drain()
            except (BrokenPipeError, ConnectionResetError):
                return

    async def receive(self) -> pipe.FromViewer | None:
        """The next message, None when the viewer has gone. Raises PeerBroke for one that makes no sense."""
        try:
            header = await self._in.readexactly(pipe.HEADER.size)
            return pipe.from_viewer(await self._in.readexactly(pipe.length(header, pipe.FROM_VIEWER)))
        except (asyncio.IncompleteReadError, ConnectionResetError):
            return None

    async def status(self) -> int:
        """Waits until it has ended; its exit status."""
        return await self._process.wait()

    async def close(self) -> None:
        """Asks it to close, and sees to it that it does."""
        self._out.close()
        try:
            async with asyncio.timeout(FAREWELL):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


def check_display() -> None:
    """Raises LocalProblem where no window can be opened, before anybody was asked for anything."""
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        raise LocalProblem("There is no display here to open a window on.", WITHOUT_WINDOW)


async def start() -> Viewer:
    """A viewer whose window is there. Raises LocalProblem where it cannot open one."""
    check_display()
    process = await asyncio.create_subprocess_exec(
        # -P: a file called tkinter.py in the current folder is not ours.
        *(sys.executable, "-P", "-m", "rs_cli.viewer"),
        stdin=PIPE,
        stdout=PIPE,
        stderr=None if log.isEnabledFor(logging.DEBUG) else DEVNULL,  # with --debug a defect shows where it was
        env=environment(os.environ),
    )
    viewer = Viewer(process)
    try:
        async with asyncio.timeout(START):
            first = await viewer.receive()
    except TimeoutError:
        first = None
    except BaseException:
        await viewer.close()
        raise
    match first:
        case pipe.Ready(codecs):
            viewer.codecs = codecs
            return viewer
        case pipe.Cannot(code, message, hint):
            await viewer.close()
            raise from_wire(code, message, hint)
        case _:
            await viewer.close()
            raise LocalProblem("The window for the screen did not open.", WITHOUT_WINDOW)


def environment(ours: Mapping[str, str]) -> dict[str, str]:
    """What the child may know of this process's environment."""
    kept = {name: value for name, value in ours.items() if name in _KEPT or name.startswith("LC_")}
    # One small resize at a time: threads of a linear algebra library would only take address space.
    return {**kept, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
