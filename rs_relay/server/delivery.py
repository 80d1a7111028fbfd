"""One file on its way to one client, no faster than it is taken. Owns the socket from the answer's head to the end.

What waits for a client is a chunk or two, however large the file; one that takes nothing for Limits.stuck_after is cut.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

CHUNK = 128 * 1024


class Delivery(asyncio.Protocol):
    """`gone` is called once, when the socket is. Raises OSError when the file cannot be opened."""

    def __init__(
        self, transport: asyncio.Transport, path: Path, number: int, now: float, gone: Callable[[Delivery], None]
    ) -> None:
        self.number = number
        self._transport, self._gone = transport, gone
        self._file = path.open("rb")
        self._taken, self._since = 0, now
        size = path.stat().st_size
        head = (
            f"HTTP/1.1 {HTTPStatus.OK.value} OK\r\nConnection: close\r\nContent-Length: {size}\r\n"
            "Content-Type: application/octet-stream\r\nX-Content-Type-Options: nosniff\r\nCache-Control: no-cache\r\n"
        )
        transport.set_write_buffer_limits(high=CHUNK)
        transport.write(head.encode() + b"\r\n")

    def resume_writing(self) -> None:
        if self._transport.is_closing():
            return
        chunk = self._file.read(CHUNK)
        if chunk:
            self._transport.write(chunk)
            if self._transport.get_write_buffer_size() <= CHUNK:
                asyncio.get_running_loop().call_soon(self.resume_writing)
        else:
            self._transport.close()

    def tick(self, now: float, stuck_after: float) -> None:
        """Called about once a second."""
        taken = self._file.tell() - self._transport.get_write_buffer_size()
        if taken != self._taken:
            self._taken, self._since = taken, now
        elif now - self._since >= stuck_after:
            self._transport.abort()

    def abort(self) -> None:
        self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._file.close()
        self._gone(self)
