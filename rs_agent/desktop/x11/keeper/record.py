"""What is to be put back, on disk before it is changed: a file of the customer's own, one a display and purpose.

Whoever holds the lock is the one keeper of that purpose; a second one ends at once, and has nothing to mend.
"""

from __future__ import annotations

import fcntl
import os
import re
from pathlib import Path

import msgspec


class Saved(msgspec.Struct, frozen=True):
    """`means` names who changed it (see `keeper.Means`), `before` is theirs. `server` tells one run of the X server
    from the next, in which a number of the last one names nothing or something else."""

    means: str
    before: dict[str, object]
    server: str = ""


_decoder = msgspec.json.Decoder(list[Saved])


def name(display: str, purpose: str) -> str:
    """The file's name without its ending."""
    return f"kept-{purpose}-{re.sub(r'[^A-Za-z0-9.]', '_', display)}"


class Record:
    """Raises BlockingIOError while another keeper has it, OSError where it cannot be kept."""

    def __init__(self, folder: Path, display: str, purpose: str) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = folder / (name(display, purpose) + ".json")
        self._lock = os.open(self._file.with_suffix(".lock"), os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def read(self) -> list[Saved]:
        """What an earlier keeper left; nothing for a file that is none of ours or was cut short."""
        try:
            return _decoder.decode(self._file.read_bytes())
        except (OSError, ValueError, RecursionError):
            return []

    def write(self, saved: list[Saved]) -> None:
        """On the disk when it returns."""
        if not saved:
            self._file.unlink(missing_ok=True)
            return
        new = self._file.with_suffix(".new")
        new.unlink(missing_ok=True)
        fd = os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
        with open(fd, "wb") as out:
            out.write(msgspec.json.encode(saved))
            out.flush()
            os.fsync(out.fileno())
        new.replace(self._file)

    def close(self) -> None:
        os.close(self._lock)


def left(folder: Path, display: str, purpose: str) -> bool:
    """Whether there is a file of that purpose: something to mend, or a keeper that lives."""
    return (folder / (name(display, purpose) + ".json")).exists()
