"""Two link sockets, joined: what comes in at one end goes out at the other, and the slower end sets the pace.

Law: an end is read only while the other end's buffer has room (BUFFER, plus one read of the event loop), so a link
costs at most 2 MiB here however fast one end and however stuck the other. Nothing of the relay's is written inside
a frame of the other end.

    OPENING ──Attach──▶ WAITING ──join──▶ JOINED ──close──▶ CLOSING ──▶ GONE
        └── too late ──▶ CLOSING            └── socket lost ──────────▶ GONE

OPENING waits for the ticket. WAITING keeps what is said early, up to BUFFER, and then does not read. CLOSING has sent
a close frame and reads until the client has answered it or hung up: closing with unread bytes would make the system
send a reset, which destroys what is still on its way. An end that goes takes the other with it: with the client's own
close code, or GONE for one that said none.

An end owns its socket from the upgrade on; `Keeper` is told what it must decide (attach) and count (parted). All of
it runs in the event loop; the clock is the keeper's.
"""

from __future__ import annotations

import asyncio
import socket
from enum import Enum, auto
from typing import Protocol

from rs_relay.server.admission import Technician
from rs_relay.server.config import Limits
from rs_relay.server.frames import (
    CLOSE,
    PING,
    PONG,
    Broken,
    Control,
    FrameCutter,
    Piece,
    close_frame,
    control_frame,
    text_frame,
)
from rs_relay.wire import closing, codec
from rs_relay.wire.messages import FromRelay, Joined

# Bytes for an end that wait in this process before the other end is paused. Twice the event loop's read (256 KiB)
# and more only costs latency: priority is decided at the ends, and what lies here is past that decision.
BUFFER = 256 * 1024

# The same thought for the kernel's buffer: it takes no more than this beyond what is in flight (Linux, macOS).
UNSENT = 128 * 1024


class State(Enum):
    OPENING = auto()
    WAITING = auto()
    JOINED = auto()
    CLOSING = auto()
    GONE = auto()


class Keeper(Protocol):
    def now(self) -> float: ...

    def attach(self, end: LinkEnd, opening: bytes) -> None:
        """The first message of `end` came: join it, let it wait, or refuse it."""

    def parted(self, end: LinkEnd) -> None:
        """The socket of `end` is gone. Called once for each end."""


