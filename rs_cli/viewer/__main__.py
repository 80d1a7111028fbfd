"""`python -m rs_cli.viewer`: the window, fed through stdin, answering on stdout (see `pipe`).

It is started by `child`, not by a person. It takes no more than it needs before it looks at a byte: no core dumps (they
would hold the customer's picture) and a bound on memory, so a picture made to exhaust it ends this process alone.

    exit status   0 closed by either side · 13 no window could be opened · 14 what it was sent made no sense
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Queue
from traceback import format_tb
from types import TracebackType
from typing import BinaryIO

from rs_cli.viewer import pipe
from rs_relay.errors import LocalProblem, RsError

# Bytes of address space. An 8K picture is 100 MB as pixels and 270 MB as Tk's photo images; libraries map about 500 MB.
MEMORY = 3 * 1024**3
PIPE = 1024 * 1024  # bytes; what Linux lets an ordinary user have
WAITING = 32  # messages read ahead of the window; the pipe, and so the session, waits for more
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # malloc.h
NO_TK = "Install Tk for this Python (on Debian and Ubuntu: `apt install python3-tk`), or use `rs screenshot`."
NO_DISPLAY = "Is DISPLAY right? `rs screenshot SESSION FILE.png` saves what the customer sees without a window."


_TOO_LARGE = LocalProblem("The customer's picture is too large for this computer's memory.")
_DEFECT = RsError("The window for the screen has a defect and closed.", "`rs view` opens it again.")


def main() -> int:
    limit()
    keep_memory()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in the terminal is for the session's process, which ends us
    out = Mouth(take_stdout())
    try:
        status = run(sys.stdin.buffer, out)
    except RsError as error:
        out.say(pipe.Cannot(error.code, error.message, error.hint))
        status = error.exit_status
    return status


def run(source: BinaryIO, out: Mouth) -> int:
    """The window's life. Raises LocalProblem when there can be none."""
    try:
        import tkinter as tk

        from rs_cli.viewer.window import ARRIVED, Window
        from rs_relay.channels.screen.codecs import NAMES
    except ImportError as e:
        raise LocalProblem("This Python has no Tk to open a window with.", NO_TK) from e
    try:
        root = tk.Tk(className="rs")
    except tk.TclError as e:
        raise LocalProblem("The display could not be opened.", NO_DISPLAY) from e
    inbox: Queue[pipe.ToViewer | RsError | None] = Queue(WAITING)
    window = Window(root, inbox, out.say)
    root.update()
    out.say(pipe.Ready(NAMES))

    def arrived(message: pipe.ToViewer | RsError | None) -> None:
        inbox.put(message)
        if window.woken.is_set():
            return  # Tk answers a call from this thread when it comes to it: it need not be called twice
        window.woken.set()
        with suppress(tk.TclError, RuntimeError):  # the window has just gone
            root.event_generate(ARRIVED, when="tail")

    def defect(kind: type[BaseException], error: BaseException, at: TracebackType | None) -> None:
        """An exception that left one of Tk's callbacks: the window must not stand there half alive."""
        print(f"viewer: {''.join(format_tb(at))}{kind.__name__}", file=sys.stderr)  # without the text: no content
        window.fail(_TOO_LARGE if isinstance(error, MemoryError) else error if isinstance(error, RsError) else _DEFECT)

    root.report_callback_exception = defect
    widen(sys.stdin.fileno())
    threading.Thread(target=read, args=(source, arrived, window.bytes.count), name="stdin", daemon=True).start()
    root.mainloop()
    return window.failed.exit_status if window.failed else 0


def read(
    source: BinaryIO,
    arrived: Callable[[pipe.ToViewer | RsError | None], None],
    count: Callable[[int], None] = lambda size: None,
) -> None:
    """Messages from the pipe until it ends (None) or one makes no sense (the error), their sizes told to `count`. Runs
    in a thread of its own."""
    try:
        while header := source.read(pipe.HEADER.size):
            if len(header) < pipe.HEADER.size:
                break
            size = pipe.length(header, pipe.TO_VIEWER)
            body = source.read(size)
            if len(body) < size:
                break
            count(size)
            arrived(pipe.to_viewer(body))
    except RsError as error:
        arrived(error)
    except OSError:
        arrived(None)
    else:
        arrived(None)


class Mouth:
    """What goes to the session's process."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def say(self, message: pipe.FromViewer) -> None:
        """When nobody listens any more, the end of stdin says so to the window."""
        with suppress(BrokenPipeError):
            left = memoryview(pipe.pack(message))
            while left:
                left = left[os.write(self._fd, left) :]


def take_stdout() -> int:
    """The pipe for messages alone: what a library prints goes to stderr from now on."""
    fd = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return fd


def widen(fd: int) -> None:
    """Room for a whole update in the pipe, where the system lets it grow: else it comes in 64 KiB at a time."""
    try:
        import fcntl

        fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, PIPE)
    except (ImportError, AttributeError, OSError):  # Windows; macOS; all of a user's pages are taken, or no pipe
        return


def keep_memory() -> None:
    """glibc gives buffers of megabytes back to the system after each frame, and has their pages zeroed anew for the
    next: a third of the time of a whole 1080p picture."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # another C library
        return
    for option, size in ((_TRIM_THRESHOLD, 128 << 20), (_MMAP_THRESHOLD, 32 << 20)):
        mallopt(option, size)


def limit() -> None:
    """Bounds on this process, where the system has them."""
    try:
        import resource
    except ImportError:  # Windows
        return
    for what, most in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_AS, MEMORY)):
        _, hard = resource.getrlimit(what)
        wanted = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with suppress(OSError, ValueError):  # macOS does not bound address space
            resource.setrlimit(what, (wanted, hard))


if __name__ == "__main__":
    # At once: the reader thread waits in the middle of a read, and an interpreter that shuts down aborts over that.
    os._exit(main())
