"""A link socket after its upgrade: websocket messages as records, with as few copies as a record allows.

`websockets` makes the connection (TLS, proxies, the upgrade); then this protocol takes the transport over. No byte can
be lost in between: on a link socket the relay says nothing before it was spoken to. What is left of the protocol
(RFC 6455, section 5) fits a page, since both ends are ours: whole binary messages, control frames, nothing else.

Decided against: `websockets`' own connection for the records. It copies each some five times on the way in and three
on the way out, and a file costs both ends a third more CPU. Bytes are read straight into one buffer that is never
replaced, and a record is sealed with room for its header before it.

The masking key is zero. A client must mask so that no chosen bytes of a page look like another protocol to an old
proxy; what is masked here is ciphertext under a fresh key, which nobody can choose.
"""

from __future__ import annotations

import asyncio
import ctypes
import socket
from collections import deque
from collections.abc import Callable

from rs_relay.wire.limits import CONTROL_MESSAGE, LINK_MESSAGE

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA
FIN = MASKED = 0x80
HEADROOM = 14  # the longest header of a masked frame
LARGEST_HEADER = 10  # of an unmasked one
WAITING = 8  # messages that may wait here before the network has to: 2 MiB at most
CLOSING = 1.0  # seconds for the relay to answer a goodbye


def _keep_freed_memory() -> None:
    """Tell glibc to keep what is freed: otherwise each buffer of a record is mapped, faulted in page by page and given
    back again, which cost a fifth of a transfer's CPU. The most that is kept is bounded by what was in use at once."""
    trim_threshold, mmap_threshold = -1, -3  # malloc.h
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return  # another C library
    mallopt(trim_threshold, 64 << 20)
    mallopt(mmap_threshold, 8 << 20)


_keep_freed_memory()


class Broken(Exception):
    """The relay sent what is no message of a link socket."""


class Inward:
    """Bytes in, messages out. Pure. Write into `room()`, then say how much `came`."""

    def __init__(self, largest: int = LINK_MESSAGE) -> None:
        self._largest = largest
        self._buffer = bytearray(2 * (largest + LARGEST_HEADER))
        self._view = memoryview(self._buffer)
        self._start = self._end = 0

    def room(self) -> memoryview:
        """Where the next bytes go; never empty."""
        if self._start == self._end:
            self._start = self._end = 0
        elif len(self._buffer) - self._end < self._largest // 2:
            # slide what is not complete yet to the front: it is less than one message
            left = self._end - self._start
            self._view[:left] = bytes(self._view[self._start : self._end])
            self._start, self._end = 0, left
        return self._view[self._end :]

    def came(self, size: int) -> list[tuple[int, bytes]]:
        """(opcode, payload) of each message that is whole now. Raises Broken."""
        self._end += size
        messages = []
        while message := self._next():
            messages.append(message)
        return messages

    def _next(self) -> tuple[int, bytes] | None:
        there = self._end - self._start
        if there < 2:
            return None
        first, second = self._buffer[self._start], self._buffer[self._start + 1]
        if not first & FIN or first & 0x70 or second & MASKED:
            raise Broken("a piece of a message, or a masked one")
        opcode, size, header = first & 0x0F, second, 2
        if size >= 126:
            header = 4 if size == 126 else 10
            if there < header:
                return None
            size = int.from_bytes(self._view[self._start + 2 : self._start + header], "big")
        if size > self._limit(opcode):
            raise Broken("a message larger than a link carries")
        if there < header + size:
            return None
        at = self._start + header
        self._start = at + size
        return opcode, bytes(self._view[at : at + size])

    def _limit(self, opcode: int) -> int:
        limits = {BINARY: self._largest, TEXT: CONTROL_MESSAGE, CLOSE: 125, PING: 125, PONG: 125}
        if opcode not in limits:
            raise Broken("a message of unknown kind")
        return limits[opcode]


def header(opcode: int, size: int) -> bytes:
    """The header of a whole masked frame of `size` bytes, its key zero."""
    if size < 126:
        return bytes((FIN | opcode, MASKED | size, 0, 0, 0, 0))
    if size < 1 << 16:
        return bytes((FIN | opcode, MASKED | 126)) + size.to_bytes(2, "big") + bytes(4)
    return bytes((FIN | opcode, MASKED | 127)) + size.to_bytes(8, "big") + bytes(4)


