"""A socket of this computer's at the end of a tunnelled connection: what it says is kept until it may go, and what it
is sent is written as it takes it.

A socket that says more than `ahead` before it can go is not read; its own kernel then holds its program up. Where
there are many connections, each may have less.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import deque
from contextlib import suppress
from typing import Protocol, cast

from rs_relay.channels.tunnel import PIECE

AHEAD = 2 * PIECE  # bytes read and not yet said
AHEAD_MIN = 16 * 1024
TOGETHER = 16 * 1024 * 1024  # bytes that all of one tunnel may have read and not said
UNWRITTEN = 32 * 1024  # bytes that may lie unwritten before a socket counts as slow
_BREAK_OFF = struct.pack("ii", 1, 0)  # SO_LINGER: closing says reset


def share(streams: int) -> int:
    """Bytes that each of so many may have read and not said: a power of two, so that it seldom changes."""
    fair = max(AHEAD_MIN, min(AHEAD, TOGETHER // max(1, streams)))
    return 1 << (fair.bit_length() - 1)


class Holder(Protocol):
    """Whoever carries what the socket says. All calls are of the event loop."""

    def said(self, stream: Stream) -> None:
        """There is something to take, or its end."""

    def drained(self, stream: Stream) -> None:
        """What was slow to be written has been."""

    def lost(self, stream: Stream) -> None:
        """The socket is gone, whoever closed it or broke it off."""


class Stream(asyncio.Protocol):
    """Silent until `start`."""

    def __init__(self) -> None:
        self.waiting = 0  # bytes read and not yet taken
        self.ended = False  # its program says no more
        self.closed = False
        self._ahead = AHEAD
        self._transport: asyncio.Transport | None = None
        self._chunks: deque[bytes | memoryview] = deque()
        self._holder: Holder | None = None
        self._reads = False
        self._slow = False

    # of asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.adopt(cast(asyncio.Transport, transport))

    def data_received(self, data: bytes) -> None:
        self._chunks.append(data)
        self.waiting += len(data)
        if self.waiting >= self._ahead:
            self._read(False)
        if self._holder:
            self._holder.said(self)

    def eof_received(self) -> bool:
        self.ended = True
        if self._holder:
            self._holder.said(self)
        return True  # the other way stays open

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        self._chunks.clear()
        self.waiting = 0
        if self._holder:
            self._holder.lost(self)

    def pause_writing(self) -> None:
        self._slow = True

    def resume_writing(self) -> None:
        self._slow = False
        if self._holder:
            self._holder.drained(self)

    # of whoever holds it

    def adopt(self, transport: asyncio.Transport, first: bytes = b"") -> None:
        """Take over a socket that somebody else has talked to, and `first` that came too early."""
        self._transport = transport
        transport.set_write_buffer_limits(high=UNWRITTEN, low=UNWRITTEN // 2)
        transport.pause_reading()
        if first:
            self._chunks.append(first)
            self.waiting = len(first)

    def start(self, holder: Holder) -> None:
        """Hear its program from now on."""
        self._holder = holder
        if self.waiting:
            holder.said(self)
        if self.closed:
            holder.lost(self)
        elif self.waiting < self._ahead:
            self._read(True)

    def allow(self, ahead: int) -> None:
        """At most about so many bytes wait from now on."""
        self._ahead = ahead
        if self._transport and hasattr(
            self._transport, "max_size"
        ):  # asyncio reads so much at once, and holds it meanwhile
            self._transport.max_size = min(AHEAD, ahead)

    def take(self, limit: int) -> bytes | memoryview:
        """At most `limit` of the bytes that wait; b'' for none."""
        if not self._chunks or limit <= 0:
            return b""
        piece: bytes | memoryview = self._chunks.popleft()
        if len(piece) < limit and self._chunks:
            parts, size = [piece], len(piece)
            while self._chunks and size + len(self._chunks[0]) <= limit:
                parts.append(self._chunks.popleft())
                size += len(parts[-1])
            piece = b"".join(parts)
        elif len(piece) > limit:
            view = memoryview(piece)
            self._chunks.appendleft(view[limit:])
            piece = view[:limit]
        self.waiting -= len(piece)
        if self.waiting < self._ahead // 2:
            self._read(True)
        return piece

    def write(self, data: memoryview) -> None:
        if self._transport and not self._transport.is_closing():
            self._transport.write(data)

    @property
    def slow(self) -> bool:
        """What was written lies here and the socket does not take it."""
        return self._slow

    @property
    def unwritten(self) -> int:
        return self._transport.get_write_buffer_size() if self._transport else 0

    def end(self) -> None:
        """No more will be written."""
        if self._transport and not self._transport.is_closing():
            with suppress(OSError):  # its program has gone meanwhile, which is told by `lost`
                self._transport.write_eof()

    def close(self) -> None:
        """Both ways have ended: gone when all is written."""
        if self._transport:
            self._transport.close()

    def cut(self) -> None:
        """Break it off: its program hears a reset."""
        if self._transport and not self.closed:
            made = self._transport.get_extra_info("socket")
            if made is not None:
                with suppress(OSError):
                    made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _BREAK_OFF)
            self._transport.abort()

    def _read(self, on: bool) -> None:
        if self._transport is None or self._transport.is_closing() or self.ended or on == self._reads:
            return
        self._reads = on
        if on:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()
