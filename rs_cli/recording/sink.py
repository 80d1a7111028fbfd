"""The file that is being recorded: bytes go in at once and to the disk in a thread of their own.

Who records never waits for a disk: while QUEUE bytes wait, `full` says so and nothing more should be put. The file is
its owner's (0600), is never one that was there before, and is flushed to the disk where a segment ends.
"""

from __future__ import annotations

import errno
import os
import threading
from collections import deque
from pathlib import Path

from rs_relay.errors import DiskFull, LocalProblem, RsError, UsageError

QUEUE = 32 * 1024 * 1024
FAREWELL = 30.0  # seconds that `close` waits for a disk


class Sink:
    def __init__(self, path: Path, replace: bool = False) -> None:
        """Creates the file. Raises UsageError if it is there and is not to be replaced, LocalProblem."""
        self.path = path
        self.size = 0  # bytes written
        self.failed: RsError | None = None
        self._fd = _create(path, replace)
        self._waiting: deque[tuple[bytes, bool]] = deque()
        self._bytes = 0  # in it
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="recording", daemon=True)
        self._thread.start()

    @property
    def full(self) -> bool:
        return self._bytes > QUEUE

    def put(self, data: bytes, flush: bool = False) -> None:
        """To be written after what was put before. `flush`: first see to it that all before is on the disk."""
        with self._changed:
            if self.failed is None:
                self._waiting.append((data, flush))
                self._bytes += len(data)
                self._changed.notify()

    def close(self) -> None:
        """Writes what waits, flushes, closes. Blocks; raises what went wrong."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(FAREWELL)
        if self.failed:
            raise self.failed

    def _run(self) -> None:
        try:
            while (taken := self._next()) is not None:
                for data, flush in taken:
                    if flush:
                        os.fsync(self._fd)
                    self._write(data)
            os.fsync(self._fd)
        except OSError as e:
            self._fail(e)
        finally:
            os.close(self._fd)

    def _next(self) -> list[tuple[bytes, bool]] | None:
        """All that waits; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            taken = list(self._waiting)
            self._waiting.clear()
        return taken or None

    def _write(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            written = os.write(self._fd, left)
            left = left[written:]
            self.size += written
        with self._changed:
            self._bytes -= len(data)

    def _fail(self, error: OSError) -> None:
        with self._changed:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                self.failed = DiskFull(
                    "There is no room left for the recording: it ended.", "What was recorded until then can be played."
                )
            else:
                self.failed = LocalProblem(f"{self.path} cannot be written: {error.strerror}.", "The recording ended.")
            self._waiting.clear()
            self._bytes = 0


def _create(path: Path, replace: bool) -> int:
    try:
        if replace:
            path.unlink(missing_ok=True)
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    except FileExistsError as e:
        raise there_already(path) from e
    except OSError as e:
        raise LocalProblem(f"{path} cannot be written: {e.strerror}.", "Check the directory.") from e


def there_already(path: Path) -> UsageError:
    return UsageError(f"{path} is there already.", "Choose another name, or --force replaces it.")
