"""The agent's side of its keeper (see the package `keeper`): starts it, says every second what is to hold, hears.

When a keeper was killed alone, another one puts back what it left; what it held is then told as not holding.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from rs_agent.desktop.keeping import Change, Kept
from rs_agent.desktop.x11.keeper import BUSY, lines, record

BEAT = 1.0  # seconds; `keeper.__main__.SILENT` is what it may be late
ANOTHER = "Another rs-agent at the customer's computer does that already."
DIED = "What does this was ended on the customer's computer; choose it again."


class X11Keeper:
    def __init__(self, display: str, folder: Path, purpose: str, told: Callable[[Kept], None]) -> None:
        self._arguments = (display, folder, purpose)
        self._tell = told
        self._lock = threading.Lock()
        self._wanted: frozenset[Change] = frozenset()
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = threading.Event()

    def want(self, changes: frozenset[Change]) -> None:
        with self._lock:
            self._wanted = changes
            if self._process is None and changes and not self._closed.is_set():
                self._process = start(*self._arguments)
                for work in (self._hear, self._beat):
                    threading.Thread(target=work, args=(self._process,), name="keeper", daemon=True).start()
            self._say()

    def close(self) -> None:
        with self._lock:
            self._closed.set()
            if self._process is not None and self._process.stdin is not None:
                with suppress(OSError):
                    self._process.stdin.close()

    def _say(self) -> None:
        """With the lock held."""
        if self._process is None or self._process.stdin is None or self._closed.is_set():
            return
        with suppress(OSError):  # it has gone: `_hear` sees it
            os.write(self._process.stdin.fileno(), lines.pack(lines.Want(tuple(sorted(self._wanted)))))

    def _beat(self, process: subprocess.Popen[bytes]) -> None:
        while not self._closed.wait(BEAT):
            with self._lock:
                if self._process is not process:
                    return
                self._say()

    def _hear(self, process: subprocess.Popen[bytes]) -> None:
        if process.stdout is None:
            raise ValueError("a keeper speaks through pipes")
        for line in process.stdout:
            with suppress(ValueError):
                self._tell(lines.told(line).kept())
        process.stdout.close()
        status = process.wait()
        with self._lock:
            if process.stdin is not None:
                process.stdin.close()
            self._process, wanted = None, self._wanted
        if not self._closed.is_set():
            mend(*self._arguments)
            self._tell(Kept(cannot=dict.fromkeys(wanted, ANOTHER if status == BUSY else DIED)))


def start(display: str, folder: Path, purpose: str) -> subprocess.Popen[bytes]:
    """A keeper in a session of its own: what ends the agent's terminal does not end it."""
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "rs_agent.desktop.x11.keeper", str(folder), purpose],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
        env={**os.environ, "DISPLAY": display}, bufsize=0,
    )  # fmt: skip


def mend(display: str, folder: Path, purpose: str) -> None:
    """Puts back what was left, should an agent and its keeper have been killed. Returns at once."""
    if record.left(folder, display, purpose):
        threading.Thread(target=start(display, folder, purpose).communicate, name="mend", daemon=True).start()
