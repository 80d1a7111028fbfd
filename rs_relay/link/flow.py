"""Who may send next. Pure: messages in, frames out.

Strict priority between channels, turns among equals, and never more bytes in flight on a channel than the other end
has granted. A message larger than one frame is cut here, so that a key press passes between two parts of a file.

Decided against: a queue in the kernel or in asyncio. Whatever has left this room can no longer be overtaken, so the
writer asks for one frame at a time, and only when the network takes it.

The trap: a message that replaces its elder may only replace one that stands alone (a pointer's place), only the *last*
of the queue (or it would overtake what was said after it), and only before any part of it has left.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from rs_relay.errors import RsError
from rs_relay.link import frames
from rs_relay.link.frames import Kind
from rs_relay.link.spec import Priority


@dataclass
class _Message:
    data: bytes
    replaces: str = ""
    sent: int = 0  # bytes that have left


@dataclass
class Outgoing:
    """One channel's way out."""

    channel: int
    priority: Priority
    credit: int
    queue: deque[_Message] = field(default_factory=deque)
    queued: int = 0  # bytes not yet sent
    closing: bool = False
    error: RsError | None = None

    def put(self, data: bytes, replaces: str) -> None:
        if replaces and self.queue and self.queue[-1].replaces == replaces and not self.queue[-1].sent:
            self.queued -= len(self.queue.pop().data)
        self.queue.append(_Message(data, replaces))
        self.queued += len(data)

    @property
    def ready(self) -> bool:
        if not self.queue:
            return self.closing
        # an empty message needs no credit
        return self.credit > 0 or not self.queue[0].data

    def next_frame(self, limit: int) -> bytes:
        """The next frame of this channel, at most `limit` bytes of body. Only when `ready`."""
        if not self.queue:
            return frames.encode(Kind.CLOSE, self.channel, frames.encode_error(self.error))
        message = self.queue[0]
        left = len(message.data) - message.sent
        size = min(left, limit, self.credit)
        body = memoryview(message.data)[message.sent : message.sent + size]
        message.sent += size
        self.credit -= size
        self.queued -= size
        if size < left:
            return frames.encode(Kind.MORE, self.channel, body)
        self.queue.popleft()
        if self.priority is Priority.URGENT and message.sent == size <= frames.PADDED_BODY - 2:
            return frames.encode_padded(self.channel, bytes(body))
        return frames.encode(Kind.DATA, self.channel, body)


class Flow:
    """All channels' ways out, and the link's own frames, which go before everything."""

    def __init__(self) -> None:
        self._own: deque[bytes] = deque()
        self._turns: dict[Priority, deque[Outgoing]] = {p: deque() for p in Priority}
        self._by_channel: dict[int, Outgoing] = {}

    def own(self, frame: bytes) -> None:
        self._own.append(frame)

    def add(self, channel: int, priority: Priority, credit: int) -> Outgoing:
        out = Outgoing(channel, priority, credit)
        self._by_channel[channel] = out
        self._turns[priority].append(out)
        return out

    def get(self, channel: int) -> Outgoing | None:
        return self._by_channel.get(channel)

    def remove(self, channel: int) -> None:
        out = self._by_channel.pop(channel, None)
        if out:
            self._turns[out.priority].remove(out)

    @property
    def idle(self) -> bool:
        """Nothing is to be said, with credit or without."""
        return not self._own and not any(out.queue or out.closing for out in self._by_channel.values())

    def waits(self, priority: Priority) -> bool:
        return any(out.queue for out in self._turns[priority])

    def next_frame(self, limit: int, bulk_limit: int, room: int | None = None) -> tuple[bytes, Outgoing | None] | None:
        """The most urgent frame that may go now and the channel it is from, or None. `limit`, `bulk_limit`: bytes of
        one frame; `room`: of one of a file or tunnel, 0 for none of those now."""
        if self._own:
            return self._own.popleft(), None
        least = bulk_limit if room is None else min(bulk_limit, room)
        limits = {Priority.URGENT: limit, Priority.TALK: limit, Priority.SCREEN: bulk_limit, Priority.BULK: least}
        for priority, turns in self._turns.items():
            for _ in range(len(turns)):
                out = turns[0]
                turns.rotate(-1)
                if not out.ready or (limits[priority] == 0 and out.queue):
                    continue
                frame = out.next_frame(limits[priority] or limit)
                if frame[0] == Kind.CLOSE:
                    self.remove(out.channel)
                return frame, out
        return None
