"""The receiving disk: one folder, and where in it each batch lands.

Law: under a final name there is never anything but a whole file whose hash was right, a file that was there before is
never touched unless `overwrite` was asked for (one of the same batch not even then: `taken`), and nothing is written
outside the folder, whatever happens between two of our system calls (`names` refuses, `folder` holds on, `part`
publishes).

    .rs-part-<hex>.dir      which directory an unfinished batch of files is filling; gone when the batch is complete
"""

from __future__ import annotations

import hashlib
import itertools
import os
import secrets
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rs_relay.errors import DiskFull, LocalProblem, NotAllowed, RsError, TransferFailed, UsageError
from rs_relay.transfer import folder as folders
from rs_relay.transfer import messages as m
from rs_relay.transfer import resume
from rs_relay.transfer.folder import Folder, flush, read_at, write_at
from rs_relay.transfer.names import PART_PREFIX, numbered, safe_name, stays_within
from rs_relay.transfer.outcome import Kept
from rs_relay.transfer.part import RECORD, Existing, Part, Wanted, existing_hash, no_room, trouble
from rs_relay.transfer.small import Small
from rs_relay.transfer.taken import Taken

MARGIN = 64 * 1024 * 1024  # room left to the computer's owner …
MARGIN_SHARE = 20  # … but no more than this part of a small disk
SWEPT = 1024  # directories that one batch looks for litter in
TOUCHED = 32  # directories open at once for a batch
PARKED = 64  # running hashes kept for files whose link broke; a file beyond that is read again
MARKER = ".dir"


class Store:
    """A folder that receives, opened once. What all batches of one program share: which partial files are in use,
    and the running hashes of those whose link broke."""

    def __init__(self, path: Path | Folder, *, margin: int = MARGIN) -> None:
        """Makes the folder (0700) if need be; one that is held already is closed with this. Raises LocalProblem."""
        try:
            self.root = _hold(path) if isinstance(path, Path) else path
        except OSError as e:
            raise LocalProblem("The folder for received files cannot be opened.", e.strerror or "") from e
        self.margin = margin
        self.busy: dict[str, object] = {}
        self.promised: dict[object, int] = {}
        self.today: float | None = None  # of the last sweep
        self._parked: dict[str, tuple[tuple[int, ...], int, hashlib._Hash]] = {}

    def close(self) -> None:
        self.root.close()

    def landing(
        self,
        key: str,
        *,
        into: str = "",
        overwrite: bool = False,
        rename: str = "",
        if_newer: bool = False,
        modes: bool = False,
        links: bool = False,
        reached: Reached | None = None,
    ) -> Landing:
        """Where one batch lands; `rename`: what its topmost thing is called here, whatever the sender calls it; the
        others as in `messages.Open`. Raises RsError for a folder name that may not be."""
        how = How(overwrite or if_newer, if_newer, modes, links, reached)
        return Landing(self, key, safe_name(into) if into else (), how, rename)

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
        """Remove the partial files that nobody took up for a week: at the folder's top now, and in each folder below
        it when a large file next arrives there. `now`: seconds since 1970."""
        self.today = now
        _sweep(self.root, now)


def _hold(path: Path) -> Folder:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folders.hold(path)


def _sweep(folder: Folder, now: float) -> None:
    for name in folder.names():
        if not name.startswith(PART_PREFIX):
            continue
        try:
            age = now - folder.stat(name).st_mtime
        except OSError:
            continue
        part = name.removesuffix(RECORD)
        if age > resume.KEEP_DAYS * 86400 and not folders.in_use(folder, part):  # a transfer may rest for longer
            folder.unlink(name)


def _version(found: os.stat_result) -> tuple[int, ...]:
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


Reached = Callable[[str, os.stat_result | None], bool]


@dataclass(frozen=True)
class How:
    overwrite: bool
    if_newer: bool
    modes: bool
    links: bool
    reached: Reached | None  # whether something may be put under a name, and into a directory that is there


