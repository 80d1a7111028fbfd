"""The terminal behind the console: lines in, lines out, each on a thread of its own.

The law: neither a terminal that stopped reading (Ctrl-S) nor one that is gone may hold up the session, so nothing
here is ever called on the event loop that could block. `heard` is called in the reading thread: that is what lets
"stop" work while the event loop hangs.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import queue
import select
import threading
from collections.abc import Callable

MAX_LINE = 64 * 1024  # bytes that may come without an end of line
BACKLOG = 2000  # lines waiting for a terminal that does not read; later ones are dropped
FLUSH = 0.3  # seconds that `close` gives the terminal to take what is still to be shown


def read_line(fd: int) -> str:
    """The next line, and not a byte more: what follows is for a Reader. '' at the end of the input."""
    data = b""
    while len(data) < MAX_LINE and (byte := os.read(fd, 1)):
        if byte == b"\n":
            break
        data += byte
    return data.decode(errors="replace").strip()


class Reader:
    """Calls `heard(line)` for each line and `ended()` at the end of the input, in its own thread."""

    def __init__(self, fd: int, heard: Callable[[str], None], ended: Callable[[], None]) -> None:
        self._fd = fd
        self._heard, self._ended = heard, ended
        self._closed = False
        self._wake, self._waker = os.pipe()
        self._thread = threading.Thread(target=self._run, name="console-in", daemon=True)
        self._thread.start()

    def close(self) -> None:
        if not self._closed:
            self._closed = True  # before the thread wakes: it must not take this for the end of the input
            os.close(self._waker)
        if self._thread is not threading.current_thread():
            self._thread.join(FLUSH)

    def _run(self) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        waiting = ""
        with contextlib.suppress(OSError):  # a terminal that was hung up: the input has ended
            while data := self._read():
                waiting += decoder.decode(data)
                *lines, waiting = waiting.split("\n")
                for line in lines:
                    self._heard(line.rstrip("\r"))
                waiting = waiting[-MAX_LINE:]
        os.close(self._wake)
        if not self._closed:
            self._ended()

    def _read(self) -> bytes:
        """b'' at the end of the input and after `close`."""
        ready, _, _ = select.select([self._fd, self._wake], [], [])
        return b"" if self._wake in ready else os.read(self._fd, 4096)


class Writer:
    """Shows texts in order; `show` never waits."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._queue: queue.Queue[bytes | None] = queue.Queue(BACKLOG)
        self._thread = threading.Thread(target=self._run, name="console-out", daemon=True)
        self._thread.start()

    def show(self, text: str) -> None:
        with contextlib.suppress(queue.Full):
            self._queue.put_nowait(text.encode(errors="replace"))

    def close(self) -> None:
        with contextlib.suppress(queue.Full):
            self._queue.put_nowait(None)
        self._thread.join(FLUSH)

    def _run(self) -> None:
        while (data := self._queue.get()) is not None:
            try:
                while data:
                    data = data[os.write(self._fd, data) :]
            except OSError:
                return  # nobody is there to read it; the reading side notices and ends the session
