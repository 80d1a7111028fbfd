"""The folder in which all `rs` programs of this user tell each other what they move, and ask each other to do things.

    7.transfer              a record, written by the program that moves it, a few times a second at most
    7.<random>.ask          what somebody wants of it; whoever moves it takes the file away when it is done
    <random>.program        a program's sign of life (`alive`)

There is no daemon and no socket: files behave alike on every system, and whoever may write here may read the
session's keys next door anyway. Everything is 0600. What is done stays LATELY, without its paths; what failed or was
stopped stays a day, since it can be done again from its record.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import sleep, time

import msgspec

from rs_cli.state.private import private_dir, read_private, state_dir
from rs_cli.transfers.alive import Sign, alive
from rs_cli.transfers.record import Record, State
from rs_relay.errors import LocalProblem, NoSuchSession, Unreachable

LATELY = 600.0  # seconds
KEPT = 24 * 3600.0  # seconds
CLAIM = 60.0  # seconds after which a number without a record, or a program without a lock, is nobody's
PATIENCE = 3.0  # seconds a program has to do what it was asked
RECORD, ASK, PROGRAM = ".transfer", ".ask", ".program"


class Ask(msgspec.Struct, frozen=True):
    what: str  # a verb of `rs transfers`
    rate: int = 0  # for 'limit'


class Board:
    def __init__(self, directory: Path | None = None, clock: Callable[[], float] = time) -> None:
        self._dir = private_dir(directory or state_dir() / "transfers")
        self._clock = clock
        self._sign: Sign | None = None
        self._owner = ""

    # ---- for the program that moves

    @property
    def owner(self) -> str:
        """This program, as its records name it; from the first time on others can see that it lives."""
        if not self._sign:
            self._owner = secrets.token_hex(8)
            self._sign = Sign(self._dir / f"{self._owner}{PROGRAM}")
        return self._owner

    def close(self) -> None:
        if self._sign:
            self._sign.close()
            self._sign = None

    def claim(self) -> int:
        """A number for a transfer: above all that are listed."""
        number = max(self._numbers(), default=0)
        while True:
            number += 1
            try:
                os.close(os.open(self._path(number), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            except FileExistsError:
                continue
            except OSError as e:
                raise LocalProblem(f"{self._dir} cannot be written: {e.strerror}.") from e
            return number

    def write(self, record: Record) -> None:
        """Not flushed to the disk: after a power failure nothing moves any more."""
        path = self._path(record.id)
        beside = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
        try:
            fd = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(fd, "wb") as file:
                file.write(msgspec.json.encode(record))
            os.replace(beside, path)
        except OSError as e:
            with suppress(OSError):
                beside.unlink()
            raise LocalProblem(f"{path} cannot be written: {e.strerror}.") from e

    def asked(self) -> list[tuple[int, Ask, Path]]:
        """What is wanted of transfers: number, what, and the file to take away once it is done."""
        found: list[tuple[int, Ask, Path]] = []
        for path in sorted(self._files(ASK)):
            number = path.name.partition(".")[0]
            try:
                data = read_private(path)
                if data and number.isdecimal():
                    found.append((int(number), msgspec.json.decode(data, type=Ask), path))
            except (LocalProblem, msgspec.DecodeError):
                continue  # half of it is there yet, or it is not ours
        return found

    # ---- for everybody

    def records(self) -> list[Record]:
        """All that move or have moved lately, by number. Forgets what is old."""
        now = self._clock()
        self._sweep(now)
        found = []
        for number in sorted(self._numbers()):
            record = self._read(number)
            if record is None:
                continue
            kept = LATELY if record.state is State.DONE else KEPT
            if record.state.is_over and now - max(record.ended, record.began, self._touched(number)) > kept:
                self.remove(number)
            else:
                found.append(record)
        return found

    def get(self, number: int) -> Record:
        """Raises NoSuchSession."""
        record = self._read(number)
        if record is None:
            raise NoSuchSession(f"There is no transfer {number}.", "`rs transfers` lists them.")
        return record

    def remove(self, number: int) -> None:
        with suppress(OSError):
            self._path(number).unlink()

    def ask(self, number: int, ask: Ask) -> Record:
        """Have the program that moves it do so; the record after it. Raises NoSuchSession, Unreachable."""
        if not self.lives(self.get(number)):
            raise Unreachable(
                f"The program that moved transfer {number} has ended.",
                f"`rs transfers retry {number}` goes on with it.",
            )
        path = self._dir / f"{number}.{secrets.token_hex(6)}{ASK}"
        beside = path.with_name(f".{path.name}")
        try:
            with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(msgspec.json.encode(ask))
            os.replace(beside, path)
        except OSError as e:
            raise LocalProblem(f"{path} cannot be written: {e.strerror}.") from e
        for _ in range(int(PATIENCE / 0.05)):
            if not path.exists():
                return self.get(number)
            sleep(0.05)
        with suppress(OSError):
            path.unlink()
        raise Unreachable(f"The program that moves transfer {number} does not answer.", "Look at its terminal.")

    def lives(self, record: Record) -> bool:
        """Whether the program that moves it, or keeps it on its screen, still runs."""
        return alive(self._dir / f"{record.owner}{PROGRAM}")

    # ---- how

    def _read(self, number: int) -> Record | None:
        data = read_private(self._path(number))
        if not data:
            return None
        try:
            record = msgspec.json.decode(data, type=Record)
        except msgspec.DecodeError:
            return None  # another version's
        if not record.state.is_over and not self.lives(record):
            return msgspec.structs.replace(record, state=State.STOPPED, rate=0.0, place=0)
        return record

    def _touched(self, number: int) -> float:
        """When its program last wrote it."""
        try:
            return self._path(number).stat().st_mtime
        except OSError:
            return 0.0

    def _sweep(self, now: float) -> None:
        """What programs left that did not end well."""
        for suffix in (ASK, PROGRAM, RECORD):
            for path in self._files(suffix):
                with suppress(OSError):
                    found = path.stat()
                    empty = suffix != RECORD or not found.st_size
                    if now - found.st_mtime > CLAIM and empty and not (suffix == PROGRAM and alive(path)):
                        path.unlink()

    def _path(self, number: int) -> Path:
        return self._dir / f"{number}{RECORD}"

    def _files(self, suffix: str) -> list[Path]:
        with os.scandir(self._dir) as entries:
            return [Path(e.path) for e in entries if e.name.endswith(suffix) and not e.name.startswith(".")]

    def _numbers(self) -> list[int]:
        return [int(path.stem) for path in self._files(RECORD) if path.stem.isdecimal()]
