"""A transfer from or into a pipe: a stream that cannot go back.

What is sent from one is kept until the other end has it, so that a lost link loses nothing; a program that was killed
has lost it. What is written to one is gone for good: a file that arrives damaged can only be reported.
"""

from __future__ import annotations

import hashlib
import os
import select
from collections import deque
from collections.abc import Sequence

from rs_relay.errors import Damaged, DiskFull, RsError, TransferFailed, UsageError
from rs_relay.transfer import messages as m
from rs_relay.transfer.messages import UNKNOWN
from rs_relay.transfer.outcome import Kept
from rs_relay.transfer.part import trouble
from rs_relay.transfer.resume import ZEROS

POLL = 0.2  # seconds that one read waits, so that an answer from the other end is heard meanwhile


class PipeSource:
    """Reads `fd` (not closed here). At most the bytes that are not acknowledged are kept: a window."""

    size = mode = UNKNOWN
    mtime_ns = 0

    def __init__(self, fd: int, key: str) -> None:
        """`key`: 64 hex digits, at random: no other stream is this one."""
        self.key = key
        self._fd = fd
        self._kept: deque[tuple[int, bytes]] = deque()
        self._end = 0  # bytes read
        self._over = False

    def read(self, offset: int, count: int) -> bytes | None:
        if offset < self._end:
            return self._again(offset, count)
        if self._over:
            return b""
        if os.name == "posix" and not select.select([self._fd], [], [], POLL)[0]:
            return None
        data = os.read(self._fd, count)
        if not data:
            self._over = True
            return b""
        self._kept.append((offset, data))
        self._end += len(data)
        return data

    def _again(self, offset: int, count: int) -> bytes:
        for start, data in self._kept:
            if start <= offset < start + len(data):
                return data[offset - start :][:count]
        raise TransferFailed("What was read from the pipe cannot be read again.", "Start it again.")

    def hole(self, offset: int) -> int:
        return 0

    def now(self) -> tuple[int, bool]:
        return UNKNOWN, False

    def forget(self, offset: int) -> None:
        while self._kept and self._kept[0][0] + len(self._kept[0][1]) <= offset:
            self._kept.popleft()

    def close(self) -> None:
        self._kept.clear()


class PipeLanding:
    """Where one file lands that is written to `fd` as it comes (not closed here)."""

    def __init__(self, fd: int) -> None:
        self._part = PipePart(fd)
        self._key: str | None = None

    def folder(self, name: str, key: str) -> str:
        raise UsageError("A directory cannot be written to a pipe.", "Name a folder to put it in.")

    def finish(self, finished: m.Finish) -> None:
        pass

    def link(self, link: m.Link) -> str:
        raise UsageError("A symbolic link cannot be written to a pipe.", "Name the file that it leads to.")

    def begin(self, name: str, size: int, mtime_ns: int, key: str, mode: int = m.UNKNOWN) -> PipePart:
        if self._key not in (None, key):
            raise TransferFailed("The file changed while it was fetched.", "Fetch it again.")
        self._key = key
        return self._part

    def wholes(self, files: Sequence[m.Whole]) -> list[str | RsError | Kept]:
        return [self._whole(file) for file in files]

    def _whole(self, file: m.Whole) -> str | RsError:
        try:
            part = self.begin(file.name, file.data.nbytes, file.mtime_ns, file.sha256.hex())
            if not part.offset:
                part.write(file.data)
            return part.publish()
        except RsError as e:
            return e

    def again(self) -> None:
        pass

    def settle(self) -> None:
        pass

    def expect(self, size: int) -> None:
        pass

    def complete(self) -> None:
        pass


class PipePart:
    base = 0  # nothing is there to copy from

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self.offset = 0
        self._running = hashlib.sha256()

    def digest(self) -> bytes:
        return self._running.digest()

    def restart(self) -> None:
        if self.offset:
            raise TransferFailed("What was written to the pipe is not what the file holds now.", "Fetch it again.")

    def rewind(self, offset: int) -> None:
        if offset != self.offset:
            raise Damaged(
                "The file was damaged on its way, and what was written to the pipe is gone.", "Fetch it again."
            )

    def read_base(self, count: int, offset: int) -> bytes:
        return b""

    def copy(self, source: int, size: int) -> None:
        raise Damaged("There is nothing to copy from.")

    def drop_base(self) -> None:
        pass

    def hole(self, size: int) -> None:
        while size:
            self.write(memoryview(ZEROS)[:size])
            size -= min(size, len(ZEROS))

    def write(self, data: memoryview) -> None:
        """Raises BrokenPipeError when nobody reads any more, TransferFailed for what cannot be written."""
        self._running.update(data)
        self.offset += data.nbytes
        while data.nbytes:
            try:
                data = data[os.write(self._fd, data) :]
            except BrokenPipeError:
                raise
            except OSError as e:  # a pipe in name only: `> file`
                raise _unwritten(e) from e

    def publish(self) -> str:
        return "-"

    def park(self) -> None:
        pass

    def discard(self) -> None:
        pass


def _unwritten(e: OSError) -> TransferFailed:
    if isinstance(trouble(e), DiskFull):
        return DiskFull("The disk that the output goes to has no room left.", "Free some there and fetch it again.")
    return TransferFailed(f"The output cannot be written to: {os.strerror(e.errno or 0)}.", "")
