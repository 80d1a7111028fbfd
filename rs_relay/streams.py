"""Bytes out of and into file descriptors from a coroutine, in pieces as large as they come, without copies or threads.

For descriptors that do not block (pipes and terminals that we made, or opened ourselves); on Windows, whose loop
cannot wait for them, a thread of the pool stands in. One reader and one writer a descriptor at a time.
"""

from __future__ import annotations

import asyncio
import os

POSIX = os.name == "posix"


async def read(fd: int, limit: int) -> bytes:
    """What is there, up to `limit` bytes, as soon as something is; b"" at the end. A terminal that nobody holds open
    any more (EIO) has ended, too."""
    if not POSIX:
        return await asyncio.to_thread(os.read, fd, limit)
    while True:
        try:
            return os.read(fd, limit)
        except BlockingIOError:
            await readable(fd)
        except OSError:
            return b""


async def write(fd: int, data: bytes | memoryview) -> None:
    """All of it. Raises OSError when nobody reads it any more."""
    left = memoryview(data)
    if not POSIX:
        while left:
            left = left[await asyncio.to_thread(os.write, fd, left) :]
        return
    while left:
        try:
            left = left[os.write(fd, left) :]
        except BlockingIOError:
            await _writable(fd)


async def readable(fd: int) -> None:
    """Until there is something to read. Raises PermissionError for what cannot be waited for (a file)."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_reader(fd, _set, ready)
    try:
        await ready
    finally:
        loop.remove_reader(fd)


async def _writable(fd: int) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_writer(fd, _set, ready)
    try:
        await ready
    finally:
        loop.remove_writer(fd)


def _set(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