class LinkEnd(asyncio.Protocol):
    def __init__(self, keeper: Keeper, transport: asyncio.Transport, limits: Limits, number: int) -> None:
        self.number = number
        self.link = ""
        self.technician: Technician | None = None
        self.state = State.OPENING
        self.passed = 0  # bytes of this end's stream that went to the other
        self._keeper = keeper
        self._transport = transport
        self._limits = limits
        self._other: LinkEnd | None = None
        self._cutter = FrameCutter()
        self._early = bytearray()  # for the other end, which is not there yet
        self._pong: bytes | None = None  # the answer to the latest ping, while a frame is under way to this end
        self._full = False  # more than BUFFER waits for this end
        self._since = keeper.now()  # of this state
        self._heard = self._since
        self._pinged: float | None = None
        self._backlog = 0
        self._backlog_since = self._since
        transport.set_write_buffer_limits(high=BUFFER, low=BUFFER // 4)
        _keep_kernel_queue_short(transport)

    # What the keeper calls

    def join(self, other: LinkEnd) -> None:
        """Join the two ends. Both must be WAITING."""
        for one, two in ((self, other), (other, self)):
            one._other = two
            one._enter(State.JOINED)
            one._say(Joined())
        for one, two in ((self, other), (other, self)):
            one._resume()
            early, one._early = bytes(one._early), bytearray()
            if early:
                one._pass_on(early, two)

    def wait(self) -> None:
        """The ticket was good; the other end is still to come."""
        self._enter(State.WAITING)

    def refuse(self, answer: FromRelay, code: int) -> None:
        if self.state in (State.OPENING, State.WAITING):
            self._say(answer)
            self.close(code)

    def close(self, code: int, reason: str = "") -> None:
        """Say goodbye to this end, if a frame may go out to it now, and let go of it."""
        self._leave(code, reason, self._between_frames())

    def _leave(self, code: int, reason: str, between_frames: bool) -> None:
        if self.state in (State.CLOSING, State.GONE):
            return
        self._enter(State.CLOSING)
        self._other_goes(closing.RESTARTING if code == closing.RESTARTING else closing.GONE)
        if between_frames:
            self._transport.write(close_frame(code, reason))
            self._resume()
        else:
            self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    def tick(self, now: float) -> None:
        """Called about once a second: everything that is a matter of time."""
        waits = self._transport.get_write_buffer_size()
        if waits == 0 or waits != self._backlog:
            self._backlog, self._backlog_since = waits, now
        stuck = now - self._backlog_since if waits else 0.0
        if self.state is State.CLOSING:
            self._tick_closing(now, stuck)
        elif stuck >= self._limits.stuck_after:
            self.close(closing.STUCK, "not read")
        elif self.state is State.OPENING and now - self._since >= self._limits.first_message_timeout:
            self.close(closing.POLICY, "no ticket came")
        elif self.state is State.JOINED and not waits:
            self._tick_silence(now)

    # What the event loop calls

    def connection_lost(self, exc: Exception | None) -> None:
        if self.state is not State.GONE:
            self._enter(State.GONE)
            self._other_goes(closing.GONE)
            self._keeper.parted(self)

    def eof_received(self) -> bool:
        self._other_goes(closing.GONE)
        if self.state is not State.CLOSING:
            self._enter(State.CLOSING)
        return False

    def pause_writing(self) -> None:
        self._full = True
        if self._other is not None:
            self._other._pause()

    def resume_writing(self) -> None:
        self._full = False
        if self._other is not None:
            self._other._resume()

    def data_received(self, data: bytes) -> None:
        self._heard = self._keeper.now()
        self._pinged = None
        pieces = self._cutter.cut(data)
        packet = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        other = self._other
        if self.state is State.JOINED and other is not None:
            if packet:
                self._pass_on(packet, other)
            if other._pong is not None:
                other._answer_ping()
        elif self.state is State.WAITING:
            self._early += packet
            if len(self._early) > BUFFER:
                self._transport.pause_reading()
        elif self.state is State.OPENING and self._cutter.opening is not None:
            self._keeper.attach(self, self._cutter.opening)
            rest, self._cutter.rest = self._cutter.rest, b""
            if rest:
                self.data_received(rest)
        if self._cutter.controls:
            controls, self._cutter.controls = self._cutter.controls, []
            for control in controls:
                self._control(control)
        if self._cutter.broken is not None:
            self._broke(self._cutter.broken)

    # Within

    def _pass_on(self, packet: Piece, other: LinkEnd) -> None:
        self.passed += len(packet)
        other._transport.write(packet)

    def _control(self, control: Control) -> None:
        if control.opcode == PING:
            self._pong = control.payload
            self._answer_ping()
        elif control.opcode == CLOSE:
            self._goodbye(control.payload)

    def _answer_ping(self) -> None:
        """Only the latest ping is answered (RFC 6455, 5.5.3), and none while this end does not read."""
        if self._pong is not None and not self._full and self._attached and self._between_frames():
            self._transport.write(control_frame(PONG, self._pong))
            self._pong = None

    def _goodbye(self, payload: bytes) -> None:
        """The client closed, or answered our close."""
        if self.state is not State.CLOSING:
            between = self._between_frames()
            self._enter(State.CLOSING)
            self._other_goes(_code_of(payload))
            if between:
                self._transport.write(control_frame(CLOSE, payload[:2]))
        self._transport.close()

    def _broke(self, broken: Broken) -> None:
        if self.state is State.CLOSING:
            self._transport.close()
        else:
            self.close(broken.code, broken.reason)

    def _other_goes(self, code: int) -> None:
        other, self._other = self._other, None
        if other is not None:
            other._other = None
            other._leave(code, "the other end is gone", self._cutter.between_frames)

    @property
    def _attached(self) -> bool:
        return self.state in (State.WAITING, State.JOINED)

    def _between_frames(self) -> bool:
        return self._other is None or self._other._cutter.between_frames

    def _say(self, message: FromRelay) -> None:
        self._transport.write(text_frame(codec.encode(message)))

    def _enter(self, state: State) -> None:
        self.state = state
        self._since = self._keeper.now()

    def _pause(self) -> None:
        if self.state is State.JOINED:
            self._transport.pause_reading()

    def _resume(self) -> None:
        self._heard = self._keeper.now()
        self._pinged = None
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def _tick_closing(self, now: float, stuck: float) -> None:
        waited = now - self._since
        draining = self._backlog and stuck < self._limits.close_timeout
        if waited >= self._limits.close_timeout and not draining:
            self._transport.abort()

    def _tick_silence(self, now: float) -> None:
        if not self._transport.is_reading():
            return
        if self._pinged is not None:
            if now - self._pinged >= self._limits.ping_after:
                self._other_goes(closing.GONE)
                self._transport.abort()
        elif now - self._heard >= self._limits.ping_after and self._between_frames():
            self._transport.write(control_frame(PING))
            self._pinged = now


def _code_of(payload: bytes) -> int:
    """The client's close code if it may be passed on, else NORMAL."""
    code = int.from_bytes(payload[:2], "big") if len(payload) >= 2 else closing.NORMAL
    return code if code in (1000, 1001) or 3000 <= code <= 4999 else closing.NORMAL


def _keep_kernel_queue_short(transport: asyncio.Transport) -> None:
    raw = transport.get_extra_info("socket")
    option = getattr(socket, "TCP_NOTSENT_LOWAT", None)
    if raw is not None and option is not None and raw.family in (socket.AF_INET, socket.AF_INET6):
        raw.setsockopt(socket.IPPROTO_TCP, option, UNSENT)
