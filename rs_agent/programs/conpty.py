"""A program with a terminal on Windows, by ConPTY through pywinpty. Written to its documentation; not verified there.

The same outside as `Program`. ConPTY speaks text and blocks, so two threads stand between it and two pipes: from there
on everything is as elsewhere.
"""

from __future__ import annotations

import asyncio
import codecs
import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from rs_agent.programs.base import Size
from rs_relay.errors import LocalProblem

PIECE = 4096


class ConPty:
    """Inside a running loop."""

    terminal = True
    stderr: int | None = None

    def __init__(self, console: Any) -> None:
        """`console`: a winpty.PtyProcess."""
        self.pid: int = console.pid
        self.over: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._console = console
        self._loop = asyncio.get_running_loop()
        read, self._into_read = os.pipe()
        self._out_of_write, write = os.pipe()
        self.stdin: int | None = write
        self.stdout: int | None = read
        for name, work in (("conpty-output", self._output), ("conpty-input", self._input)):
            threading.Thread(target=work, name=name, daemon=True).start()

    def signal(self, name: str) -> None:
        """Ctrl-C is a key there; there is nothing like the other signals."""
        if name == "INT":
            self._console.write("\x03")
        else:
            self._end()

    def resize(self, size: Size) -> None:
        with suppress(OSError):
            self._console.setwinsize(size.lines, size.columns)

    async def end(self) -> None:
        await asyncio.to_thread(self._end)
        await asyncio.wait({self.over}, timeout=1.0)

    def kill(self) -> None:
        self._end()

    def close(self) -> None:
        self._end()
        for fd in (self.stdin, self.stdout):
            if fd is not None:
                with suppress(OSError):
                    os.close(fd)
        self.stdin = self.stdout = None

    def close_stdin(self) -> None:
        """A terminal's input has no end: it is typed (Ctrl-Z, Enter)."""
        self._console.write("\x1a\r\n")

    def close_output(self, stream: int) -> None:
        """A terminal stays open."""

    def _end(self) -> None:
        """The program and all below it."""
        with suppress(OSError):
            subprocess.run(["taskkill", "/T", "/F", "/PID", str(self.pid)], check=False, capture_output=True)
        with suppress(OSError):
            self._console.terminate(force=True)

    def _output(self) -> None:
        try:
            while text := self._console.read(PIECE):
                os.write(self._into_read, text.encode("utf-8", "replace"))
        except (EOFError, OSError):
            pass
        status = self._console.wait()
        os.close(self._into_read)
        with suppress(RuntimeError):  # the loop has been closed
            self._loop.call_soon_threadsafe(self._set_over, int(status or 0))

    def _input(self) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        with suppress(EOFError, OSError):
            while data := os.read(self._out_of_write, PIECE):
                self._console.write(decoder.decode(data))
        os.close(self._out_of_write)

    def _set_over(self, status: int) -> None:
        if not self.over.done():
            self.over.set_result(status & 0xFF if status >= 0 else -signal.SIGTERM)


def start(argv: Sequence[str], cwd: str, env: Mapping[str, str], size: Size) -> ConPty:
    """Raises LocalProblem where pywinpty is missing, OSError where the program cannot be started."""
    try:
        from winpty import PtyProcess
    except ImportError:
        raise LocalProblem("The customer's computer has no terminals for commands (pywinpty is missing).") from None
    return ConPty(PtyProcess.spawn(list(argv), cwd=cwd, env=dict(env), dimensions=(size.lines, size.columns)))
