"""The sessions this technician holds, numbered 1, 2, 3 …: one file each, 0600, in the state directory.

Any number of `rs` processes read and write here at once, without a lock: a number is taken by creating its file
exclusively, a change is a rename, and a file that disappears in between is a session that is gone.
The keys of an ended session are wiped at once; the rest of its entry stays a day, so that `rs sessions list` can say
how it ended, and so that its number is not given to another customer within the same phone call.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from time import time

import msgspec

from rs_cli.state.private import private_dir, read_private, state_dir, write_private
from rs_relay.errors import LocalProblem, NoSuchSession, SessionEnded, UsageError

KEPT = 24 * 3600.0  # seconds an ended session is still listed
CLAIM = 60.0  # seconds after which a number that was claimed and never filled (the process died) is free again
NOT_BACK = "The customer's computer did not come back in time after its restart."
SUFFIX = ".session"


class Entry(msgspec.Struct, frozen=True):
    """One session. `key` opens it, `door` lets the relay pass a knock: both are secrets and never shown."""

    number: int
    customer: str  # as the customer's computer calls itself: text of the other side
    relay: str
    host: str
    door: str  # hex
    key: str  # hex
    role: str  # 'joiner' | 'holder': which end of the first handshake this technician was
    created: float  # seconds since the epoch
    ended: float = 0.0
    outcome: str = ""  # how it ended, one sentence
    due: float = 0.0  # its computer restarts and must be back by then, seconds since the epoch; 0: no restart

    @property
    def is_open(self) -> bool:
        return not self.ended

    def __repr__(self) -> str:
        return f"Entry({self.number}, relay={self.relay!r}, host={self.host!r}, ended={self.ended})"


class Book:
    def __init__(self, directory: Path | None = None, clock: Callable[[], float] = time) -> None:
        self._dir = private_dir(directory or state_dir() / "sessions")
        self._clock = clock

    def add(self, entry: Entry) -> Entry:
        """Write `entry` under the lowest free number, and return it with that number."""
        entry = msgspec.structs.replace(entry, number=self._claim())
        self._write(entry)
        return entry

    def entries(self) -> list[Entry]:
        """All that are open or ended less than a day ago, by number."""
        found = [self._in_time(entry) for path in self._files() if (entry := self._read(path))]
        return sorted(found, key=lambda entry: entry.number)

    def open_entries(self) -> list[Entry]:
        return [entry for entry in self.entries() if entry.is_open]

    def get(self, number: int) -> Entry:
        """Raises NoSuchSession."""
        entry = self._read(self._path(number))
        if entry is None:
            raise NoSuchSession(f"You hold no session {number}.")
        return entry

    def pick(self, number: int | None) -> Entry:
        """The open session of that number; without a number the only open one.

        Raises NoSuchSession, SessionEnded, or UsageError when several are open."""
        if number is not None:
            entry = self._in_time(self.get(number))
            if not entry.is_open:
                raise SessionEnded(f"Session {number} has ended.", entry.outcome if entry.outcome == NOT_BACK else None)
            return entry
        entries = self.open_entries()
        if not entries:
            raise NoSuchSession("You hold no session.", "`rs connect` joins one by the customer's code.")
        if len(entries) > 1:
            numbers = ", ".join(str(entry.number) for entry in entries)
            raise UsageError(f"Several sessions are open ({numbers}).", "Say which one, by its number.")
        return entries[0]

    def rename(self, number: int, customer: str) -> Entry:
        entry = msgspec.structs.replace(self.get(number), customer=customer)
        self._write(entry)
        return entry

    def expect(self, number: int, seconds: float) -> None:
        """Its computer restarts now and has so long to come back; 0: it is back. An ended one stays as it is."""
        entry = self.get(number)
        due = self._clock() + seconds if seconds else 0.0
        if entry.is_open and (due or entry.due):
            self._write(msgspec.structs.replace(entry, due=due))

    def waits(self, number: int) -> float:
        """Seconds that are left to a computer that restarts, below 0 when its time is over; 0.0 when none does."""
        due = self.get(number).due
        return due - self._clock() if due else 0.0

    def end(self, number: int, outcome: str) -> Entry:
        """Wipe the keys and say how it ended. Ending twice keeps the first outcome."""
        entry = self.get(number)
        if not entry.is_open:
            return entry
        ended = msgspec.structs.replace(entry, door="", key="", ended=self._clock(), outcome=outcome)
        self._wipe_then(ended)
        return ended

    def _in_time(self, entry: Entry) -> Entry:
        """Ended, if its computer has not come back in time: the agent has given it up, too."""
        late = entry.is_open and entry.due and self._clock() > entry.due
        return self.end(entry.number, NOT_BACK) if late else entry

    def _claim(self) -> int:
        for number in range(1, 100_000):
            self._read(self._path(number))  # frees a number whose time has passed
            try:
                os.close(os.open(self._path(number), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            except FileExistsError:
                continue
            except OSError as e:
                raise LocalProblem(f"{self._dir} cannot be written: {e.strerror}.") from e
            return number
        raise LocalProblem("The book of sessions is full.", f"Look into {self._dir}.")

    def _read(self, path: Path) -> Entry | None:
        entry, age = self._load(path)
        if age > CLAIM or (entry and entry.ended and self._clock() - entry.ended > KEPT):
            self._drop(path)
            return None
        return entry

    def _load(self, path: Path) -> tuple[Entry | None, float]:
        """(the entry, 0), or (None, the age of the claim that the file is, 0 when there is no file)."""
        for last_try in (False, False, True):
            data = read_private(path)
            if data is None:
                return None, 0.0
            if not data:
                return None, self._age(path)
            try:
                return msgspec.json.decode(data, type=Entry), 0.0
            except msgspec.DecodeError as e:
                # A reader that opened the file just before its keys were wiped sees the wiping; the next look is whole.
                if last_try:
                    hint = "Delete it: that session can then not be resumed."
                    raise LocalProblem(f"{path} is damaged.", hint) from e
        return None, 0.0

    def _age(self, path: Path) -> float:
        try:
            return self._clock() - path.stat().st_mtime
        except FileNotFoundError:
            return 0.0

    def _drop(self, path: Path) -> None:
        """Take the file away, unless another process has meanwhile made it a new session."""
        aside = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
        try:
            os.rename(path, aside)
        except FileNotFoundError:
            return  # another process was first
        entry, age = self._load(aside)
        if not (age > CLAIM or (entry and entry.ended)):
            os.link(aside, path)
        aside.unlink()

    def _wipe_then(self, ended: Entry) -> None:
        """Replace the file, then overwrite the old one's blocks through the handle that still holds them."""
        path = self._path(ended.number)
        with open(path, "r+b") as old:
            size = os.fstat(old.fileno()).st_size
            self._write(ended)
            old.write(bytes(size))
            old.flush()
            os.fsync(old.fileno())

    def _write(self, entry: Entry) -> None:
        write_private(self._path(entry.number), msgspec.json.encode(entry))

    def _path(self, number: int) -> Path:
        return self._dir / f"{number}{SUFFIX}"

    def _files(self) -> list[Path]:
        return [path for path in self._dir.glob(f"*{SUFFIX}") if path.stem.isdecimal()]