class RecordSocket(asyncio.BufferedProtocol):
    """See `rs_relay.link.link.Socket`. Made on the transport of a connection that has just been upgraded."""

    headroom = HEADROOM

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._inward = Inward()
        self._inbox: deque[tuple[int, bytes]] = deque()
        self._heard: Callable[[bytes], None] | None = None
        self._error: Exception | None = None
        self._arrived = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._over = asyncio.Event()
        transport.set_write_buffer_limits(high=64 * 1024)
        transport.set_protocol(self)

    # ---- for the link

    async def send(self, data: bytes | bytearray, headroom: int = 0) -> None:
        """Send one record, which begins after `headroom` bytes that are free; returns when there is room for more."""
        if self._over.is_set():
            raise ConnectionResetError("the link socket is closed")
        size = len(data) - headroom
        head = header(BINARY, size)
        if headroom and isinstance(data, bytearray):
            data[headroom - len(head) : headroom] = head
            self._transport.write(memoryview(data)[headroom - len(head) :])
        else:
            self._transport.write(head + data[headroom:])
        if not self._writable.is_set():
            await self._writable.wait()

    async def receive(self) -> bytes:
        opcode, data = await self._next()
        if opcode != BINARY:
            raise ConnectionResetError("text on a link socket")
        return data

    async def each(self, heard: Callable[[bytes], None]) -> None:
        """Hand over each record as it comes, until the socket ends or `heard` raises; raises what that was.

        At once, where the bytes are read: waking a task for each is a tenth of what a record costs this end."""
        while self._inbox:
            heard(await self.receive())
        self._heard = heard
        try:
            await self._over.wait()
        finally:
            self._heard = None
        raise self._error or ConnectionResetError("the link socket is closed")

    async def close(self) -> None:
        if not self._over.is_set():
            self._transport.write(header(CLOSE, 2) + (1000).to_bytes(2, "big"))
            try:
                async with asyncio.timeout(CLOSING):
                    await self._over.wait()
            except TimeoutError:
                pass
        self.abort()

    def abort(self) -> None:
        self._end()
        self._transport.abort()

    # ---- for the beginning

    async def send_text(self, text: str) -> None:
        payload = text.encode()
        self._transport.write(header(TEXT, len(payload)) + payload)

    async def receive_text(self) -> str:
        opcode, data = await self._next()
        if opcode != TEXT:
            raise ConnectionResetError("a record where the relay should speak")
        return data.decode()

    def keep_unsent(self, size: int) -> None:
        """At most about `size` bytes wait in the kernel: more could no longer be overtaken by a key press."""
        tcp = self._transport.get_extra_info("socket")
        if hasattr(socket, "TCP_NOTSENT_LOWAT") and tcp.family in (socket.AF_INET, socket.AF_INET6):
            tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, size)

    async def _next(self) -> tuple[int, bytes]:
        while not self._inbox:
            if self._over.is_set():
                raise ConnectionResetError("the link socket is closed")
            self._arrived.clear()
            await self._arrived.wait()
        message = self._inbox.popleft()
        if len(self._inbox) == WAITING // 2 and not self._over.is_set():
            self._transport.resume_reading()
        return message

    def _end(self) -> None:
        self._over.set()
        self._arrived.set()
        self._writable.set()

    # ---- called by the transport

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._inward.room()

    def buffer_updated(self, nbytes: int) -> None:
        try:
            messages = self._inward.came(nbytes)
        except Broken:
            self.abort()
            return
        try:
            for opcode, data in messages:
                self._handle(opcode, data)
        except Exception as e:  # whoever awaits `each` is told
            self._error = e
            self.abort()
        if len(self._inbox) >= WAITING:
            self._transport.pause_reading()

    def _handle(self, opcode: int, data: bytes) -> None:
        if self._heard is not None and opcode in (BINARY, TEXT):
            if opcode == TEXT:
                raise ConnectionResetError("text on a link socket")
            self._heard(data)
        elif opcode in (BINARY, TEXT):
            self._inbox.append((opcode, data))
            self._arrived.set()
        elif opcode == PING:
            self._transport.write(header(PONG, len(data)) + data)
        elif opcode == CLOSE:
            if not self._over.is_set():
                self._transport.write(header(CLOSE, min(len(data), 2)) + data[:2])
            self._end()
            self._transport.close()

    def eof_received(self) -> bool:
        self._end()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()

    def pause_writing(self) -> None:
        if not self._over.is_set():
            self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()
