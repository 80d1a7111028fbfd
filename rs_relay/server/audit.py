"""A record that cannot be changed afterwards without trace, even by who takes the relay over later.

    row n = entry (JSON with n, at, event, …) · previous = SHA-256(row n-1) · mac = HMAC(K_n, previous · entry)
    K_1 is given to the operator once and not kept;  K_(n+1) = HMAC(K_n, "next"), and K_n is overwritten

So whoever reads the disk today holds the key of tomorrow's rows only. With K_1 every row can be checked, and an edited,
deleted, inserted or moved row is named. Rows cut off at the end leave no trace in the chain itself: that is what the
head (n and hash) in the system's journal is for, every 100 rows or 10 minutes.

Entries say who did what when. Never in them: the digits of a code's secret half, tokens, keys, tickets, and nothing of
what the ends say to each other, which the relay does not know anyway.

The key's place is a file of its own, overwritten in place: a database keeps old pages about in its log. Rows are
written first and the key moved on after them, both under a lock on that file, since the server and the commands write
here at the same time; a key that is behind the rows (a crash between the two) is moved on when it is next used.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import logging
import os
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Protocol

import msgspec

from rs_relay.errors import LocalProblem, UsageError

log = logging.getLogger("rs_relay")

KEY_PREFIX = "rsk_"
NOTHING = bytes(32)  # the hash before the first row
GAP = 100_000  # missing rows that are still counted one by one
ANCHOR_ROWS = 100
ANCHOR_SECONDS = 600.0
PENDING = 10_000  # entries that wait for the disk; what comes beyond is counted and the count recorded


@dataclass(frozen=True)
class Row:
    """One line of the record."""

    n: int
    entry: str
    previous: bytes
    mac: bytes


@dataclass(frozen=True)
class Fault:
    n: int
    what: str


# The chain, pure


def next_key(key: bytes) -> bytes:
    return hmac.digest(key, b"next", "sha256")


def row_hash(row: Row) -> bytes:
    return hashlib.sha256(row.previous + row.mac + row.entry.encode()).digest()


def seal(n: int, key: bytes, previous: bytes, at: float, event: str, details: dict[str, object]) -> Row:
    moment = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    entry = msgspec.json.encode({"n": n, "at": moment, "event": event, **details}).decode()
    return Row(n, entry, previous, hmac.digest(key, previous + entry.encode(), "sha256"))


def verify(first_key: bytes, rows: Iterable[Row]) -> Iterator[Fault]:
    """What is wrong with the record, row by row. Nothing is yielded for one that is whole."""
    key, expected = first_key, 1
    previous: bytes | None = NOTHING  # None after a row that is not whole: it says nothing about the next
    for row in rows:
        if row.n < expected:
            yield Fault(row.n, "is there twice")
            continue
        if row.n - expected > GAP:
            yield Fault(expected, "is missing, and many after it")
            return
        while expected < row.n:
            yield Fault(expected, "is missing")
            key, expected, previous = next_key(key), expected + 1, None
        good = hmac.compare_digest(hmac.digest(key, row.previous + row.entry.encode(), "sha256"), row.mac)
        if not good:
            yield Fault(row.n, "was changed or added")
        elif previous is not None and row.previous != previous:
            yield Fault(row.n, "does not follow the row before it")
        key, expected, previous = next_key(key), row.n + 1, row_hash(row) if good else None


def parse_key(text: str) -> bytes:
    """Raises UsageError."""
    try:
        key = bytes.fromhex(text.strip().removeprefix(KEY_PREFIX))
    except ValueError:
        key = b""
    if len(key) != 32:
        raise UsageError("That is not an audit key.", f"It begins with {KEY_PREFIX} and was shown once, at the start.")
    return key


# On the disk


class Shelf(Protocol):
    """Where rows are kept."""

    def last_row(self) -> Row | None: ...
    def append(self, rows: Sequence[Row]) -> None:
        """All of them or none, on the disk when this returns."""


class Ledger:
    """The record on `shelf`, with its key in `folder`. Safe between processes, and between threads."""

    def __init__(self, shelf: Shelf, folder: Path) -> None:
        self._shelf = shelf
        self._path = folder / "audit.key"
        self._lock = Lock()

    def create(self) -> str | None:
        """Make the first key where there is none: what the operator must be shown, once."""
        try:
            file = os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_NOFOLLOW, 0o600)
        except FileExistsError:
            return None
        key = secrets.token_bytes(32)
        try:
            _write_key(file, 1, key)
        finally:
            os.close(file)
        return KEY_PREFIX + key.hex()

    def append(self, entries: Sequence[tuple[float, str, dict[str, object]]]) -> Row:
        """Write `entries` (when, event, details); the last row."""
        with self._lock, self._key_file() as file:
            n, key = _read_key(file)
            last = self._shelf.last_row()
            while last is not None and n <= last.n:
                n, key = n + 1, next_key(key)
            previous = row_hash(last) if last is not None else NOTHING
            rows: list[Row] = []
            for at, event, details in entries:
                rows.append(seal(n, key, previous, at, event, details))
                n, key, previous = n + 1, next_key(key), row_hash(rows[-1])
            self._shelf.append(rows)
            _write_key(file, n, key)
            return rows[-1]

    @contextmanager
    def _key_file(self) -> Iterator[int]:
        try:
            file = os.open(self._path, os.O_RDWR | os.O_NOFOLLOW)
        except OSError as e:
            raise LocalProblem(
                f"The key of the audit record cannot be opened: {e.strerror}.",
                "Without audit.key no further entry can be sealed; move relay.db away to begin a new record.",
            ) from e
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file
        finally:
            os.close(file)


def _read_key(file: int) -> tuple[int, bytes]:
    data = os.pread(file, 48, 0)
    if len(data) != 48 or hashlib.sha256(data[:40]).digest()[:8] != data[40:]:
        raise LocalProblem("The key of the audit record is damaged.", "Move relay.db and audit.key away together.")
    return int.from_bytes(data[:8], "big"), data[8:40]


def _write_key(file: int, n: int, key: bytes) -> None:
    data = n.to_bytes(8, "big") + key
    os.pwrite(file, data + hashlib.sha256(data).digest()[:8], 0)
    os.fsync(file)


# While the relay runs


class Trail:
    """Takes entries from the event loop and writes them in `thread`, many at a time when they come fast."""

    def __init__(self, ledger: Ledger, thread: Executor, wall_clock: Callable[[], float] = time.time) -> None:
        self._ledger = ledger
        self._thread = thread
        self._clock = wall_clock
        self._pending: list[tuple[float, str, dict[str, object]]] = []
        self._dropped = 0
        self._lock = Lock()
        self._anchored = (0, wall_clock())

    def record(self, event: str, **details: object) -> None:
        with self._lock:
            if len(self._pending) >= PENDING:
                self._dropped += 1
                return
            self._pending.append((self._clock(), event, details))
            first = len(self._pending) == 1
        if first:
            self._thread.submit(self._write)

    def _write(self) -> None:
        with self._lock:
            entries, self._pending = self._pending, []
            dropped, self._dropped = self._dropped, 0
        if dropped:
            entries.append((self._clock(), "entries-dropped", {"count": dropped}))
        if not entries:
            return
        try:
            last = self._ledger.append(entries)
        except Exception:
            log.exception("! %d audit entries could not be written", len(entries))
            return
        n, at = self._anchored
        if last.n - n >= ANCHOR_ROWS or self._clock() - at >= ANCHOR_SECONDS:
            self._anchored = (last.n, self._clock())
            log.info("= audit head %d %s", last.n, row_hash(last).hex())
