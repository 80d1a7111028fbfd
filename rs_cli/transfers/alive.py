"""Whether a program still runs: it holds a lock on a file, which the system lets go of with its last breath.

A process number says less: it is given to another program soon after. The lock is one of the open file, on Windows of
its first byte.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from rs_relay.errors import LocalProblem

if sys.platform == "win32":
    import msvcrt

    def _lock(fd: int, shared: bool) -> None:
        """Raises OSError when another program has it."""
        msvcrt.locking(fd, msvcrt.LK_NBLCK if shared else msvcrt.LK_LOCK, 1)

else:
    import fcntl

    def _lock(fd: int, shared: bool) -> None:
        """Raises OSError when another program has it."""
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB if shared else fcntl.LOCK_EX)


class Sign:
    """This program's sign of life, until `close` or its end."""

    def __init__(self, path: Path) -> None:
        """Raises LocalProblem."""
        self._path = path
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            os.write(self._fd, b"\0")
            os.lseek(self._fd, 0, os.SEEK_SET)
            _lock(self._fd, shared=False)
        except OSError as e:
            raise LocalProblem(f"{path} cannot be written: {e.strerror}.") from e

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
            with suppress(OSError):
                self._path.unlink()


def alive(path: Path) -> bool:
    """Whether the program whose sign that is still runs."""
    try:
        fd = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        _lock(fd, shared=True)
    except OSError:
        return True
    finally:
        os.close(fd)
    return False
