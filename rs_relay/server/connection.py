"""A socket of the relay from its first byte: the HTTP head, then either a plain answer, a conversation in text
messages (/host, /control), or its hand-over to splice.py (/link).

    HEAD ──request──▶ ASKING ──accepted──▶ TALKING ──close──▶ CLOSING ──▶ GONE
      │                  └──refused──▶ CLOSING
      └── too late, too long, not HTTP ──▶ CLOSING

ASKING is the time in which the app looks the token up; nothing is read then. The connection decides nothing: it asks
`Front` and does what it is told. `say` never waits: an end that does not read is cut off at Limits.unread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import Enum, auto
from http import HTTPStatus
from typing import Protocol, cast

from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import OPEN

from rs_relay.errors import PeerBroke
from rs_relay.server import upgrade
from rs_relay.server.admission import Technician
from rs_relay.server.config import Limits
from rs_relay.server.peer import Peer
from rs_relay.server.splice import LinkEnd
from rs_relay.wire import closing, codec
from rs_relay.wire.limits import CONTROL_MESSAGE
from rs_relay.wire.messages import FromClient, FromRelay


class State(Enum):
    HEAD = auto()
    ASKING = auto()
    TALKING = auto()
    CLOSING = auto()
    GONE = auto()


class Front(Protocol):
    """What the app is to a connection."""

    def now(self) -> float: ...

    def opened(self, connection: Connection) -> bool:
        """A socket was accepted; False if it must go at once."""

    def asked(self, connection: Connection, request: Request) -> None:
        """Call `accept_talk`, `accept_link` or `answer`, now or later."""

    def heard(self, connection: Connection, message: FromClient) -> None: ...

    def lost(self, connection: Connection) -> None:
        """The socket is gone. Called once for each that was `opened` and did not become a LinkEnd."""


class Connection(asyncio.Protocol):
    def __init__(self, front: Front, limits: Limits, number: int) -> None:
        self.number = number
        self.address = ""
        self.technician: Technician | None = None
        self.peer: Peer | None = None
        self.state = State.HEAD
        self.admitted = False  # its first message was fine: not a stranger any more
        self._front = front
        self._limits = limits
        self._head = upgrade.Head(limits.request_head)
        self._rest = b""
        self._protocol = upgrade.new_protocol(CONTROL_MESSAGE)
        self._request: Request | None = None
        self._message: bytearray | None = None
        self._since = self._heard = front.now()
        self._pinged: float | None = None
        self._counted = False
        self._said_all = False
        self._transport: asyncio.Transport

    # What the app calls

    def accept_talk(self, peer: Peer) -> None:
        if self._accept():
            self.peer = peer
            self._enter(State.TALKING)
            self._transport.set_write_buffer_limits(high=self._limits.unread)
            self._transport.resume_reading()
            rest, self._rest = self._rest, b""
            if rest:
                self._talk(rest)

    def accept_link(self, make: Callable[[asyncio.Transport], LinkEnd]) -> None:
        """Upgrade, and hand the socket over to what `make` makes, with what came behind the head."""
        if self._accept():
            self.state = State.GONE
            end = make(self._transport)
            self._transport.set_protocol(end)
            self._transport.resume_reading()
            if self._rest:
                end.data_received(self._rest)

    def hand_over(self, make: Callable[[asyncio.Transport], asyncio.Protocol]) -> None:
        """The socket is what `make` makes from now on: a plain answer that is too large for one piece."""
        if self.state is State.ASKING and not self._transport.is_closing():
            self.state = State.GONE
            self._transport.set_protocol(make(self._transport))

    def answer(self, status: HTTPStatus, body: bytes = b"", content_type: str = "text/plain", extra: str = "") -> None:
        """Refuse the upgrade, or answer a plain request."""
        if self.state in (State.HEAD, State.ASKING):
            self._transport.write(upgrade.answer(status, body or status.phrase.encode() + b"\n", content_type, extra))
            self._hang_up()

    def say(self, message: FromRelay) -> None:
        if self._open:
            self._protocol.send_text(codec.encode(message).encode())
            self._flush()
            if self._transport.get_write_buffer_size() > self._limits.unread:
                self.abort()

    def close(self, code: int, reason: str = "") -> None:
        if self.state is State.TALKING:
            if self._open:
                self._protocol.send_close(code, reason)
            self._flush()
            self._enter(State.CLOSING)
        elif self.state in (State.HEAD, State.ASKING):
            self._hang_up()

    def abort(self) -> None:
        self._transport.abort()

    def tick(self, now: float) -> None:
        """Called about once a second."""
        age = now - self._since
        if self.state is State.HEAD and age >= self._limits.head_timeout:
            self.answer(HTTPStatus.REQUEST_TIMEOUT)
        elif self.state is State.ASKING and age >= self._limits.head_timeout:
            self.answer(HTTPStatus.SERVICE_UNAVAILABLE)
        elif self.state is State.CLOSING and age >= self._limits.close_timeout:
            self.abort()
        elif self.state is State.TALKING and not self.admitted and age >= self._limits.first_message_timeout:
            self.close(closing.POLICY, "no first message came")
        elif self.state is State.TALKING:
            self._tick_silence(now)

    # What the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        name = transport.get_extra_info("peername")
        self.address = name[0] if isinstance(name, tuple) else ""
        self._counted = self._front.opened(self)
        if not self._counted:
            self.state = State.CLOSING
            self._transport.write(upgrade.answer(HTTPStatus.SERVICE_UNAVAILABLE, b"", extra="Retry-After: 5\r\n"))
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._heard = self._front.now()
        self._pinged = None
        if self.state is State.TALKING:
            self._talk(data)
        elif self.state is State.HEAD:
            self._read_head(data)
        elif self.state is State.CLOSING and self.peer is not None and not self._said_all:
            self._protocol.receive_data(data)
            self._flush()

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.state = State.GONE
        if self.peer is not None:
            self.peer.gone()
        if self._counted:
            self._front.lost(self)

    # Within

    @property
    def _open(self) -> bool:
        """Something may be said. A message and, in the same read, the frame that breaks the rules behind it: when the
        message is heard, websockets has ended the conversation already."""
        return self.state is State.TALKING and self._protocol.state is OPEN

    def _read_head(self, data: bytes) -> None:
        try:
            found = self._head.add(data)
        except ValueError:
            self.answer(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
            return
        if found is None:
            return
        head, self._rest = found
        self._request = upgrade.read_request(self._protocol, head)
        if self._request is None:
            self.answer(HTTPStatus.BAD_REQUEST)
            return
        self._enter(State.ASKING)
        self._transport.pause_reading()
        self._front.asked(self, self._request)

    def _accept(self) -> bool:
        if self.state is not State.ASKING or self._request is None or self._transport.is_closing():
            return False
        response = self._protocol.accept(self._request)
        response.headers["Cache-Control"] = "no-store"
        self._protocol.send_response(response)
        self._flush()
        if response.status_code != 101:
            self._hang_up()
        return response.status_code == 101

    def _talk(self, data: bytes) -> None:
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if self.state is State.TALKING and isinstance(event, Frame):
                self._frame(event)
        self._flush()

    def _frame(self, frame: Frame) -> None:
        """Websockets has checked the order of fragments and the size of the whole."""
        if frame.opcode is Opcode.TEXT:
            self._message = bytearray(frame.data)
        elif frame.opcode is Opcode.CONT and self._message is not None:
            self._message += frame.data
        elif frame.opcode in (Opcode.BINARY, Opcode.CONT):
            self.close(closing.NOT_BINARY, "control messages are text")
            return
        if frame.opcode in (Opcode.TEXT, Opcode.CONT) and frame.fin and self._message is not None:
            text, self._message = bytes(self._message), None
            try:
                message = codec.decode_from_client(text)
            except PeerBroke:
                self.close(closing.POLICY, "not a message of this protocol")
                return
            self._front.heard(self, message)

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self._transport.write(data)
            elif self.state is not State.HEAD:
                self._hang_up()

    def _hang_up(self) -> None:
        """Nothing more to say. The socket is closed when the client has closed its own, or by `tick`: closing it with
        bytes unread would be a reset, and the client might never see what was said last."""
        if self.state in (State.GONE, State.CLOSING) and self._said_all:
            return
        self._said_all = True
        self._enter(State.CLOSING)
        goodbye_heard = self._protocol.close_rcvd is not None
        if self._transport.can_write_eof() and not goodbye_heard:
            self._transport.write_eof()
            self._transport.resume_reading()
        elif goodbye_heard or self.peer is None:
            self._transport.close()  # under TLS there is no half-close; a plain answer leaves nothing unread

    def _enter(self, state: State) -> None:
        self.state = state
        self._since = self._front.now()

    def _tick_silence(self, now: float) -> None:
        if self._pinged is not None:
            if now - self._pinged >= self._limits.ping_after:
                self.abort()
        elif self._open and now - self._heard >= self._limits.ping_after:
            self._protocol.send_ping(b"")
            self._flush()
            self._pinged = now
