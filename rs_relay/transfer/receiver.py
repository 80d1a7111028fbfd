"""The receiving end of a batch, as a state machine. Messages in, messages out; the disk is handed in.

Law: a file gets its final name only when all its bytes are on the disk and their SHA-256 is the sender's, and every
item is answered exactly once. What an honest sender would never say is PeerBroke and ends the batch; what may go wrong
with one file (a name, the disk) is Failed for that file, and the others go on.

    item            Offer              Piece            Done                         LeftOut
    new or parked   ▸ open  ↑Accept    broke            broke                        ▸ settled  ↑Ack
    open            broke              write  ↑Ack      hash right: ▸ settled ↑Saved  discard ▸ settled  ↑Ack
                                                        wrong: ↑Ack with the hash it has, and the sender says Back
                    Patch: write, and copy from the base  ↑Ack      Compare: ↑Blocks
                    Back: forget what was damaged  ↑Accept; the REPAIRS-th time: ▸ settled ↑Failed
    settled         said again         ignored after Failed, else broke               said again

Small files (Whole) are written together at the end of a step, and directories are finished (Finish) when none of their
files is open any more.

A lost link parks what is open (`park`); the same items are offered again on the next one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from rs_relay.errors import Damaged, PeerBroke, RsError, TooLarge, from_wire
from rs_relay.transfer import delta
from rs_relay.transfer import messages as m
from rs_relay.transfer.outcome import Kept, Outcome, Progress

NOTHING = hashlib.sha256().digest()
TOGETHER = 4096  # small files written together: as many as may be on their way
QUESTIONS = 16  # about each window of a base: more than any comparison has use for


class Part(Protocol):
    """One unfinished file. Every method may raise RsError."""

    @property
    def offset(self) -> int:
        """Bytes that are there."""
        ...

    @property
    def base(self) -> int:
        """Bytes of another version that may be copied from; 0 for none."""
        ...

    def digest(self) -> bytes:
        """SHA-256 of those bytes."""
        ...

    def restart(self) -> None: ...

    def rewind(self, offset: int) -> None:
        """Forget what is there after the first `offset` bytes (or before, if they are not what they were)."""
        ...

    def read_base(self, count: int, offset: int) -> bytes: ...

    def copy(self, source: int, size: int) -> None:
        """Append `size` bytes of the base, which has them."""
        ...

    def drop_base(self) -> None: ...

    def write(self, data: memoryview) -> None: ...

    def hole(self, size: int) -> None:
        """Append zeros that need take no room."""
        ...

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

    def finish(self, finished: m.Finish) -> None:
        """Nothing more is written to that directory."""
        ...

    def begin(self, name: str, size: int, mtime_ns: int, key: str, mode: int) -> Part | Kept: ...

    def wholes(self, files: Sequence[m.Whole]) -> list[str | RsError | Kept]:
        """Several small files; of each its name here, or why it has none."""
        ...

    def link(self, link: m.Link) -> str | Kept: ...

    def again(self) -> None:
        """The sender begins anew: what it sends may be there already, from before."""
        ...

    def settle(self) -> None:
        """After it, the names given are there for good."""
        ...

    def expect(self, size: int) -> None:
        """So many bytes are to come. Raises DiskFull where it is plain already that they find no room."""
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
    reused: int = 0
    repaired: int = 0
    wrong: int = 0  # times that it was said to be done and was not what was meant
    questions: int = 0


class Receiver:
    def __init__(self, land: Callable[[m.Open], Landing], told: Callable[[Outcome], None]) -> None:
        """`land` says where the batch lands (once); `told` hears each outcome (in the thread that calls `step`)."""
        self._land, self._told = land, told
        self._landing: Landing | None = None
        self._mended: dict[int, int] = {}  # small files that were damaged, and how often
        self._awaited: set[int] = set()  # those that are to be said again
        self._batch = 0
        self._sending = ""
        self._next = 0  # the lowest number not seen yet
        self._files: dict[int, _File] = {}
        self._small: dict[int, m.Whole] = {}  # heard in this step, to be written together
        self._ended: dict[int, m.Finish] = {}  # directories that wait for a file in them
        self._settled: dict[int, m.FromReceiver] = {}
        self._last: int | None = None
        self._failed: set[int] = set()  # of those that are remembered
        self._lost_one = False  # one before those failed
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
                if len(self._small) >= TOGETHER:
                    answers += self._put()
        finally:
            answers += self._put()
            if self._landing:
                answers += self._finish(self._landing)
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
            case m.Hole():
                return self._try(message.item, lambda number: self._hole(self._files[number], message))
            case m.Patch():
                return self._try(message.item, lambda number: self._patch(self._files[number], message))
            case m.Compare():
                return self._try(message.item, lambda number: self._compare(self._files[number], message))
            case m.Again(item=item):
                return self._try(item, self._again)
            case m.Back():
                return self._try(message.item, lambda number: self._back(self._files[number], message))
            case m.Still():
                return []
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
        self._put()  # under another number now, or answered again when it is said again
        self._ended.clear()
        self.park()
        self._batch, self.opened = message.batch, message
        if self._landing is None:
            self._landing = self._land(message)
        if message.size > 0 and not message.settled and message.sending != self._sending:
            self._landing.expect(message.size)
        if message.sending != self._sending:
            if self._sending:
                self._landing.again()
            self._sending, self._next = message.sending, 0
            for each in (self._settled, self._failed, self._mended, self._awaited):
                each.clear()
            self._lost_one = False
            self._bytes = self._resumed = self._count = 0
        self._next = max(self._next, min(message.settled, m.ITEMS_MAX))
        self._last = None
        self.finished = False  # the sender may not have heard the last answers: it will say those items again
        return []

    def _item(self, message: m.Offer | m.Item) -> list[m.FromReceiver]:
        number = message.item
        if isinstance(message, m.LeftOut) and number in self._files:
            return self._left_out(message)
        before = self._settled.get(number)
        if before is not None and not isinstance(before, m.Failed):
            return [before]
        # a gap is what was settled before this end was started anew
        open_now = number in self._files or number in self._small or number in self._ended
        if open_now or not 0 <= number <= self._next + m.AHEAD or self._landing is None:
            raise PeerBroke("The other end offered its files in the wrong order.")
        while self._next <= number:
            self._forget(self._next - 2 * m.AHEAD)
            self._next += 1
        if number >= m.ITEMS_MAX:
            raise TooLarge(f"More than {m.ITEMS_MAX} files at once.", "Send them as one archive, or in parts.")
        if isinstance(message, m.LeftOut):
            return self._left_out(message)
        self._awaited.discard(number)
        try:
            return self._take(message, self._landing)
        except PeerBroke:
            raise
        except RsError as error:
            return [self._fail(number, message.name, error)]

    def _forget(self, number: int) -> None:
        """Nobody says an item again of which so many followed that were settled."""
        self._settled.pop(number, None)
        self._mended.pop(number, None)
        if number in self._failed:
            self._failed.discard(number)
            self._lost_one = True

    def _take(
        self, message: m.Offer | m.Folder | m.Finish | m.Link | m.Whole, landing: Landing
    ) -> list[m.FromReceiver]:
        number, name = message.item, message.name
        match message:
            case m.Folder():
                return [self._settle(number, m.Saved(self._batch, number, landing.folder(name, message.key)), name)]
            case m.Finish():
                self._ended[number] = message
                return []
            case m.Link():
                return [self._place(message, landing.link(message))]
            case m.Whole():
                if hashlib.sha256(message.data).digest() != message.sha256:
                    return [self._torn(number, name)]
                self._small[number] = message
                return []
            case m.Offer():
                if len(self._files) >= 2 * m.OFFERS_AHEAD or message.size < m.UNKNOWN:
                    raise PeerBroke("The other end offered more than may be offered.")
                part = landing.begin(name, message.size, message.mtime_ns, message.key, message.mode)
                if isinstance(part, Kept):
                    return [self._place(message, part)]
                self._files[number] = _File(name, message.size, part, part.offset)
                return [m.Accept(self._batch, number, part.offset, part.digest(), part.base)]

    def _torn(self, number: int, name: str) -> m.FromReceiver:
        """A small file that was damaged on its way is asked for once more."""
        self._mended[number] = self._mended.get(number, 0) + 1
        if self._mended[number] > m.REPAIRS:
            return self._fail(number, name, Damaged("The file arrived damaged, again and again."))
        self._awaited.add(number)
        return m.Accept(self._batch, number, 0, NOTHING)

    def _put(self) -> list[m.FromReceiver]:
        """Write the small files that were heard."""
        files, self._small = [*self._small.values()], {}
        if not files or self._landing is None:
            return []
        return [self._place(*each) for each in zip(files, self._landing.wholes(files), strict=True)]

    def _place(self, item: m.Offer | m.Whole | m.Link, found: str | RsError | Kept) -> m.FromReceiver:
        """The answer to what has its place, or has none."""
        number = item.item
        if isinstance(found, RsError):
            return self._fail(number, item.name, found)
        if isinstance(found, Kept):
            self._settled[number] = answer = m.Skipped(self._batch, number, found.message)
            self._failed.discard(number)
            self._told(Outcome(item.name, skipped=found.message))
            return answer
        size, sha256 = (item.data.nbytes, item.sha256) if isinstance(item, m.Whole) else (0, b"")
        mended = self._mended.pop(number, 0)
        return self._settle(number, m.Saved(self._batch, number, found, size, sha256, repaired=mended), item.name)

    def _finish(self, landing: Landing) -> list[m.FromReceiver]:
        """Directories to which nothing is being written any more."""
        answers: list[m.FromReceiver] = []
        for number, ended in list(self._ended.items()):
            if any(file.name.startswith(ended.name + "/") for file in self._files.values()):
                continue
            del self._ended[number]
            with suppress(RsError):
                landing.finish(ended)  # a time or a mode that cannot be set is not worth a failed transfer
            answer = self._settled[number] = m.Ack(self._batch, number, 0)
            answers.append(answer)
        return answers

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
            if file.size < 0:
                file.part.discard()  # from a pipe, which is not sent twice
            else:
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
        return [m.Ack(self._batch, message.item, end, file.part.digest())] if message.ack else []

    def _hole(self, file: _File, message: m.Hole) -> list[m.FromReceiver]:
        end = message.offset + message.size
        if message.offset != file.part.offset or not 0 < message.size <= m.HOLE_MAX or not end <= file.size:
            raise PeerBroke("The other end left a hole in a file at the wrong place.")
        file.part.hole(message.size)
        return [m.Ack(self._batch, message.item, end, file.part.digest())]

    def _patch(self, file: _File, message: m.Patch) -> list[m.FromReceiver]:
        part, ops, data = file.part, message.ops, message.data
        end = message.offset + message.size
        triples = list(zip(ops[::3], ops[1::3], ops[2::3], strict=False))
        if (
            message.offset != part.offset
            or end > file.size
            or len(ops) > 3 * delta.OPS_MAX
            or len(ops) % 3
            or not 0 < message.size <= 2 * delta.STRETCH
            or min(ops, default=0) < 0
            or any(source + size > part.base for _, source, size in triples if size)
            or sum(literal for literal, _, _ in triples) != data.nbytes
            or sum(literal + size for literal, _, size in triples) != message.size
        ):
            raise PeerBroke("The other end described a file in a way that cannot be.")
        for literal, source, size in triples:
            if literal:
                part.write(data[:literal])
                data = data[literal:]
            if size:
                part.copy(source, size)
                file.reused += size
        return [m.Ack(self._batch, message.item, end, part.digest())]

    def _compare(self, file: _File, message: m.Compare) -> list[m.FromReceiver]:
        offset, base = message.offset, file.part.base
        file.questions += 1
        if (
            not 0 <= offset < base
            or offset % delta.WINDOW
            or message.size != min(delta.WINDOW, base - offset)
            or file.questions > QUESTIONS * (1 + base // delta.WINDOW)
        ):
            raise PeerBroke("The other end asked for a part of a file that there is not.")
        strong, weak = delta.blocks(file.part.read_base, offset, message.size, message.weak)
        return [m.Blocks(self._batch, message.item, offset, strong, weak)]

    def _back(self, file: _File, message: m.Back) -> list[m.FromReceiver]:
        if not 0 <= message.offset <= file.part.offset:
            raise PeerBroke("The other end went back to where it had not been.")
        file.repaired += 1
        if file.repaired > m.REPAIRS:
            return [self._beyond_repair(message.item)]
        file.part.drop_base()  # it may be what is wrong
        file.part.rewind(message.offset)
        file.resumed_from = min(file.resumed_from, file.part.offset)
        return [m.Accept(self._batch, message.item, file.part.offset, file.part.digest())]

    def _beyond_repair(self, number: int) -> m.Failed:
        file = self._files.pop(number)
        file.part.discard()
        return self._fail(number, file.name, Damaged("The file arrived damaged, again and again."))

    def _again(self, number: int) -> list[m.FromReceiver]:
        file = self._files[number]
        file.part.restart()
        file.resumed_from = file.reused = 0
        return []

    def _done(self, number: int, message: m.Done) -> list[m.FromReceiver]:
        file = self._files[number]
        if message.size != file.part.offset or (file.size >= 0 and message.size != file.size):
            raise PeerBroke("The other end finished a file before its end.")
        if message.sha256 == file.part.digest():
            saved = file.part.publish()
            del self._files[number]
            answer = m.Saved(
                self._batch, number, saved, message.size, message.sha256, file.resumed_from, file.reused, file.repaired
            )
            return [self._settle(number, answer, file.name, message.note)]
        file.wrong += 1
        if file.wrong > m.REPAIRS:
            return [self._beyond_repair(number)]
        return [m.Ack(self._batch, number, message.size, file.part.digest())]

    # ---- what is settled

    def _settle(self, number: int, answer: m.Saved, name: str, note: str = "") -> m.Saved:
        self._settled[number] = answer
        self._failed.discard(number)
        self._bytes += answer.size
        self._resumed += answer.resumed_from
        self._count += bool(answer.sha256)
        self._told(
            Outcome(
                name,
                answer.name,
                answer.size,
                answer.sha256.hex(),
                answer.resumed_from,
                note,
                reused=answer.reused,
                repaired=answer.repaired,
            )
        )
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
        open_now = self._files or self._ended or self._awaited
        if self._last is not None and not open_now and not self.finished:
            self.finished = True
            if self._landing and not self._failed and not self._lost_one:
                self._landing.complete()
