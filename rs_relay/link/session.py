"""One link after its handshake, without any I/O: records in, events out; messages in, records out.

Law: every record is opened in order or the link ends (`BadRecord`, `BadFrame`); every channel message is whole,
within its channel's limit and within the credit that was granted. A message that breaks its *channel's* rules closes
that channel; one that breaks the *link's* rules ends the link. The session above outlives both.

    technician   open ──▶ OPENING ──▶ ACCEPT ──▶ OPEN ──▶ close/CLOSE ──▶ gone
                                 └──▶ REFUSE ──▶ gone
    agent        OPEN ──▶ ASKED  ──▶ accept ──▶ OPEN ──▶ close/CLOSE ──▶ gone
                                 └──▶ refuse ──▶ gone
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from rs_relay.errors import PeerBroke, RsError
from rs_relay.link import frames
from rs_relay.link.flow import Flow
from rs_relay.link.frames import BadFrame, Kind
from rs_relay.link.handshake import Opened, Role
from rs_relay.link.seal import Opener, Sealer
from rs_relay.link.spec import Priority

MAX_CHANNELS = 64  # open or asked for at once: a technician's busiest process has about ten
MAX_NAME = 64
FIRST = 512  # bytes of a message that may go along with the request for its channel
WHOLE = 256 * 1024 - frames.HEADER  # body of the largest frame


@dataclass(frozen=True)
class HelloHeard:
    body: bytes


@dataclass(frozen=True)
class Asked:
    """The technician wants channel `channel`, called `name`. `first`: what they say on it, if it is accepted; empty for
    nothing."""

    channel: int
    name: str
    first: bytes = b""


@dataclass(frozen=True)
class Accepted:
    channel: int


@dataclass(frozen=True)
class Heard:
    """A whole message. Credit for `cost` bytes is owed when it has been consumed."""

    channel: int
    data: bytes | memoryview
    cost: int


@dataclass(frozen=True)
class Gone:
    """The channel has ended (or was refused); `error` says why."""

    channel: int
    error: RsError | None


@dataclass(frozen=True)
class Pong:
    stamp: int


@dataclass(frozen=True)
class Bye:
    reason: str


Event = HelloHeard | Asked | Accepted | Heard | Gone | Pong | Bye


class _State(StrEnum):
    OPENING = "opening"
    ASKED = "asked"
    OPEN = "open"


@dataclass
class _Incoming:
    state: _State
    window: int = 0
    max_message: int = 0
    owed: int = 0  # consumed, not yet granted again
    in_flight: int = 0  # granted and used by the other end
    parts: list[bytes | memoryview] = field(default_factory=list)
    size: int = 0


class LinkSession:
    """One end of a link. `role` is this end's; the technician opens channels, the agent says hello first."""

    def __init__(self, opened: Opened, role: Role, now: float) -> None:
        mine, theirs = ("i2r", "r2i") if opened.joiner else ("r2i", "i2r")
        secrets = {"i2r": opened.i2r, "r2i": opened.r2i}
        self._sealer = Sealer(secrets[mine], mine, now)
        self._opener = Opener(secrets[theirs], theirs)
        self._role = role
        self._flow = Flow()
        self._channels: dict[int, _Incoming] = {}
        self._last = 0  # the highest channel number used so far
        self._greeted = False

    # ---- what this end says

    def hello(self, body: bytes) -> None:
        self._flow.own(frames.encode(Kind.HELLO, 0, body))

    def open(self, name: str, priority: Priority, window: int, max_message: int, first: bytes = b"") -> int:
        """The number of the channel that is asked for. `first`: a message of at most FIRST bytes that goes along."""
        self._last += 1
        self._channels[self._last] = _Incoming(_State.OPENING, window, max_message)
        self._flow.add(self._last, priority, window)
        self._flow.own(frames.encode(Kind.OPEN, self._last, name.encode() + (b"\0" + first if first else b"")))
        return self._last

    def accept(self, channel: int, priority: Priority, window: int, max_message: int) -> bool:
        """False when the technician has let go of it meanwhile."""
        asked = self._channels.get(channel)
        if asked is None or asked.state is not _State.ASKED:
            return False
        asked.state, asked.window, asked.max_message = _State.OPEN, window, max_message
        self._flow.own(frames.encode(Kind.ACCEPT, channel))
        self._flow.add(channel, priority, window)
        return True

    def refuse(self, channel: int, error: RsError) -> None:
        if self._channels.pop(channel, None):
            self._flow.own(frames.encode(Kind.REFUSE, channel, frames.encode_error(error)))

    def send(self, channel: int, data: bytes, replaces: str = "") -> bool:
        """Queue a message; False when the channel has ended."""
        out = self._flow.get(channel)
        if out is None or out.closing or channel not in self._channels:
            return False
        out.put(data, replaces)
        return True

    def queued(self, channel: int) -> int:
        out = self._flow.get(channel)
        return out.queued if out else 0

    def priority(self, channel: int) -> Priority | None:
        """Of what it still has to say, closed or not."""
        out = self._flow.get(channel)
        return out.priority if out else None

    def consumed(self, channel: int, cost: int) -> bool:
        """The application took `cost` bytes: grant them again, in steps that are worth a frame. True if one is due."""
        incoming = self._channels.get(channel)
        if incoming is None:
            return False
        incoming.owed += cost
        if incoming.owed < incoming.window // 4:
            return False
        self._grant(channel, incoming)
        return True

    def close(self, channel: int, error: RsError | None = None, *, at_once: bool = False) -> None:
        """End a channel after what is queued (`at_once`: instead of it)."""
        if self._channels.pop(channel, None) is None:
            return
        out = self._flow.get(channel)
        if out is None:
            self._flow.own(frames.encode(Kind.CLOSE, channel, frames.encode_error(error)))
        elif at_once:
            self._flow.remove(channel)
            self._flow.own(frames.encode(Kind.CLOSE, channel, frames.encode_error(error)))
        else:
            out.closing, out.error = True, error

    def ping(self, stamp: int) -> None:
        self._flow.own(frames.encode(Kind.PING, 0, struct.pack(">Q", stamp)))

    def bye(self, reason: str) -> None:
        self._flow.own(frames.encode(Kind.BYE, 0, reason.encode()[:512]))

    # ---- what goes out

    def next_record(
        self, now: float, bulk_limit: int = WHOLE, headroom: int = 0, room: int | None = None
    ) -> tuple[bytearray, int | None] | None:
        """The next record to put on the network (after `headroom` free bytes) and the channel it is from; None when
        there is nothing to send. `room`: bytes that bulk may have now, None for any number."""
        frame = self._flow.next_frame(WHOLE, min(bulk_limit, WHOLE), room)
        if frame is None:
            return None
        data, out = frame
        return self._sealer.seal(data, now, headroom), out.channel if out else None

    @property
    def idle(self) -> bool:
        """Nothing is to be said, with credit or without."""
        return self._flow.idle

    def waits(self, priority: Priority) -> bool:
        """Whether something of that priority has not left yet."""
        return self._flow.waits(priority)

    # ---- what comes in

    def receive(self, record: bytes) -> list[Event]:
        """Raises BadRecord or BadFrame, after which the link is over."""
        frame = frames.decode(self._opener.open(record))
        return self._HANDLERS[frame.kind](self, frame.channel, frame.body)

    def _on_hello(self, channel: int, body: bytes | memoryview) -> list[Event]:
        if self._role is not Role.TECHNICIAN or self._greeted or channel:
            raise BadFrame("hello out of turn")
        self._greeted = True
        return [HelloHeard(bytes(body))]

    def _on_open(self, channel: int, body: bytes | memoryview) -> list[Event]:
        name, _, first = bytes(body[: MAX_NAME + 1 + FIRST + 1]).partition(b"\0")
        if self._role is not Role.AGENT or channel != self._last + 1 or len(name) > MAX_NAME or len(first) > FIRST:
            raise BadFrame("a channel opened out of turn")
        if len(self._channels) >= MAX_CHANNELS:
            raise BadFrame("too many channels")
        self._last = channel
        try:
            asked = Asked(channel, name.decode("ascii"), first)
        except UnicodeDecodeError as e:
            raise BadFrame("a channel's name that is none") from e
        self._channels[channel] = _Incoming(_State.ASKED)
        return [asked]

    def _on_accept(self, channel: int, _: bytes | memoryview) -> list[Event]:
        opening = self._channels.get(channel)
        if opening is None and self._past(channel):
            return []  # closed by us while the answer was under way
        if opening is None or opening.state is not _State.OPENING:
            raise BadFrame("an answer to no question")
        opening.state = _State.OPEN
        return [Accepted(channel)]

    def _on_refuse(self, channel: int, body: bytes | memoryview) -> list[Event]:
        opening = self._channels.pop(channel, None)
        if opening is None and self._past(channel):
            return []
        if opening is None or opening.state is not _State.OPENING:
            raise BadFrame("an answer to no question")
        self._flow.remove(channel)
        return [Gone(channel, frames.decode_error(body))]

    def _on_more(self, channel: int, body: bytes | memoryview) -> list[Event]:
        incoming = self._part(channel, body)
        if incoming is None:
            return []
        if incoming.size > incoming.max_message:
            return self._overlong(channel)
        # a message may be larger than the window: its parts are paid back as they come
        incoming.owed += len(body)
        if incoming.owed >= incoming.window // 4:
            self._grant(channel, incoming)
        return []

    def _on_data(self, channel: int, body: bytes | memoryview) -> list[Event]:
        incoming = self._part(channel, body)
        if incoming is None:
            return []
        if incoming.size > incoming.max_message:
            return self._overlong(channel)
        data = incoming.parts[0] if len(incoming.parts) == 1 else b"".join(incoming.parts)
        incoming.parts, incoming.size = [], 0
        return [Heard(channel, data, len(body))]

    def _part(self, channel: int, body: bytes | memoryview) -> _Incoming | None:
        incoming = self._channels.get(channel)
        if incoming is None:
            if self._past(channel):
                return None  # it crossed our own close
            raise BadFrame("data on a channel that is not there")
        if incoming.state is not _State.OPEN:
            raise BadFrame("data on a channel that is not open")
        incoming.in_flight += len(body)
        if incoming.in_flight > incoming.window:
            raise BadFrame("more data than was granted")
        incoming.parts.append(body)
        incoming.size += len(body)
        return incoming

    def _overlong(self, channel: int) -> list[Event]:
        error = PeerBroke("A message was larger than its channel allows.")
        self.close(channel, error, at_once=True)
        return [Gone(channel, error)]

    def _on_credit(self, channel: int, body: bytes | memoryview) -> list[Event]:
        if len(body) != 4:
            raise BadFrame("credit of the wrong form")
        out = self._flow.get(channel)
        if out is None and not self._past(channel):
            raise BadFrame("credit for a channel that is not there")
        if out:
            out.credit = min(out.credit + int.from_bytes(body, "big"), 2**31)
        return []

    def _on_close(self, channel: int, body: bytes | memoryview) -> list[Event]:
        incoming = self._channels.pop(channel, None)
        if incoming is None and not self._past(channel):
            raise BadFrame("the end of a channel that is not there")
        self._flow.remove(channel)
        return [Gone(channel, frames.decode_error(body))] if incoming else []

    def _on_ping(self, channel: int, body: bytes | memoryview) -> list[Event]:
        if len(body) != 8 or channel:
            raise BadFrame("a ping of the wrong form")
        self._flow.own(frames.encode(Kind.PONG, 0, bytes(body)))
        return []

    def _on_pong(self, channel: int, body: bytes | memoryview) -> list[Event]:
        if len(body) != 8 or channel:
            raise BadFrame("a pong of the wrong form")
        return [Pong(struct.unpack(">Q", body)[0])]

    def _on_bye(self, _: int, body: bytes | memoryview) -> list[Event]:
        return [Bye(bytes(body[:512]).decode("utf-8", "replace"))]

    def _past(self, channel: int) -> bool:
        return 0 < channel <= self._last

    def _grant(self, channel: int, incoming: _Incoming) -> None:
        self._flow.own(frames.encode(Kind.CREDIT, channel, incoming.owed.to_bytes(4, "big")))
        incoming.in_flight -= incoming.owed
        incoming.owed = 0

    _HANDLERS: ClassVar[Mapping[Kind, Callable[[LinkSession, int, bytes | memoryview], list[Event]]]] = {
        Kind.HELLO: _on_hello,
        Kind.OPEN: _on_open,
        Kind.ACCEPT: _on_accept,
        Kind.REFUSE: _on_refuse,
        Kind.MORE: _on_more,
        Kind.DATA: _on_data,
        Kind.CREDIT: _on_credit,
        Kind.CLOSE: _on_close,
        Kind.PING: _on_ping,
        Kind.PONG: _on_pong,
        Kind.BYE: _on_bye,
    }
