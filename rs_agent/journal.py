"""The customer's own record of what was done: one JSON object a line, only ever added to, readable by them alone.

Who, when, what was granted and withdrawn, which files, and how it ended. File names may stand here, since it is the
customer's own computer; a code, a key, a chat line or a clipboard text never does.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

from rs_agent.language import N_
from rs_relay.errors import LocalProblem

FILE = "agent-journal.jsonl"
TEXT = 512  # characters of one text: a line stays below the size that the system appends in one piece
ROTATE = 4 * 1024 * 1024  # bytes; the older half-dozen thousand sessions move to `.1`, so the disk never fills


class Journal:
    """Appends; each line is on its way to the disk when `write` returns. A full disk never stops a session."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        """Raises LocalProblem if the record cannot be kept or could be read by others."""
        self.folder: Path | None = folder
        self._file = folder / FILE
        self._clock = clock
        self.broken = False
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self._file.exists() and self._file.stat().st_size > ROTATE:
                self._file.replace(self._file.with_suffix(".jsonl.1"))
            self._fd = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | _NOFOLLOW, 0o600)
        except OSError as e:
            raise LocalProblem(
                N_("The record of sessions cannot be written."), f"{folder}: {e.strerror}. --no-journal goes without."
            ) from e
        if os.name == "posix" and os.fstat(self._fd).st_mode & 0o077:
            os.close(self._fd)
            raise LocalProblem(N_("Others can read the record of sessions."), f"Run: chmod 600 '{self._file}'")

    def write(self, kind: str, **facts: str | int | float | list[str]) -> None:
        entry = {"at": round(self._clock(), 3), "kind": kind} | {k: _short(v) for k, v in facts.items()}
        line = json.dumps(entry, ensure_ascii=True).encode() + b"\n"
        try:
            os.write(self._fd, line)
        except OSError:
            self.broken = True  # told in the summary; the session is worth more than its record

    def close(self) -> None:
        os.close(self._fd)


class NoJournal:
    """The customer asked for no record."""

    broken = False
    folder: Path | None = None

    def write(self, kind: str, **facts: str | int | float | list[str]) -> None: ...

    def close(self) -> None: ...


def _short(value: str | int | float | list[str]) -> str | int | float | list[str]:
    return value[:TEXT] if isinstance(value, str) else value


_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
