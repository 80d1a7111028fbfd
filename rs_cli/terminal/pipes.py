"""This process's own standard streams, without ever blocking the loop: terminals, pipes, sockets and files.

Their descriptors are shared with whoever started us, so they are never made non-blocking themselves. Input that can be
waited for is waited for; output into a pipe or terminal is opened anew, where the system lets us, without blocking.
What is left (files, whatever Windows has) goes through a thread, a daemon: one that hangs never keeps the program.
"""

from __future__ import annotations

import asyncio
import os
import stat
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue

from rs_relay import streams

PIPE = 1024 * 1024  # bytes a pipe is to hold, as at the other end


class Source:
    """What comes in at `fd`."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._thread: _Thread | None = None
        self._polled = os.name == "posix"
        _widen(fd)

    async def read(self, limit: int) -> bytes:
        """What is there, as soon as something is; b"" at the end."""
        if self._polled:
            try:
                await streams.readable(self.fd)
            except PermissionError:
                self._polled = False  # a file: always there, but the disk may be slow
            else:
                with suppress(BlockingIOError):  # somebody else took it, or closed it
                    return self._read(limit)
                return await self.read(limit)
        if self._thread is None:
            self._thread = _Thread("input")
        return await self._thread.do(lambda: self._read(limit))

    def _read(self, limit: int) -> bytes:
        try:
            return os.read(self.fd, limit)
        except BlockingIOError:
            raise
        except OSError:
            return b""  # the terminal has gone


class Sink:
    """What goes out at `fd`. Raises OSError (BrokenPipeError) when nobody reads it any more."""

    def __init__(self, fd: int) -> None:
        _widen(fd)
        self._own = _opened_anew(fd)
        self._fd = fd
        self._thread: _Thread | None = None

    async def write(self, data: bytes | memoryview) -> None:
        if self._own is not None:
            await streams.write(self._own, data)
            return
        if self._thread is None:
            self._thread = _Thread("output")
        await self._thread.do(lambda: self._write(memoryview(data)))

    def close(self) -> None:
        """Ours of it. Whoever reads there sees the end when this process ends."""
        if self._own is not None:
            os.close(self._own)
            self._own = None

    def _write(self, left: memoryview) -> bytes:
        while left:
            left = left[os.write(self._fd, left) :]
        return b""


class _Thread:
    """Does one thing after the other for a coroutine that waits for each."""

    def __init__(self, name: str) -> None:
        self._work: SimpleQueue[tuple[Callable[[], bytes], asyncio.Future[bytes]]] = SimpleQueue()
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._run, name=name, daemon=True).start()

    async def do(self, what: Callable[[], bytes]) -> bytes:
        done: asyncio.Future[bytes] = self._loop.create_future()
        self._work.put((what, done))
        return await done

    def _run(self) -> None:
        while True:
            what, done = self._work.get()
            result: bytes | OSError
            try:
                result = what()
            except OSError as e:
                result = e
            with suppress(RuntimeError):  # the loop has been closed: the program is ending
                self._loop.call_soon_threadsafe(_settle, done, result)


def _settle(done: asyncio.Future[bytes], result: bytes | OSError) -> None:
    if done.done():
        return  # nobody waits any more
    if isinstance(result, OSError):
        done.set_exception(result)
    else:
        done.set_result(result)


def _opened_anew(fd: int) -> int | None:
    """The same pipe or terminal, opened by us so that it does not block; None where that cannot be."""
    if sys.platform != "linux":
        return None
    try:
        mode = os.fstat(fd).st_mode
        if not (stat.S_ISFIFO(mode) or os.isatty(fd)):
            return None
        return os.open(f"/proc/self/fd/{fd}", os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError:
        return None


def _widen(fd: int) -> None:
    if sys.platform == "linux":
        import fcntl

        with suppress(OSError):  # no pipe, or this user has many already
            if stat.S_ISFIFO(os.fstat(fd).st_mode):
                fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, PIPE)
