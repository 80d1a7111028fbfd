"""What came through the pipe, on its way to a window in Tk's own thread, which is woken for it: nothing polls."""

from __future__ import annotations

import sys
import threading
import tkinter as tk
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, Queue
from traceback import format_tb
from types import TracebackType
from typing import BinaryIO, Generic, TypeVar

from rs_relay.errors import LocalProblem, PeerBroke, RsError
from rs_relay.glass import program

_ARRIVED = "<<Arrived>>"
WAITING = 32  # messages read ahead of the window; the pipe, and so the session, waits for more
TURN = 8  # messages brought in before the person's own doings get their turn
_TOO_LARGE = LocalProblem("The picture is too large for this computer's memory.")
_DEFECT = RsError("The window has a defect and closed.", "It can be opened again.")

T = TypeVar("T")


class Inbox(Generic[T]):
    """`take` is given each message, `fail` what ends the window: an error, or None at the end of the pipe. A PeerBroke
    that leaves `take` is given to `fail` as well, and so is a defect. Both are called in Tk's thread."""

    def __init__(self, root: tk.Tk, take: Callable[[T], None], fail: Callable[[RsError | None], None]) -> None:
        self._root, self._take, self._fail = root, take, fail
        self._queue: Queue[T | RsError | None] = Queue(WAITING)
        self._woken = threading.Event()  # set: the queue will be looked at, and nobody need call
        root.bind(_ARRIVED, self._arrived)
        root.report_callback_exception = self._defect

    def follow(
        self,
        source: BinaryIO,
        decode: Callable[[bytes], T],
        most: int,
        count: Callable[[int], None] = lambda size: None,
    ) -> None:
        """Reads `source` from now on; see `program.read`."""
        program.widen(source.fileno())
        reading = (source, decode, most, self.put, count)
        threading.Thread(target=program.read, args=reading, name="stdin", daemon=True).start()

    def put(self, message: T | RsError | None) -> None:
        """From the reader's thread; waits while the window is behind."""
        self._queue.put(message)
        if self._woken.is_set():
            return  # Tk answers a call from this thread when it comes to it: it need not be called twice
        self._woken.set()
        with suppress(tk.TclError, RuntimeError):  # the window has just gone
            self._root.event_generate(_ARRIVED, when="tail")

    def _arrived(self, event: object) -> None:
        self._woken.clear()
        for _ in range(TURN):
            try:
                message = self._queue.get_nowait()
            except Empty:
                return
            if message is None or isinstance(message, RsError):
                self._fail(message)
                return
            try:
                self._take(message)
            except PeerBroke as broke:
                self._fail(broke)
                return
        self._woken.set()
        self._root.event_generate(_ARRIVED, when="tail")

    def _defect(self, kind: type[BaseException], error: BaseException, at: TracebackType | None) -> None:
        """An exception that left one of Tk's callbacks: the window must not stand there half alive."""
        print(f"window: {''.join(format_tb(at))}{kind.__name__}", file=sys.stderr)  # without the text: no content
        self._fail(_TOO_LARGE if isinstance(error, MemoryError) else error if isinstance(error, RsError) else _DEFECT)
