"""The receiving disk: one folder, and where in it each batch lands.

Law: under a final name there is never anything but a whole file whose hash was right, a file that was there before is
never touched unless `overwrite` was asked for, and nothing is written outside the folder, whatever happens between
two of our system calls (`names` refuses, `folder` holds on, `part` publishes).

    .rs-part-<hex>.dir      which directory an unfinished batch of files is filling; gone when the batch is complete
"""

from __future__ import annotations

import hashlib
import itertools
import os
from pathlib import Path

from rs_relay.errors import DiskFull, LocalProblem, RsError
from rs_relay.transfer import folder as folders
from rs_relay.transfer import resume
from rs_relay.transfer.folder import Folder, flush, read_at, write_at
from rs_relay.transfer.names import PART_PREFIX, numbered, safe_name
from rs_relay.transfer.part import Existing, Part, Wanted, existing_hash, no_room, put_whole, trouble

MARGIN = 64 * 1024 * 1024  # room left to the computer's owner …
MARGIN_SHARE = 20  # … but no more than this part of a small disk
TOUCHED = 32  # directories open at once for a batch
PARKED = 64  # running hashes kept for files whose link broke; a file beyond that is read again
MARKER = ".dir"


class Store:
    """A folder that receives, opened once. What all batches of one program share: which partial files are in use,
    and the running hashes of those whose link broke."""

    def __init__(self, path: Path, *, margin: int = MARGIN) -> None:
        """Makes the folder (0700) if need be. Raises LocalProblem."""
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.root: Folder = folders.hold(path)
        except OSError as e:
            raise LocalProblem("The folder for received files cannot be opened.", e.strerror or "") from e
        self.margin = margin
        self.busy: dict[str, object] = {}
        self.promised: dict[object, int] = {}
        self._parked: dict[str, tuple[tuple[int, ...], int, hashlib._Hash]] = {}

    def close(self) -> None:
        self.root.close()

    def landing(self, key: str, *, into: str = "", overwrite: bool = False, rename: str = "") -> Landing:
        """Where one batch lands; `rename`: what its topmost thing is called here, whatever the sender calls it.

        Raises RsError for a folder name that may not be."""
        return Landing(self, key, safe_name(into) if into else (), overwrite, rename)

    def free(self) -> int:
        """Bytes that a new file may have: beside what running transfers still need, and what is left to the owner."""
        total, free = self.root.space()
        return free - min(self.margin, total // MARGIN_SHARE) - sum(self.promised.values())

    def check_room(self, needed: int) -> None:
        short = needed - self.free()
        if needed > 0 and short > 0:
            _, free = self.root.space()
            raise DiskFull(no_room(free + short, free))

    def park(self, name: str, fd: int, offset: int, running: hashlib._Hash) -> None:
        self._parked.pop(name, None)
        while len(self._parked) >= PARKED:
            self._parked.pop(next(iter(self._parked)))
        self._parked[name] = (_version(os.fstat(fd)), offset, running)

    def parked(self, name: str, fd: int) -> tuple[int, hashlib._Hash] | None:
        """Length and running hash of a partial file that this program left and nobody has touched since."""
        version, offset, running = self._parked.pop(name, ((), 0, hashlib.sha256()))
        return (offset, running) if version == _version(os.fstat(fd)) else None

    def sweep(self, now: float) -> None:
        """Remove the partial files at the folder's top that nobody took up for a week. `now`: seconds since 1970."""
        for name in self.root.names():
            if name.startswith(PART_PREFIX) and self._age(name, now) > resume.KEEP_DAYS * 86400:
                self.root.unlink(name)

    def _age(self, name: str, now: float) -> float:
        try:
            return now - self.root.stat(name).st_mtime
        except OSError:
            return 0.0


def _version(found: os.stat_result) -> tuple[int, ...]:
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


class Landing:
    """Where one batch lands: `Store`'s folder, or one below it."""

    def __init__(self, store: Store, key: str, into: tuple[str, ...], overwrite: bool, rename: str) -> None:
        self._store, self._key, self._into, self._overwrite, self._rename = store, key, into, overwrite, rename
        self._tops: dict[str, tuple[str, bool]] = {}  # directory sent -> (its name here, is it gone on with)
        self._touched: dict[tuple[str, ...], Folder] = {}  # folders written to since the last settle()
        self._markers: list[str] = []

    def folder(self, name: str, key: str) -> str:
        """Make a directory; its name here."""
        actual = self._below(self._parts(name), key)
        self._open(actual)
        return "/".join(actual)

    def begin(self, name: str, size: int, mtime_ns: int, key: str) -> Part | Existing:
        """The partial file of that name: what was left of it, or a new one."""
        wanted = self._wanted(name, size, mtime_ns, key)
        parents = wanted.parts[:-1]

        def start() -> Part:
            return Part(self._store, self._open(parents), wanted)

        sha256 = existing_hash(self._open(parents), wanted.final, size) if self._goes_on(name) else None
        return Existing("/".join(wanted.parts), size, sha256, start) if sha256 else start()

    def whole(self, name: str, data: memoryview, sha256: bytes, mtime_ns: int) -> str:
        """A small file at once; its name here."""
        wanted = self._wanted(name, data.nbytes, mtime_ns, "")
        folder = self._open(wanted.parts[:-1])
        if self._goes_on(name) and existing_hash(folder, wanted.final, data.nbytes) == sha256:
            return "/".join(wanted.parts)
        return put_whole(self._store, folder, wanted, data)

    def again(self) -> None:
        """The sender begins anew: files in the directories of this batch may be there already."""
        self._tops = {top: (name, not self._overwrite) for top, (name, _) in self._tops.items()}

    def settle(self) -> None:
        """Make the names given since the last call last: nothing may be reported as saved before."""
        touched, self._touched = self._touched, {}
        for folder in touched.values():
            try:
                folder.sync()
            except OSError as e:
                raise trouble(e) from e
            finally:
                folder.close()

    def complete(self) -> None:
        """The batch has arrived without a failure: its directories are finished."""
        markers, self._markers = self._markers, []
        for marker in markers:
            try:
                self._open(()).unlink(marker)
            except OSError as e:
                raise trouble(e) from e
        self.settle()

    def _parts(self, name: str) -> tuple[str, ...]:
        parts = safe_name(name)
        return (self._rename, *parts[1:]) if self._rename else parts

    def _wanted(self, name: str, size: int, mtime_ns: int, key: str) -> Wanted:
        parts = self._parts(name)
        actual = self._below(parts, self._key) if len(parts) > 1 else parts
        return Wanted(actual, size, mtime_ns, key, self._overwrite)

    def _goes_on(self, name: str) -> bool:
        """Is it in a directory that an unfinished batch began?"""
        parts = self._parts(name)
        return len(parts) > 1 and self._tops[parts[0]][1]

    def _open(self, parts: tuple[str, ...]) -> Folder:
        if parts not in self._touched:
            if len(self._touched) >= TOUCHED:
                self.settle()
            try:
                self._touched[parts] = self._store.root.below(self._into + parts, create=True)
            except OSError as e:
                raise trouble(e) from e
        return self._touched[parts]

    def _below(self, parts: tuple[str, ...], key: str) -> tuple[str, ...]:
        """`parts` with the name that the topmost directory has here."""
        top = parts[0]
        if top not in self._tops:
            try:
                self._tops[top] = self._claim(top, key)
            except OSError as e:
                raise trouble(e) from e
        return (self._tops[top][0], *parts[1:])

    def _claim(self, top: str, key: str) -> tuple[str, bool]:
        """A directory for `top`: the one that an unfinished batch began, else a new one of a free name."""
        if self._overwrite:
            return top, False
        folder = self._open(())
        marker = resume.part_name(key, top) + MARKER
        self._markers.append(marker)
        if name := _read_marker(folder, marker):
            return name, True
        for number in itertools.count():
            name = numbered(top, number)
            try:
                folder.make(name)
            except FileExistsError:
                continue
            _write_marker(folder, marker, name)
            return name, False
        raise AssertionError("unreachable")


def _read_marker(folder: Folder, marker: str) -> str | None:
    """The directory that the marker names, if it is one of this folder."""
    try:
        fd = folder.open(marker)
    except OSError:
        return None
    try:
        (name,) = safe_name(read_at(fd, 1024, 0).decode())
        folder.below((name,), create=False).close()
    except (OSError, ValueError, RsError):
        return None
    finally:
        os.close(fd)
    return name


def _write_marker(folder: Folder, marker: str, name: str) -> None:
    folder.unlink(marker)
    fd = folder.create(marker)
    try:
        write_at(fd, memoryview(name.encode()), 0)
        flush(fd)
    finally:
        os.close(fd)