class Landing:
    """Where one batch lands: `Store`'s folder, or one below it."""

    def __init__(self, store: Store, key: str, into: tuple[str, ...], how: How, rename: str) -> None:
        self._store, self._key, self._into, self._how, self._rename = store, key, into, how, rename
        self._tops: dict[str, str] = {}  # directory sent -> its name here
        self._going: set[str] = set()  # of those here, the ones that are gone on with
        self._touched: dict[tuple[str, ...], Folder] = {}  # folders written to since the last settle()
        self._swept: set[tuple[str, ...]] = set()
        self._small = Small(store)
        self._only = ""  # what the one thing that is renamed is called by the sender
        self._placed: dict[int, str | RsError] = {}  # of `_small`
        self._markers: list[str] = []
        self._taken = Taken()

    def expect(self, size: int) -> None:
        """So many bytes are to come in all. Raises DiskFull where it is plain that they find no room; what an earlier
        run left is not looked at closely, and counts as some of them."""
        short = size - self._store.free()
        if short > 0 and not self._how.overwrite and short > _left(self._open(())):
            self._store.check_room(size)

    def folder(self, name: str, key: str) -> str:
        """Make a directory; its name here."""
        actual = self._below(self._parts(name), key)
        self._open(actual)
        return "/".join(actual)

    def finish(self, finished: m.Finish) -> None:
        """Nothing more is written to that directory: its time and mode are set now, or writing would change them."""
        folder = self._open(self._below(self._parts(finished.name), self._key))
        folder.finish(finished.mtime_ns, finished.mode if self._how.modes else m.UNKNOWN)

    def begin(self, name: str, size: int, mtime_ns: int, key: str, mode: int = m.UNKNOWN) -> Part | Existing | Kept:
        """The partial file of that name: what was left of it, or a new one."""
        wanted = self._wanted(name, size, mtime_ns, key, mode)
        parents = wanted.parts[:-1]
        folder = self._open(parents)
        if self._as_new(folder, wanted):
            return Kept()
        self._sweep(folder, parents)

        def start() -> Part:
            return Part(self._store, self._open(parents), wanted)

        sha256 = existing_hash(folder, wanted.final, size) if self._goes_on(wanted) else None
        return Existing("/".join(wanted.parts), size, sha256, start) if sha256 else start()

    def wholes(self, files: Sequence[m.Whole]) -> list[str | RsError | Kept]:
        """Small files, all together; of each its name here, or why it has none."""
        done: dict[int, str | RsError | Kept] = {}
        for number, file in enumerate(files):
            try:
                done.update(self._whole(number, file))
            except RsError as e:
                done[number] = e
        self._place()
        done.update(self._placed)
        self._placed = {}
        return [done[number] for number in range(len(files))]

    def link(self, link: m.Link) -> str | Kept:
        """A symbolic link, kept as one; its name here."""
        parts = self._parts(link.name)
        if not self._how.links:
            raise TransferFailed("A symbolic link; this transfer carries none.", "")
        if not stays_within(parts, link.target):
            raise TransferFailed("A symbolic link that leads out of what is sent.", "")
        wanted = self._wanted(link.name, 0, 0, "")
        folder = self._open(wanted.parts[:-1])
        try:
            if _leads(folder, wanted.final) == link.target and (self._how.overwrite or self._goes_on(wanted)):
                return Kept() if self._how.if_newer else "/".join(wanted.parts)
            return wanted.named(_publish_link(folder, link.target, wanted))
        except OSError as e:
            raise trouble(e) from e

    def again(self) -> None:
        """The sender begins anew: files in the directories of this batch may be there already."""
        if not self._how.overwrite:
            self._going.update(self._tops.values())

    def settle(self) -> None:
        """Make the names given since the last call last: nothing may be reported as saved before."""
        self._place()
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

    def _sweep(self, folder: Folder, parts: tuple[str, ...]) -> None:
        """Once in each folder below the store's; of a batch with very many, in the first ones."""
        if self._store.today is None or not self._into + parts or parts in self._swept or len(self._swept) >= SWEPT:
            return
        self._swept.add(parts)
        try:
            _sweep(folder, self._store.today)
        except OSError:
            pass  # a folder that may be written to and not read

    def _parts(self, name: str) -> tuple[str, ...]:
        parts = safe_name(name)
        if self._rename:
            self._only = self._only or parts[0]
            if parts[0] != self._only:
                raise UsageError("Only one thing can be given that name.", "Name a folder that is there.")
            parts = (self._rename, *parts[1:])
        if self._how.reached and not all(self._how.reached(part, None) for part in parts):
            raise NotAllowed("Hidden files and folders of the customer's are not reached.")
        return parts

    def _wanted(self, name: str, size: int, mtime_ns: int, key: str, mode: int = m.UNKNOWN) -> Wanted:
        parts = self._parts(name)
        actual = self._below(parts, self._key) if len(parts) > 1 else parts
        if self._how.overwrite:
            folder = self._open(actual[:-1])
            try:
                actual = (*actual[:-1], self._taken.name(folder, name, actual[-1]))
            except OSError as e:
                raise trouble(e) from e
        return Wanted(actual, size, mtime_ns, key, self._how.overwrite, mode if self._how.modes else m.UNKNOWN)

    def _whole(self, number: int, file: m.Whole) -> dict[int, str | Kept]:
        """What is to be said of it at once; nothing where it has been put with the others."""
        wanted = self._wanted(file.name, file.data.nbytes, file.mtime_ns, "", file.mode)
        folder = self._open(wanted.parts[:-1])
        if self._as_new(folder, wanted):
            return {number: Kept()}
        if self._goes_on(wanted) and existing_hash(folder, wanted.final, file.data.nbytes) == file.sha256:
            return {number: "/".join(wanted.parts)}
        self._small.put(number, folder, wanted, file.data)
        return {}

    def _place(self) -> None:
        self._placed.update(self._small.publish())

    def _as_new(self, folder: Folder, wanted: Wanted) -> bool:
        """Whether what is here stays, as only what is newer was to be taken."""
        if not self._how.if_newer:
            return False
        try:
            found = folder.stat(wanted.final)
        except OSError:
            return False
        return stat.S_ISREG(found.st_mode) and found.st_mtime_ns >= wanted.mtime_ns

    def _goes_on(self, wanted: Wanted) -> bool:
        """Is it in a directory that an unfinished batch began?"""
        return len(wanted.parts) > 1 and wanted.parts[0] in self._going

    def _open(self, parts: tuple[str, ...]) -> Folder:
        if parts not in self._touched:
            if len(self._touched) >= TOUCHED:
                self.settle()
            try:
                self._touched[parts] = self._walk(self._into + parts)
            except OSError as e:
                raise trouble(e) from e
        return self._touched[parts]

    def _walk(self, parts: tuple[str, ...]) -> Folder:
        if not self._how.reached:
            return self._store.root.below(parts, create=True)
        at = self._store.root.copy()
        for part in parts:
            try:
                below = at.below((part,), create=True)
            finally:
                at.close()
            at = below
            if not self._how.reached(part, at.here()):
                at.close()
                raise NotAllowed("That folder is not reached.")
        return at

    def _below(self, parts: tuple[str, ...], key: str) -> tuple[str, ...]:
        """`parts` with the name that the topmost directory has here."""
        top = parts[0]
        if top not in self._tops:
            try:
                self._tops[top] = self._claim(top, key)
            except OSError as e:
                raise trouble(e) from e
        return (self._tops[top], *parts[1:])

    def _claim(self, top: str, key: str) -> str:
        """A directory for `top`: the one that an unfinished batch began, else a new one of a free name."""
        if self._how.overwrite:
            return top
        folder = self._open(())
        marker = resume.part_name(key, top) + MARKER
        self._markers.append(marker)
        if name := _read_marker(folder, marker):
            self._going.add(name)
            return name
        for number in itertools.count():
            name = numbered(top, number)
            try:
                folder.make(name)
            except FileExistsError:
                continue
            _write_marker(folder, marker, name)
            return name
        raise AssertionError("unreachable")


def _left(folder: Folder) -> int:
    """Bytes of unfinished files, and of the directories that unfinished batches fill."""
    try:
        return sum(_held(folder, name) for name in folder.names() if name.startswith(PART_PREFIX))
    except OSError:
        return 0


def _held(folder: Folder, name: str) -> int:
    if not name.endswith(MARKER):
        return folder.stat(name).st_size
    top = _read_marker(folder, name)
    return _tree(folder, top) if top else 0


def _tree(folder: Folder, name: str) -> int:
    below = folder.below((name,), create=False)
    try:
        size = 0
        for each in below.names():
            found = below.stat(each)
            size += _tree(below, each) if stat.S_ISDIR(found.st_mode) else found.st_size
        return size
    finally:
        below.close()


def _leads(folder: Folder, name: str) -> str | None:
    """Where the link of that name leads, if there is one."""
    try:
        return folder.link(name)
    except OSError:
        return None


def _publish_link(folder: Folder, target: str, wanted: Wanted) -> str:
    temporary = PART_PREFIX + secrets.token_hex(8)
    folder.make_link(temporary, target)
    try:
        return folders.publish(folder, temporary, wanted.final, wanted.overwrite)
    except BaseException:
        folder.unlink(temporary)
        raise


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
