"""Differences between a file and another version of it that the other end has (rsync's idea: Tridgell and Mackerras,
*The rsync algorithm*, 1996). Pure: what is read is handed in.

The receiver's version, the *base*, is cut into blocks of BLOCK bytes, each with a strong hash. The sender asks for
those of a WINDOW at a time (`question`, `heard`), one ahead of where it compares, so that neither end's memory depends
on the file's size. It looks first where the file should be the same, at the distance at which the last block was found:
that costs one hash a block, and nothing else where a file was changed in place. Where BLOCKS_LOST in a row differ it
asks for the rolling sums of the windows round about too and looks for any of their blocks at every byte: bytes were put
in or taken out. What is found is copied from the base by the other end, what is not goes over the line.

    question ─▶ Compare ⇢ Blocks ─▶ heard          compare ─▶ runs ─▶ take ─▶ Patch

A hash that fits by chance or by malice does no harm but time: the whole is hashed at the end, like any other file.

Decided against: librsync's bindings (unkept, and no wheels for Windows); chunks whose borders the content sets
(pyfastcdc: two to three times the bytes over the line for a scattered change, and native code at the customer's);
larger blocks (a change of 1 KiB in every hundred costs then more than a twentieth of the file).
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rs_relay.errors import PeerBroke

if TYPE_CHECKING:
    import numpy as np

BLOCK = 2048  # bytes; so large that hashing one lets other threads run
STRONG = 8  # bytes of SHA-256: one chance in 2^45 for a file of a terabyte, and then it is sent whole
WEAK = 4
WINDOW = 32 * 1024 * 1024  # bytes of the base in one answer: 192 KiB of hashes at most
STRETCH = 1024 * 1024  # bytes of the file compared at a time
LEAST = 64 * 1024  # a smaller base is not worth the question
OPS_MAX = 512  # copies in one Patch
REACH = 4  # windows before and behind that are searched, once the nearest were in vain
BLOCKS_LOST = 8  # in a row: perhaps it is no longer at this distance
LOOK = 64 * 1024  # bytes searched at a time: what was put in is mostly small
SEARCHES = 64  # a stretch; content that repeats itself in another order is not worth more
HOPELESS = 16 * 1024 * 1024  # bytes, or an eighth of the file: if they are most of it so far, so will the rest be
_BITS = 20  # of a weak sum, for the first sieve


# ---- the receiver


def blocks(read: Callable[[int, int], bytes], offset: int, size: int, weak: bool) -> tuple[bytes, bytes]:
    """Strong hashes of the blocks of `size` bytes from `offset` on, and the rolling sums of the whole ones if asked.
    `read(count, offset)` may give less at the end."""
    strong: list[bytes] = []
    sums: list[bytes] = []
    for at in range(offset, offset + size, STRETCH):
        data = memoryview(read(min(STRETCH, offset + size - at), at))
        strong += _hashes(data)
        if weak:
            sums.append(_sums(data))
    return b"".join(strong), b"".join(sums)


def _hashes(data: memoryview) -> list[bytes]:
    sha256 = hashlib.sha256
    return [sha256(data[at : at + BLOCK]).digest()[:STRONG] for at in range(0, len(data), BLOCK)]


def _sums(data: memoryview) -> bytes:
    """Rolling sums of whole blocks, little-endian."""
    import numpy as np

    whole = len(data) // BLOCK
    values = np.frombuffer(data, np.uint8, whole * BLOCK).reshape(whole, BLOCK).astype(np.uint32)
    a = values.sum(axis=1, dtype=np.uint32)
    b = values @ np.arange(BLOCK, 0, -1, dtype=np.uint32)
    return _mixed(a, b).astype("<u4").tobytes()


def _mixed(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """One number of the two sums; the low bits of both are spread, since the sieve takes those."""
    mixed: np.ndarray = a * 0x9E3779B1 ^ b
    return mixed


def _sums_everywhere(data: memoryview) -> np.ndarray:
    """The rolling sum of the block that begins at each byte. a = Σ x[i], b = Σ (BLOCK - i) x[i], both modulo 2^32: from
    the running sums of the bytes, and of those."""
    import numpy as np

    values = np.frombuffer(data, np.uint8)
    once = np.zeros(len(values) + 1, np.uint32)
    np.cumsum(values, dtype=np.uint32, out=once[1:])
    twice = np.cumsum(once, dtype=np.uint32)
    a = once[BLOCK:] - once[:-BLOCK]
    b = twice[BLOCK:] - twice[:-BLOCK] - BLOCK * once[:-BLOCK]
    return _mixed(a, b)


# ---- the sender


@dataclass(frozen=True)
class Question:
    """What to ask of the base."""

    offset: int
    size: int
    weak: bool


@dataclass
class Run:
    """So much of the file, in order: `data[start:end]`; `source` is where in the base it is found too, -1 nowhere."""

    data: memoryview
    start: int
    end: int
    source: int = -1

    @property
    def size(self) -> int:
        return self.end - self.start


@dataclass(frozen=True)
class Taken:
    """What one Patch says. `content` is all of it, `ops` and `data` are what goes over the line."""

    content: list[memoryview]
    size: int
    ops: list[int]
    data: bytes


@dataclass
class _Window:
    strong: bytes
    weak: np.ndarray | None = None


@dataclass
class _Sieve:
    """The blocks of some windows by their rolling sums."""

    windows: tuple[int, ...]
    first: np.ndarray  # is there any with these low bits
    sums: np.ndarray  # sorted
    blocks: np.ndarray  # their numbers


@dataclass
class Differ:
    """`base` bytes there, `size` here, the first `at` of which are there already."""

    base: int
    size: int
    at: int
    hopeless: bool = False
    copied: int = 0
    _shift: int = 0  # the byte `at` of the file is expected at `at + shift` of the base
    _windows: dict[int, _Window] = field(default_factory=dict)
    _asked: dict[int, bool] = field(default_factory=dict)  # window, with rolling sums
    _wanted: deque[Question] = field(default_factory=deque)
    _runs: deque[Run] = field(default_factory=deque)
    _lost: int = 0  # bytes since `at` that were compared in vain, and are still to be searched
    _sieve: _Sieve | None = None
    _reach: int = 1
    _literal: int = 0
    _searches: int = 0

    def question(self) -> Question | None:
        """What to ask next, if anything."""
        return self._wanted.popleft() if self._wanted else None

    def heard(self, offset: int, strong: bytes, weak: bytes) -> None:
        """Raises PeerBroke for what was not asked."""
        number, rest = divmod(offset, WINDOW)
        asked = self._asked.pop(number, None)
        size = min(WINDOW, self.base - offset)
        whole = size // BLOCK if asked else 0
        if asked is None or rest or (len(strong), len(weak)) != (-(-size // BLOCK) * STRONG, whole * WEAK):
            raise PeerBroke("The other end described a file that was not asked for.")
        self._windows[number] = _Window(strong, _array(weak) if asked else None)

    def compare(self, read: Callable[[int, int], bytes]) -> bool:
        """Find out about the next bytes, if nothing is left to `take`. `read(offset, count)` reads the file. False: an
        answer is waited for, or the end is reached."""
        while not self._runs and self.at < self.size and not self.hopeless:
            if not self._lost:
                first, last = self._near(STRETCH)
                if not self._have(range(first, last + 1), weak=False):
                    return False
                self._prefetch(last + 1)
            data = memoryview(read(self.at, min(STRETCH, self.size - self.at)))
            if not data:
                return False
            if not (self._search(data) if self._lost else self._walk(data)):
                return False
        return bool(self._runs)

    def take(self, room: int) -> Taken:
        """The next of what `compare` found: at most `room` bytes that go over the line."""
        content: list[memoryview] = []
        ops: list[int] = []
        data: list[memoryview] = []
        size = 0
        while self._runs and room > 0 and size < STRETCH and len(ops) < 3 * OPS_MAX:
            run = self._runs.popleft()
            if run.source < 0:
                if run.size > room:
                    self._runs.appendleft(Run(run.data, run.start + room, run.end))
                    run.end = run.start + room
                room -= run.size
                data.append(run.data[run.start : run.end])
                ops += (run.size, 0, 0)
            elif ops and not ops[-1]:
                ops[-2:] = run.source, run.size
            else:
                ops += (0, run.source, run.size)
            content.append(run.data[run.start : run.end])
            size += run.size
        return Taken(content, size, ops, b"".join(data))

    # ---- at the distance at which the last block was found

    def _walk(self, data: memoryview) -> bool:
        """Compare block by block; what is lost is left for `_search`."""
        ragged = -(self.at + self._shift) % BLOCK
        if ragged:  # a transfer that goes on within a block
            self._give(data[: min(ragged, len(data))])
            return True
        at, end = 0, len(data)
        lost = 0  # where a row of blocks that differ began
        while at < end:
            source = self.at + at + self._shift
            length = min(BLOCK, self.base - source, end - at)
            if length == BLOCK or (0 < length == self.base - source):
                if self._fits(data[at : at + length], source // BLOCK):
                    self._emit(data, lost, at)
                    self._copy(data, at, at + length, source)
                    lost = at + length
                elif at + length - lost >= BLOCKS_LOST * BLOCK:
                    break
            elif length <= 0 and at - lost >= BLOCKS_LOST * BLOCK:
                break
            at += max(1, min(BLOCK, end - at))
        else:
            self._emit(data, lost, end)
            lost = end
        self.at += lost
        if lost < end:
            self._lost = end - lost
        return True

    def _fits(self, data: memoryview, block: int) -> bool:
        number, at = divmod(block * BLOCK, WINDOW)
        window = self._windows.get(number)
        at = at // BLOCK * STRONG
        return window is not None and hashlib.sha256(data).digest()[:STRONG] == window.strong[at : at + STRONG]

    # ---- anywhere near

    def _search(self, data: memoryview) -> bool:
        """Look for any block of the windows near at every byte. False: waits for their rolling sums."""
        first, last = self._near(STRETCH)
        windows = range(max(0, first - self._reach), min(last + self._reach, (self.base - 1) // WINDOW) + 1)
        if not self._have(windows, weak=True):
            return False
        self._lost = 0
        self._searches += 1
        sieve = self._sifted(tuple(windows))
        for at in range(0, len(data), LOOK):
            found = self._found(data[at : at + LOOK + BLOCK - 1], self.at + at, sieve)
            if found is not None:
                here, block = at + found[0], found[1]
                if here:
                    self._give(data[:here])
                self._shift = block * BLOCK - self.at
                self._reach = 1
                return True
        self._give(data)
        self._reach = min(2 * self._reach, REACH)
        return True

    def _found(self, data: memoryview, at: int, sieve: _Sieve) -> tuple[int, int] | None:
        """(byte of `data`, block of the base) of the first block that is there. `at`: where `data` begins."""
        import numpy as np

        if len(data) < BLOCK or not len(sieve.sums):
            return None
        sums = _sums_everywhere(data)
        maybe = np.flatnonzero(sieve.first[sums & ((1 << _BITS) - 1)])
        left = np.searchsorted(sieve.sums, sums[maybe], "left")
        fits = sieve.sums[np.minimum(left, len(sieve.sums) - 1)] == sums[maybe]
        for here, where in zip(maybe[fits].tolist(), left[fits].tolist(), strict=True):
            right = int(np.searchsorted(sieve.sums, sums[here], "right"))
            same = sieve.blocks[where:right]
            expected = (at + here + self._shift) // BLOCK
            block = int(same[np.argmin(np.abs(same - expected))])  # of many that are alike, the one next to here
            if self._fits(data[here : here + BLOCK], block):
                return here, block
        return None

    def _sifted(self, windows: tuple[int, ...]) -> _Sieve:
        import numpy as np

        if self._sieve is None or self._sieve.windows != windows:
            parts = [(number, self._windows[number].weak) for number in windows]
            sums = np.concatenate([weak for _, weak in parts if weak is not None])
            numbers = np.concatenate(
                [number * (WINDOW // BLOCK) + np.arange(len(weak)) for number, weak in parts if weak is not None]
            )
            order = np.argsort(sums, kind="stable")
            first = np.zeros(1 << _BITS, np.bool_)
            first[sums & ((1 << _BITS) - 1)] = True
            self._sieve = _Sieve(windows, first, sums[order], numbers[order])
        return self._sieve

    # ---- windows

    def _near(self, size: int) -> tuple[int, int]:
        """First and last window that `size` bytes from here on are expected in."""
        last = (self.base - 1) // WINDOW
        source = self.at + self._shift
        return max(0, min(last, source // WINDOW)), max(0, min(last, (source + size - 1) // WINDOW))

    def _have(self, numbers: range, *, weak: bool) -> bool:
        """Are they all here? What is missing is asked for, what is far away forgotten."""
        for number in [n for n in self._windows if not numbers.start - REACH <= n < numbers.stop + REACH]:
            del self._windows[number]
        here = True
        for number in numbers:
            window = self._windows.get(number)
            if window is None or (weak and window.weak is None):
                here = False
                self._ask(number, weak)
        return here

    def _prefetch(self, number: int) -> None:
        if number * WINDOW < self.base and number not in self._windows:
            self._ask(number, weak=False)

    def _ask(self, number: int, weak: bool) -> None:
        if number not in self._asked:
            self._asked[number] = weak
            offset = number * WINDOW
            self._wanted.append(Question(offset, min(WINDOW, self.base - offset), weak))

    # ---- what was found

    def _emit(self, data: memoryview, start: int, end: int) -> None:
        if end > start:
            self._runs.append(Run(data, start, end))
            self._literal += end - start

    def _give(self, data: memoryview) -> None:
        """Not there: it goes over the line."""
        self._emit(data, 0, len(data))
        self.at += len(data)
        much = self._literal > max(HOPELESS, self.size // 8) and self.copied < self._literal
        self.hopeless = much or self._searches > SEARCHES + SEARCHES * (self.copied + self._literal) // STRETCH

    def _copy(self, data: memoryview, start: int, end: int, source: int) -> None:
        last = self._runs[-1] if self._runs else None
        if last and last.data is data and 0 <= last.source == source - last.size:
            last.end = end
        else:
            self._runs.append(Run(data, start, end, source))
        self.copied += end - start


def _array(weak: bytes) -> np.ndarray:
    import numpy as np

    return np.frombuffer(weak, "<u4")
