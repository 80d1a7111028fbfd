"""Transfers without a disk and without a network: sources and a landing in memory, and a line that can be cut between
any two messages."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rs_relay.errors import DiskFull, RsError
from rs_relay.transfer import messages as m
from rs_relay.transfer.outcome import Kept, Outcome
from rs_relay.transfer.receiver import Receiver
from rs_relay.transfer.sender import Found, Line, Sender

LINE = Line(room=2048, piece=512, ack_every=1024)  # small, so that small files have many pieces


class MemorySource:
    """A file in memory. `now_size`, `now_data`: what becomes of it while it is read."""

    def __init__(self, data: bytes, name: str = "x") -> None:
        self.data, self.size, self.mtime_ns, self.mode = data, len(data), 1, 0o644
        self.key = hashlib.sha256(name.encode() + data).hexdigest()
        self.changed = self.holes = False
        self.closed = 0

    def read(self, offset: int, count: int) -> bytes:
        return self.data[offset : offset + count]

    def hole(self, offset: int) -> int:
        """As long as the zeros are: `holes` says whether it has any."""
        if not self.holes:
            return 0
        return len(self.data) - offset - len(self.data[offset:].lstrip(b"\0"))

    def now(self) -> tuple[int, bool]:
        return len(self.data), self.changed

    def forget(self, offset: int) -> None: ...

    def close(self) -> None:
        self.closed += 1


@dataclass
class MemoryLanding:
    """Where files land: `final` under their names, `parts` what is unfinished (survives `park`). With `room`, writes
    beyond that many bytes in all find the disk full."""

    final: dict[str, bytes] = field(default_factory=dict)
    parts: dict[str, bytearray] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)
    links: dict[str, str] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)  # directories, in the order they were finished
    room: int | None = None
    overwrite: bool = False
    largest: int = 0
    holes: int = 0

    def folder(self, name: str, key: str) -> str:
        self.folders.add(name)
        return name

    def finish(self, finished: m.Finish) -> None:
        self.done.append(finished.name)

    def link(self, link: m.Link) -> str:
        self.links[link.name] = link.target
        return link.name

    def begin(self, name: str, size: int, mtime_ns: int, key: str, mode: int = -1) -> MemoryPart:
        return MemoryPart(self, name, self.parts.setdefault(key, bytearray()), key)

    def wholes(self, files: Sequence[m.Whole]) -> list[str | RsError | Kept]:
        return [self._whole(file) for file in files]

    def _whole(self, file: m.Whole) -> str | RsError:
        try:
            self.take(file.data.nbytes)
        except RsError as e:
            return e
        self.final[file.name] = bytes(file.data)
        return file.name

    def again(self) -> None: ...

    def settle(self) -> None: ...

    def expect(self, size: int) -> None: ...

    def complete(self) -> None: ...

    def take(self, size: int) -> None:
        self.largest = max(self.largest, size)
        if self.room is not None:
            if size > self.room:
                raise DiskFull("The receiving disk is full.")
            self.room -= size


class MemoryPart:
    def __init__(self, landing: MemoryLanding, name: str, data: bytearray, key: str) -> None:
        self._landing, self._name, self._data, self._key = landing, name, data, key
        self._base = landing.final.get(name, b"") if landing.overwrite else b""

    @property
    def offset(self) -> int:
        return len(self._data)

    def digest(self) -> bytes:
        return hashlib.sha256(self._data).digest()

    @property
    def base(self) -> int:
        return len(self._base)

    def restart(self) -> None:
        self._data.clear()

    def rewind(self, offset: int) -> None:
        del self._data[offset:]

    def read_base(self, count: int, offset: int) -> bytes:
        return self._base[offset : offset + count]

    def copy(self, source: int, size: int) -> None:
        self.write(memoryview(self._base[source : source + size]))

    def drop_base(self) -> None:
        self._base = b""

    def hole(self, size: int) -> None:
        self._landing.holes += size
        self._data += bytes(size)

    def write(self, data: memoryview) -> None:
        self._landing.take(data.nbytes)
        self._data += data

    def publish(self) -> str:
        self._landing.final[self._name] = bytes(self._data)
        del self._landing.parts[self._key]
        return self._name

    def park(self) -> None: ...

    def discard(self) -> None:
        self._landing.parts.pop(self._key, None)


def opening(batch: int = 1, key: str = "k" * 32, sending: str = "s" * 32) -> m.Open:
    return m.Open(batch, key, sending, "things")


def plan_of(files: Mapping[str, bytes | MemorySource]) -> Iterator[Found]:
    for name, data in files.items():
        source = data if isinstance(data, MemorySource) else MemorySource(data, name)
        yield Found(name, open=lambda source=source: source)


class Conversation:
    """A sender and a receiver back to back, one message at a time."""

    def __init__(self, sender: Sender, receiver: Receiver, line: Line = LINE) -> None:
        self.sender, self.receiver, self.line = sender, receiver, line
        self.up: deque[m.FromSender] = deque()
        self.down: deque[m.FromReceiver] = deque()
        self.said: list[m.FromSender] = []
        self.answered: list[m.FromReceiver] = []
        self.links = 1

    def step(self) -> bool:
        """Let each end work off one message. False when nothing moves any more."""
        moved = False
        if not self.up or self.down:
            heard = [self.down.popleft()] if self.down else []
            said = self.sender.step(heard, self.line)
            self.said += said
            self.up += said
            moved = bool(heard or said)
        if self.up and not self.receiver.aborted:
            answers = self.receiver.step([self.up.popleft()])
            self.answered += answers
            self.down += answers
            moved = True
        return moved

    def cut(self) -> None:
        """The link is lost, with everything on it; a new one takes its place."""
        self.up.clear()
        self.down.clear()
        self.receiver.park()
        self.links += 1
        self.sender.join(self.links)

    def run(self, look: Callable[[], None] = lambda: None, limit: int = 100_000) -> None:
        for _ in range(limit):
            look()
            if not self.step():
                return
        raise AssertionError("the conversation does not end")


@dataclass
class Told:
    """What one end told of each item."""

    outcomes: list[Outcome] = field(default_factory=list)

    def __call__(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)

    @property
    def errors(self) -> list[RsError]:
        return [outcome.error for outcome in self.outcomes if outcome.error]


def conversation(
    files: Mapping[str, bytes | MemorySource], landing: MemoryLanding, line: Line = LINE
) -> tuple[Conversation, Told, Told]:
    sent, received = Told(), Told()
    sender = Sender(opening(), plan_of(files), sent)
    return Conversation(sender, Receiver(lambda opened: landing, received), line), sent, received
