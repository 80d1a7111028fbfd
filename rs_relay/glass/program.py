"""What a window's process does before it looks at a byte, and the two ends of its pipe. No Tk: it may be missing.

It takes no more than it needs: no core dumps (they would hold somebody's picture) and a bound on memory, so a picture
made to exhaust it ends this process alone.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, BinaryIO, TypeVar

from rs_relay.errors import RsError
from rs_relay.glass import framing

# Bytes of address space. An 8K picture is 100 MB as pixels and 270 MB as Tk's photo images; libraries map about 500 MB.
MEMORY = 3 * 1024**3
PIPE = 1024 * 1024  # bytes; what Linux lets an ordinary user have
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # malloc.h

T = TypeVar("T")


def prepare() -> Mouth:
    """To be called first. Returns what speaks to the process that started this one."""
    limit()
    keep_memory()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in the terminal is for the session's process, which ends us
    return Mouth(take_stdout())


def read(
    source: BinaryIO,
    decode: Callable[[bytes], T],
    most: int,
    arrived: Callable[[T | RsError | None], None],
    count: Callable[[int], None] = lambda size: None,
) -> None:
    """Messages of at most `most` bytes from the pipe until it ends (None) or one makes no sense (the error), their
    sizes told to `count`. Runs in a thread of its own."""
    try:
        while header := source.read(framing.HEADER.size):
            if len(header) < framing.HEADER.size:
                break
            size = framing.length(header, most)
            body = source.read(size)
            if len(body) < size:
                break
            count(size)
            arrived(decode(body))
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

    def say(self, message: Any) -> None:
        """When nobody listens any more, the end of stdin says so to the window."""
        with suppress(BrokenPipeError):
            left = memoryview(framing.pack(message))
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
