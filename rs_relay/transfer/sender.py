"""The sending end of a batch, as a state machine. Messages in, messages out; what is read is handed in.

Law: what is sent of one file is one version of it. A file that changed while it was read is read once more: if its
first bytes are still the ones that were sent (it only grew, as a log does), they are what the other end gets, with a
note; if not, it is left out with an error, and never arrives as a mix.

    item     new ──Offer──▸ offered ──Accept──▸ going ──Done──▸ ended ──Saved/Failed──▸ settled
                               ▲───────Back───────┴────────┘  (an Ack tells of other bytes: it was damaged on its way)
                               └── the link was lost: everything unsettled is said again
             new ──Whole, Folder, LeftOut──▸ ended

A caller asks `step` for the next messages whenever it has room for some. Nothing here waits: an empty answer means
that the other end is to speak first, or that the source has nothing to read yet.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import partial
from typing import Protocol

import msgspec

from rs_relay.errors import SENTENCE, PeerBroke, RsError, TransferFailed, from_wire
from rs_relay.text import printable
from rs_relay.transfer import messages as m
from rs_relay.transfer.delta import LEAST, Differ, Taken
from rs_relay.transfer.outcome import Outcome, Progress
from rs_relay.transfer.resume import zeros

CHUNK = 1024 * 1024  # bytes read at a time when a beginning is hashed again
# Running hashes kept, one for each piece whose acknowledgement was asked for. At most a window is unacknowledged, which
# holds four of them, so one always lies where the other end stopped when the link broke.
MARKS = 16
ASKED = 16 * 1024  # bytes of a file from which on it is offered, where the receiver may have it


class Source(Protocol):
    """One open file. `size` -1: only its end tells. `read` may raise RsError."""

    size: int
    mtime_ns: int
    mode: int  # permission bits; -1: not known

    @property
    def key(self) -> str: ...

    def read(self, offset: int, count: int) -> bytes | None:
        """At most `count` bytes; empty at the end, None if there are none yet."""
        ...

    def hole(self, offset: int) -> int:
        """Zeros that begin at `offset` and take no room here; 0 where there is data, or where nobody knows."""
        ...

    def now(self) -> tuple[int, bool]:
        """(size now, has it changed since it was opened)."""
        ...

    def forget(self, offset: int) -> None:
        """Bytes before `offset` will not be asked for again."""
        ...

    def close(self) -> None: ...


class Found(msgspec.Struct, frozen=True):  # a tenth of what a dataclass takes to make, and there are many
    """One thing of a plan: a file (`open`), a directory (`key`), the end of one (`finish`: its time and mode), a link
    (`target`), or what is left out (`message`; `code` if failed)."""

    name: str
    open: Callable[[], Source] | None = None
    key: str = ""
    finish: tuple[int, int] | None = None
    target: str = ""
    message: str = ""
    code: str = ""


class State(Enum):
    OFFERED = auto()
    GOING = auto()
    ENDED = auto()  # all said, the answer is awaited


_NOTHING = hashlib.sha256()  # of no bytes; whatever is hashed has a hash of its own from then on


@dataclass(eq=False, slots=True)
class _Item:
    number: int
    found: Found
    state: State = State.ENDED
    source: Source | None = None
    offset: int = 0
    resumed: int = 0  # of those, what was there already
    unacked: int = 0
    running: hashlib._Hash = _NOTHING
    marks: list[tuple[int, hashlib._Hash]] = field(default_factory=list)
    good: int = 0  # the last mark of which the other end has the same
    differ: Differ | None = None
    said_all: bool = False
    whole: int = 0  # bytes, of what went in one message
    torn: int = 0  # times that was damaged on its way
    note: str = ""
    left_out: RsError | None = None

    def close(self) -> None:
        if self.source:
            self.source.close()
            self.source = None


@dataclass(frozen=True)
class Line:
    """What the line can take now: bytes of content in all, bytes a piece, bytes between two acknowledgements."""

    room: int = 1024 * 1024
    piece: int = m.PIECE_MAX
    ack_every: int = 1024 * 1024


class Sender:
    def __init__(self, opening: m.Open, plan: Iterator[Found], told: Callable[[Outcome], None]) -> None:
        """`told` hears each outcome (in the thread that calls `step`)."""
        self._opening, self._plan, self._told = opening, plan, told
        self._batch = opening.batch
        # who may have most of it is asked before a file is sent, if that is more than the question takes
        self._whole_max = ASKED if opening.if_newer else m.WHOLE_MAX
        self._items: dict[int, _Item] = {}  # unsettled, in order
        self._open: dict[int, _Item] = {}  # of those, the ones whose source is open
        self._again: deque[_Item] = deque()  # to be said again on a new link
        self._tops: list[_Item] = []  # the topmost directories
        self._next = 0
        self._listed = False  # the plan has ended
        self._said_last = False
        self._ahead = 0  # bytes of small files that are not settled
        self._bytes = self._resumed = 0  # of settled files
        self._count = 0
        self._open_said = False
        self.waiting_for_source = False  # it has nothing to read *yet*
        self.finished = False
        self.aborted: RsError | None = None
        self.progress = Progress("", 0, opening.size, 0, opening.files)

    def join(self, batch: int) -> None:
        """A new link: everything unsettled is to be said again, under this batch number."""
        self._batch = batch
        settled = min(self._items, default=self._next)
        self._opening = msgspec.structs.replace(self._opening, batch=batch, settled=settled)
        self._open_said = self._said_last = False
        # a receiver that was started anew must hear again which directories of its own the rest belongs to
        self._again = deque([*(top for top in self._tops if top.number not in self._items), *self._items.values()])
        for item in self._items.values():
            if item.source:
                item.state = State.OFFERED

    def step(self, heard: Iterable[m.FromReceiver], line: Line) -> list[m.FromSender]:
        """The next messages, to be said in this order. Raises PeerBroke."""
        said: list[m.FromSender] = []
        self.waiting_for_source = False
        for message in heard:
            said += self._hear(message)
        room = line.room
        while room > 0 and not self.aborted and (message_out := self._say(line)) is not None:
            said.append(message_out)
            room -= _work(message_out)
        self._look()
        return said

    def give_up(self, error: RsError) -> m.Abort:
        """This end ends the batch."""
        self.aborted = error
        self.close()
        return m.Abort(self._batch, error.code, error.message, error.hint)

    def close(self) -> None:
        for item in list(self._open.values()):
            self._close(item)

    def rest(self) -> None:
        """No link carries this batch now. Files stay open for the next one, unless this was the end."""
        if self.finished or self.aborted:
            self.close()

    # ---- what was heard

    def _hear(self, message: m.FromReceiver) -> list[m.FromSender]:
        if isinstance(message, m.Still):
            return []
        if isinstance(message, m.Abort):
            self.aborted = from_wire(message.code, message.message, message.hint)
            self.close()
            return []
        item = self._items.get(message.item)
        if item is None:
            if not 0 <= message.item < self._next:
                raise PeerBroke("The other end answered what was not said.")
            return []  # it failed there while it was left out here: one answer too many
        match message:
            case m.Accept():
                return self._accepted(item, message)
            case m.Ack():
                return self._acked(item, message)
            case m.Blocks() if item.differ and item.state is State.GOING:
                item.differ.heard(message.offset, message.strong, message.weak)
            case m.Saved():
                self._saved(item, message)
            case m.Skipped(message=why):
                self._settle(item, Outcome(item.found.name, skipped=printable(why, SENTENCE)))
            case m.Failed():
                self._settle(item, Outcome(item.found.name, error=_error(message)))
        return []

    def _accepted(self, item: _Item, message: m.Accept) -> list[m.FromSender]:
        source = item.source
        again = source is None and item.found.open is not None and not item.left_out and not message.offset
        if again and item.torn < m.REPAIRS:  # a small file
            item.torn += 1
            self._again.append(item)
            return []
        if (
            source is None
            or item.state is State.GOING
            or not 0 <= message.offset <= (source.size if source.size >= 0 else item.offset)
        ):
            raise PeerBroke("The other end accepted what was not offered.")
        item.state, item.said_all = State.GOING, False
        try:
            running = self._prefix(item, source, message.offset)
        except RsError as error:
            return [self._leave_out(item, error)]
        same = running is not None and running.digest() == message.sha256
        item.offset, item.running = (message.offset, running) if same and running else (0, hashlib.sha256())
        item.good = item.resumed = item.offset
        item.marks = [(item.offset, item.running.copy())]
        worth = message.base >= LEAST and source.size >= LEAST
        item.differ = Differ(message.base, source.size, item.offset) if worth else None
        return [] if same else [m.Again(self._batch, item.number)]

    def _prefix(self, item: _Item, source: Source, length: int) -> hashlib._Hash | None:
        """The running hash of the first `length` bytes of the source, None where it is shorter."""
        at, running = next(((o, h) for o, h in reversed(item.marks) if o <= length), (0, hashlib.sha256()))
        running = running.copy()
        while at < length:
            data = source.read(at, min(CHUNK, length - at))
            if not data:
                return None
            running.update(data)
            at += len(data)
        return running

    def _acked(self, item: _Item, message: m.Ack) -> list[m.FromSender]:
        source, offset = item.source, message.offset
        if source is None:
            if item.found.finish:
                del self._items[item.number]
            elif isinstance(item.left_out, RsError) or item.found.open is None:
                self._settle(item, _omitted(item))
            return []
        if offset > item.offset:
            raise PeerBroke("The other end acknowledged what was not said.")
        if item.state is State.OFFERED:
            return []  # said before it heard that it is to go back
        running = next((running for at, running in item.marks if at == offset), None)
        if running is not None and running.digest() != message.sha256:
            item.state, item.differ = State.OFFERED, None
            return [m.Back(self._batch, item.number, item.good)]
        item.good = max(item.good, offset if running is not None else 0)
        while len(item.marks) > MARKS and item.marks[1][0] <= item.good:
            del item.marks[0]
        source.forget(item.good)
        return []

    def _saved(self, item: _Item, message: m.Saved) -> None:
        # with a source, it may have been offered again since (the link was lost with the first Saved on it)
        whole = item.said_all and (message.size, message.sha256) == (item.offset, item.running.digest())
        if item.left_out or (item.source and not whole):
            raise PeerBroke("The other end saved what was not sent.")
        self._bytes += message.size
        self._resumed += message.resumed_from
        self._count += bool(message.sha256)
        sha256 = message.sha256.hex() if item.found.open else ""
        self._settle(
            item,
            Outcome(
                item.found.name,
                message.name,
                message.size,
                sha256,
                message.resumed_from,
                item.note,
                reused=message.reused,
                repaired=message.repaired,
            ),
        )

    def _settle(self, item: _Item, outcome: Outcome) -> None:
        self._close(item)
        del self._items[item.number]
        self._ahead -= item.whole
        self._told(outcome)

    def _close(self, item: _Item) -> None:
        item.close()
        self._open.pop(item.number, None)

    # ---- what to say next

    def _say(self, line: Line) -> m.FromSender | None:
        if not self._open_said:
            self._open_said = True
            return self._opening
        while self._again:
            item = self._again.popleft()
            if item.number in self._items or item in self._tops:
                return self._introduce(item, line)
        ahead = len(self._items) < m.AHEAD and self._ahead < m.WHOLE_AHEAD and len(self._open) < m.OFFERS_AHEAD
        if not self._listed and ahead:
            found = next(self._plan, None)
            if found is not None:
                item = _Item(self._next, found)
                self._items[self._next] = item
                self._next += 1
                return self._introduce(item, line)
            self._listed = True
        if self._listed and not self._said_last:
            self._said_last = True
            return m.Last(self._batch, self._next)
        going = self._going()
        return self._go_on(going, line) if going else None

    def _going(self) -> _Item | None:
        return next((item for item in self._open.values() if item.state is State.GOING), None)

    def _introduce(self, item: _Item, line: Line) -> m.FromSender:
        found = item.found
        if item.left_out or found.message:
            return self._omit(item)
        if found.finish:
            return m.Finish(self._batch, item.number, found.name, found.finish[0], self._mode(found.finish[1]))
        if found.target:
            return m.Link(self._batch, item.number, found.name, found.target)
        if found.open is None:
            if "/" not in found.name and item not in self._tops:
                self._tops.append(item)
            return m.Folder(self._batch, item.number, found.name, found.key)
        try:
            source = item.source or found.open()
            if 0 <= source.size <= min(line.piece, self._whole_max) and item.source is None:
                return self._whole(item, source)
            item.source, item.state = source, State.OFFERED
            self._open[item.number] = item
            mode = self._mode(source.mode)
            return m.Offer(self._batch, item.number, found.name, source.size, source.mtime_ns, source.key, mode)
        except RsError as error:
            return self._leave_out(item, error)

    def _whole(self, item: _Item, source: Source) -> m.FromSender:
        try:
            data = source.read(0, source.size) if source.size else b""
            if data is None or len(data) != source.size:
                raise _shorter()
            item.running = hashlib.sha256(data)
            item.note = self._still_true(item, source)
            self._ahead += source.size - item.whole
            item.whole = source.size
        finally:
            source.close()
        digest = item.running.digest()
        mode = self._mode(source.mode)
        return m.Whole(self._batch, item.number, item.found.name, source.mtime_ns, digest, memoryview(data), mode)

    def _mode(self, mode: int) -> int:
        return mode if self._opening.modes else m.UNKNOWN

    def _go_on(self, item: _Item, line: Line) -> m.FromSender | None:
        source = item.source
        if source is None:
            return None
        try:
            if item.offset == source.size:
                return self._end(item, source)
            if item.differ:
                return self._differ(item, item.differ, source, line)
            hole = source.hole(item.offset)
            if hole >= m.HOLE_MIN:
                return self._hole(item, min(hole, m.HOLE_MAX))
            left = source.size - item.offset if source.size >= 0 else line.piece
            data = source.read(item.offset, min(line.piece, left))
            if data is None:
                self.waiting_for_source = True
                return None
            if not data:
                if source.size >= 0:
                    raise _shorter()
                return self._end(item, source)
        except RsError as error:
            return self._leave_out(item, error)
        return self._piece(item, data, line)

    def _differ(self, item: _Item, differ: Differ, source: Source, line: Line) -> m.FromSender | None:
        """The next of what is new of a file that the other end has another version of."""
        found = differ.compare(partial(_read_all, source))
        if question := differ.question():
            return m.Compare(self._batch, item.number, question.offset, question.size, question.weak)
        if found:
            return self._patch(item, differ.take(min(line.piece, m.PATCH_MAX)))
        if differ.hopeless:
            item.differ = None
            return self._go_on(item, line)
        return None  # an answer is on its way

    def _patch(self, item: _Item, taken: Taken) -> m.Patch:
        offset = item.offset
        for content in taken.content:
            item.running.update(content)
        item.offset += taken.size
        item.unacked = 0
        item.marks.append((item.offset, item.running.copy()))
        return m.Patch(self._batch, item.number, offset, taken.size, taken.ops, memoryview(taken.data))

    def _hole(self, item: _Item, size: int) -> m.Hole:
        offset = item.offset
        zeros(item.running, size)
        item.offset += size
        item.unacked = 0
        item.marks.append((item.offset, item.running.copy()))
        return m.Hole(self._batch, item.number, offset, size)

    def _piece(self, item: _Item, data: bytes, line: Line) -> m.Piece:
        offset = item.offset
        item.running.update(data)
        item.offset += len(data)
        item.unacked += len(data)
        ack = item.unacked >= line.ack_every or item.offset == (item.source.size if item.source else 0)
        if ack:
            item.unacked = 0
            item.marks.append((item.offset, item.running.copy()))
        return m.Piece(self._batch, item.number, offset, memoryview(data), ack)

    def _end(self, item: _Item, source: Source) -> m.Done:
        item.note = self._still_true(item, source)
        item.state, item.said_all = State.ENDED, True
        item.marks.append((item.offset, item.running.copy()))
        return m.Done(self._batch, item.number, item.offset, item.running.digest(), item.note)

    def _still_true(self, item: _Item, source: Source) -> str:
        """A note if the file grew while it was read. Raises TransferFailed if it changed otherwise."""
        size_now, changed = source.now()
        if not changed:
            return ""
        item.marks.clear()
        again = self._prefix(item, source, source.size)
        if again is None:
            raise _shorter()
        if again.digest() != item.running.digest():
            raise TransferFailed("The file changed while it was sent, so nothing of it was kept.", "Send it again.")
        return f"It grew while it was sent; this is its first {source.size} bytes." if size_now > source.size else ""

    def _leave_out(self, item: _Item, error: RsError) -> m.LeftOut:
        self._close(item)
        item.left_out, item.state = error, State.ENDED
        return self._omit(item)

    def _omit(self, item: _Item) -> m.LeftOut:
        error = item.left_out
        message, code = (error.message, error.code) if error else (item.found.message, item.found.code)
        return m.LeftOut(self._batch, item.number, item.found.name, message, code)

    def _look(self) -> None:
        going = self._going()
        self.progress = Progress(
            going.found.name if going else self.progress.name,
            self._bytes + sum(item.offset for item in self._open.values()),
            self._opening.size,
            self._count,
            self._opening.files,
            self._resumed + sum(item.resumed for item in self._items.values() if item.source),
        )
        if self._said_last and not self._items:
            self.finished = True


def _work(message: m.FromSender) -> int:
    """What a message takes of a step's room: what it weighs, or what had to be read for it."""
    return (message.size if isinstance(message, m.Patch | m.Hole) else m.weight(message)) + 64


def _read_all(source: Source, offset: int, count: int) -> bytes:
    """Raises TransferFailed where the source has become shorter."""
    data = source.read(offset, count)
    if not data:
        raise _shorter()
    return data


def _omitted(item: _Item) -> Outcome:
    if item.left_out:
        return Outcome(item.found.name, error=item.left_out)
    if item.found.code:
        return Outcome(item.found.name, error=from_wire(item.found.code, item.found.message, ""))
    return Outcome(item.found.name, skipped=item.found.message)


def _shorter() -> TransferFailed:
    return TransferFailed("The file became shorter while it was sent, so nothing of it was kept.", "Send it again.")


def _error(message: m.Failed) -> RsError:
    return from_wire(message.code, message.message, message.hint)
