"""A window as a child process, seen from the process that holds the session.

The child gets no key, no socket and no token: its environment is what a window needs, its arguments name nothing, and
of open files it has its three streams only. When it ends, `receive` says so; the session goes on without it.
"""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from rs_relay.glass import framing

START = 30.0  # seconds; it takes 0.3 on an idle computer
FAREWELL = 3.0  # seconds to close by itself when its stdin ends
# What tells a program where the display, the fonts and the language are; all else stays here.
_KEPT = (
    "PATH", "PYTHONPATH", "HOME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "DISPLAY", "XAUTHORITY", "XMODIFIERS",
    "SYSTEMROOT", "TEMP", "TMP", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "TCL_LIBRARY", "TK_LIBRARY",
)  # fmt: skip

Said = TypeVar("Said", contravariant=True)  # to the child
Heard = TypeVar("Heard", covariant=True)  # from it


class Child(Generic[Said, Heard]):
    """A running window. One task may `send` while another receives. `limit`: bytes of a message that it may say."""

    def __init__(self, process: Process, decode: Callable[[bytes], Heard], limit: int) -> None:
        if process.stdin is None or process.stdout is None:
            raise ValueError("a window speaks through pipes")
        self._process, self._decode, self._limit = process, decode, limit
        self._out, self._in = process.stdin, process.stdout
        self._turn = asyncio.Lock()  # a drain waits for one writer

    async def send(self, message: Said) -> None:
        """Waits while the child is behind. What is sent to one that has gone is lost; `receive` tells of that."""
        async with self._turn:
            try:
                self._out.write(framing.pack(message))
                await self._out.drain()
            except (BrokenPipeError, ConnectionResetError):
                return

    async def receive(self) -> Heard | None:
        """The next message, None when the child has gone. Raises PeerBroke for one that makes no sense."""
        try:
            header = await self._in.readexactly(framing.HEADER.size)
            return self._decode(await self._in.readexactly(framing.length(header, self._limit)))
        except (asyncio.IncompleteReadError, ConnectionResetError):
            return None

    async def first(self) -> Heard | None:
        """What it says first, within START; None if it does not. It is killed when that is not waited for."""
        try:
            async with asyncio.timeout(START):
                return await self.receive()
        except TimeoutError:
            return None
        except BaseException:
            await self.kill()
            raise

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
            await self.kill()

    async def kill(self) -> None:
        """Its window is gone at once, whatever it was doing."""
        if self._process.returncode is None:
            self._process.kill()
        self._out.close()
        await self._process.wait()


def display_missing() -> bool:
    """Whether it is known beforehand that no window can be opened here."""
    return sys.platform.startswith("linux") and not os.environ.get("DISPLAY")


async def spawn(module: str, *, heard: bool = False) -> Process:
    """Starts `python -m module` with pipes for a Child. `heard`: what it says on standard error goes to ours."""
    return await asyncio.create_subprocess_exec(
        # -P: a file called tkinter.py in the current folder is not ours.
        *(sys.executable, "-P", "-m", module),
        stdin=PIPE,
        stdout=PIPE,
        stderr=None if heard else DEVNULL,
        env=environment(os.environ),
    )


def environment(ours: Mapping[str, str]) -> dict[str, str]:
    """What the child may know of this process's environment."""
    kept = {name: value for name, value in ours.items() if name in _KEPT or name.startswith("LC_")}
    # One small resize at a time: threads of a linear algebra library would only take address space.
    return {**kept, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
