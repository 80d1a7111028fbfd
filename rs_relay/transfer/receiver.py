"""The receiving end of a batch, as a state machine. Messages in, messages out; the disk is handed in.

Law: a file gets its final name only when all its bytes are on the disk and their SHA-256 is the sender's, and every
item is answered exactly once. What an honest sender would never say is PeerBroke and ends the batch; what may go wrong
with one file (a name, the disk) is Failed for that file, and the others go on.

    item            Offer              Piece            Done                         LeftOut
    new or parked   ▸ open  ↑Accept    broke            broke                        ▸ settled  ↑Ack
    open            broke              write  ↑Ack      hash right: ▸ settled ↑Saved  discard ▸ settled  ↑Ack
                                                        wrong once: start afresh ↑Accept; twice: ▸ settled ↑Failed
    settled         said again         ignored after Failed, else broke               said again

A lost link parks what is open (`park`); the same items are offered again on the next one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from rs_relay.errors import Damaged, PeerBroke, RsError, TooLarge, from_wire
from rs_relay.transfer import messages as m
from rs_relay.transfer.outcome import Outcome, Progress

NOTHING = hashlib.sha256().digest()


class Part(Protocol):
    """One unfinished file. Every method may raise RsError."""

    @property
    def offset(self) -> int:
        """Bytes that are there."""
        ...

    def digest(self) -> bytes:
        """SHA-256 of those bytes."""
        ...

    def restart(self) -> None: ...

    def write(self, data: memoryview) -> None: ...

    def publish(self) -> str:
        """Give it its final name, and return that."""
        ...

    def park(self) -> None:
        """Keep it for later."""
        ...

    def discard(self) -> None: ...


class Landing(Protocol):
    """Where a batch lands. Every method may raise RsError."""

    def folder(self, name: str, key: str) -> str: ...

    def begin(self, name: str, size: int, mtime_ns: int, key: str) -> Part: ...

    def whole(self, name: str, data: memoryview, sha256: bytes, mtime_ns: int) -> str: ...

    def again(self) -> None:
        """The sender begins anew: what it sends may be there already, from before."""
        ...

    def settle(self) -> None:
        """After it, the names given are there for good."""
        ...

    def complete(self) -> None:
        """All has arrived."""
        ...


@dataclass
class _File:
    name: str
    size: int
    part: Part
    resumed_from: int
    damaged: bool = False


class Receiver:
    def __init__(self, land: Callable[[m.Open], Landing], told: Callable[[Outcome], None]) -> None:
        """`land` says where the batch lands (once); `told` hears each outcome (in the thread that calls `step`)."""
        self._land, self._told = land, told
        self._landing: Landing | None = None
        self._batch = 0
        self._sending = ""
        self._next = 0  # the lowest number not seen yet
        self._files: dict[int, _File] = {}
        self._settled: dict[int, m.FromReceiver] = {}
        self._last: int | None = None
        self._failed: set[int] = set()
        self._bytes = self._resumed = 0  # of settled files
        self._count = 0
        self.opened: m.Open | None = None
        self.finished = False
        self.aborted: RsError | None = None
        self.progress = Progress()

    def step(self, heard: Iterable[m.FromSender]) -> list[m.FromReceiver]:
        """The answers to these messages, to be said in this order. Raises PeerBroke."""
        answers: list[m.FromReceiver] = []
        try:
            for message in heard:
                if self.aborted:
                    break
                answers += self._hear(message)
        finally:
            if self._landing:
                self._landing.settle()
        self._look()
        return answers

    def park(self) -> None:
        """The link is gone, or this end stops: keep what is there."""
        files, self._files = self._files, {}
        for file in files.values():
            file.part.park()

    def give_up(self, error: RsError) -> m.Abort:
        """This end ends the batch. What is there is kept, for a later try."""
        self.aborted = error
        self.park()
        return m.Abort(self._batch, error.code, error.message, error.hint)

    # ---- what was said

    def _hear(self, message: m.FromSender) -> list[m.FromReceiver]:
        match message:
            case m.Open():
                return self._open(message)
            case m.Piece():
                return self._piece(message)
            case m.Again(item=item):
                return self._try(item, self._again)
            case m.Done():
                return self._try(message.item, lambda number: self._done(number, message))
            case m.Last(items=items):
                if items < self._next:
                    raise PeerBroke("The other end counted its files wrong.")
                self._last = items
                return []
            case m.Abort():
                self.aborted = from_wire(message.code, message.message, message.hint)
                self.park()
                return []
            case _:
                return self._item(message)

    def _open(self, message: m.Open) -> list[m.FromReceiver]:
        self.park()
        self._batch, self.opened = message.batch, message
        if self._landing is None:
            self._landing = self._land(message)
        if message.sending != self._sending:
            if self._sending:
                self._landing.again()
            self._sending, self._next = message.sending, 0
            self._settled.clear()
            self._failed.clear()
            self._bytes = self._resumed = self._count = 0
        self._next = max(self._next, min(message.settled, m.ITEMS_MAX))
        self._last = None
        self.finished = False  # the sender may not have heard the last answers: it will say those items again
        return []

    def _item(self, message: m.Offer | m.Whole | m.Folder | m.LeftOut) -> list[m.FromReceiver]:
        number = message.item
        if isinstance(message, m.LeftOut) and number in self._files:
            return self._left_out(message)
        before = self._settled.get(number)
        if before is not None and not isinstance(before, m.Failed):
            return [before]
        # a gap is what was settled before this end was started anew
        if number in self._files or not 0 <= number <= self._next + m.AHEAD or self._landing is None:
            raise PeerBroke("The other end offered its files in the wrong order.")
        while self._next <= number:
            self._settled.pop(self._next - 2 * m.AHEAD, None)
            self._next += 1
        if number >= m.ITEMS_MAX:
            raise TooLarge(f"More than {m.ITEMS_MAX} files at once.", "Send them as one archive, or in parts.")
        if isinstance(message, m.LeftOut):
            return self._left_out(message)
        try:
            return self._take(message, self._landing)
        except PeerBroke:
            raise
        except RsError as error:
            return [self._fail(number, message.name, error)]

    def _take(self, message: m.Offer | m.Whole | m.Folder, landing: Landing) -> list[m.FromReceiver]:
        number, name = message.item, message.name
        match message:
            case m.Folder():
                return [self._settle(number, m.Saved(self._batch, number, landing.folder(name, message.key)), name)]
            case m.Whole():
                if hashlib.sha256(message.data).digest() != message.sha256:
                    raise Damaged("The file was damaged on its way.")
                saved = landing.whole(name, message.data, message.sha256, message.mtime_ns)
                answer = m.Saved(self._batch, number, saved, message.data.nbytes, message.sha256)
                return [self._settle(number, answer, name)]
            case m.Offer():
                if len(self._files) >= 2 * m.OFFERS_AHEAD or message.size < m.UNKNOWN:
                    raise PeerBroke("The other end offered more than may be offered.")
                part = landing.begin(name, message.size, message.mtime_ns, message.key)
                self._files[number] = _File(name, message.size, part, part.offset)
                return [m.Accept(self._batch, number, part.offset, part.digest())]

    def _left_out(self, message: m.LeftOut) -> list[m.FromReceiver]:
        if file := self._files.pop(message.item, None):
            file.part.discard()
        error = from_wire(message.code, message.message, "") if message.code else None
        answer = m.Ack(self._batch, message.item, 0)
        self._settled[message.item] = answer
        self._failed |= {message.item} if error else set()
        self._told(Outcome(message.name, skipped="" if error else message.message, error=error))
        return [answer]

    def _try(self, number: int, work: Callable[[int], list[m.FromReceiver]]) -> list[m.FromReceiver]:
        """`work` on an open file; an error of the disk fails that file alone."""
        if number not in self._files:
            return self._late(number)
        try:
            return work(number)
        except PeerBroke:
            raise
        except RsError as error:
            file = self._files.pop(number)
            file.part.park()
            return [self._fail(number, file.name, error)]

    def _late(self, number: int) -> list[m.FromReceiver]:
        """Said before the sender heard that the file had failed; anything else breaks the rules."""
        if isinstance(self._settled.get(number), m.Failed):
            return []
        raise PeerBroke("The other end sent a piece of a file that it had not offered.")

    def _piece(self, message: m.Piece) -> list[m.FromReceiver]:
        return self._try(message.item, lambda number: self._write(self._files[number], message))

    def _write(self, file: _File, message: m.Piece) -> list[m.FromReceiver]:
        end = message.offset + message.data.nbytes
        if message.offset != file.part.offset or (file.size >= 0 and end > file.size):
            raise PeerBroke("The other end sent a piece of a file at the wrong place.")
        file.part.write(message.data)
        return [m.Ack(self._batch, message.item, end)] if message.ack else []

    def _again(self, number: int) -> list[m.FromReceiver]:
        file = self._files[number]
        file.part.restart()
        file.resumed_from = 0
        return []

    def _done(self, number: int, message: m.Done) -> list[m.FromReceiver]:
        file = self._files[number]
        if message.size != file.part.offset or (file.size >= 0 and message.size != file.size):
            raise PeerBroke("The other end finished a file before its end.")
        if message.sha256 == file.part.digest():
            saved = file.part.publish()
            del self._files[number]
            answer = m.Saved(self._batch, number, saved, message.size, message.sha256, file.resumed_from)
            return [self._settle(number, answer, file.name, message.note)]
        if file.damaged:
            file.part.discard()
            del self._files[number]
            return [self._fail(number, file.name, Damaged("The file arrived damaged, twice."))]
        file.damaged, file.resumed_from = True, 0
        file.part.restart()
        return [m.Accept(self._batch, number, 0, NOTHING)]

    # ---- what is settled

    def _settle(self, number: int, answer: m.Saved, name: str, note: str = "") -> m.Saved:
        self._settled[number] = answer
        self._failed.discard(number)
        self._bytes += answer.size
        self._resumed += answer.resumed_from
        self._count += bool(answer.sha256)
        self._told(Outcome(name, answer.name, answer.size, answer.sha256.hex(), answer.resumed_from, note))
        return answer

    def _fail(self, number: int, name: str, error: RsError) -> m.Failed:
        answer = m.Failed(self._batch, number, error.code, error.message, error.hint)
        self._settled[number] = answer
        self._failed.add(number)
        self._told(Outcome(name, error=error))
        return answer

    def _look(self) -> None:
        opened = self.opened
        if opened is None:
            return
        moving = next(iter(self._files.values()), None)
        self.progress = Progress(
            moving.name if moving else self.progress.name,
            self._bytes + sum(file.part.offset for file in self._files.values()),
            opened.size,
            self._count,
            opened.files,
            self._resumed + sum(file.resumed_from for file in self._files.values()),
        )
        if self._last is not None and not self._files and not self.finished:
            self.finished = True
            if self._landing and not self._failed:
                self._landing.complete()
