"""What a shell showed, in a file of the customer's own: the record they were promised.

What was typed stands there as far as it was echoed: a password is not. Raw bytes: `less -R` shows them.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

FOLDER = "shells"
BIGGEST = 8 * 1024 * 1024  # bytes of one; then it says that it ends
KEPT = 50  # files; the oldest go first
FULL = b"\r\n[this record is full: what follows was not written]\r\n"


class Transcript:
    """Raises OSError when it is made. A disk that fills up later ends the record, not the shell."""

    def __init__(self, folder: Path, name: str) -> None:
        here = folder / FOLDER
        here.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = here / f"{name}.log"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
        self._fd: int | None = os.open(self.path, flags, 0o600)
        self._size = 0
        _thin(here)

    def write(self, data: bytes) -> None:
        if self._fd is None:
            return
        full = self._size + len(data) > BIGGEST
        self._size += len(data)
        try:
            os.write(self._fd, FULL if full else data)
        except OSError:
            full = True
        if full:
            self.close()

    def close(self) -> None:
        if self._fd is not None:
            with suppress(OSError):
                os.close(self._fd)
            self._fd = None


def _thin(folder: Path) -> None:
    files = sorted(folder.glob("*.log"))  # their names begin with the time
    for path in files[: max(0, len(files) - KEPT)]:
        with suppress(OSError):
            path.unlink()
