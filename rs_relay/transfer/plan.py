"""A path of this computer becomes a list of things to send.

Law: nothing outside the chosen path is read. Below it no symbolic link is followed: links, devices, sockets and pipes
are left out and said so; a file that may not be read, or whose name cannot be sent, is left out as a failure, and the
others go. With `links`, a link that is relative and stays within what is sent goes as a link. The tree is walked from
directory descriptor to directory descriptor, and never held in memory: of one directory at most SORTED names, so that
a person sees them in order, and beyond that they come as the system gives them.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

import msgspec

from rs_relay.errors import RsError, TransferFailed, UsageError
from rs_relay.transfer import resume
from rs_relay.transfer.folder import Folder, hold, read_at
from rs_relay.transfer.names import PART_PREFIX, safe_name, stays_within
from rs_relay.transfer.sender import Found, Source

SORTED = 10_000
_FAILED = TransferFailed.code


class FileSource:
    """A regular file, open. It is read by offset, so a part can be read again."""

    def __init__(self, fd: int, found: os.stat_result, identity: str) -> None:
        self._fd, self._found, self._identity = fd, found, identity
        self.size, self.mtime_ns = found.st_size, found.st_mtime_ns
        self.mode = stat.S_IMODE(found.st_mode) & 0o777
        self._sparse = 0 <= getattr(found, "st_blocks", -1) * 512 < found.st_size and hasattr(os, "SEEK_DATA")
        self._data = (0, 0)  # where the data that was found last begins and ends

    @property
    def key(self) -> str:
        return resume.file_key(self._identity, self.size, self.mtime_ns)

    def read(self, offset: int, count: int) -> bytes:
        begins, ends = self._data
        if begins <= offset < ends:
            count = min(count, ends - offset)  # what follows is a hole
        try:
            return read_at(self._fd, count, offset)
        except OSError as e:
            raise TransferFailed("The file could not be read to its end.", e.strerror or "") from e

    def hole(self, offset: int) -> int:
        begins, ends = self._data
        if not self._sparse or begins <= offset < ends:
            return 0
        try:
            begins = os.lseek(self._fd, offset, os.SEEK_DATA)
            self._data = begins, os.lseek(self._fd, begins, os.SEEK_HOLE)
        except OSError as e:
            if e.errno != errno.ENXIO:
                self._sparse = False
                return 0
            begins = self.size  # nothing but a hole to the end
        return max(0, min(begins, self.size) - offset)

    def now(self) -> tuple[int, bool]:
        found = os.fstat(self._fd)
        before = self._found
        changed = (found.st_size, found.st_mtime_ns) != (before.st_size, before.st_mtime_ns)
        return found.st_size, changed

    def forget(self, offset: int) -> None:
        pass  # it can always be read again

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


@dataclass(frozen=True)
class Totals:
    files: int
    size: int  # bytes, -1 unknown


def _all(name: str, found: os.stat_result) -> bool:
    return True


class Root:
    """One thing to send: a file or directory `name` in the directory `parent`, which Root closes.

    `identity` is its full path, `label` what the other end calls it; `shows` tells whether a thing below it goes too,
    `links` whether links are kept.
    """

    def __init__(
        self,
        parent: Folder,
        name: str,
        identity: str,
        label: str,
        *,
        shows: Callable[[str, os.stat_result], bool] = _all,
        links: bool = False,
    ) -> None:
        self._parent, self._name, self._identity, self.label = parent, name, identity, label
        self._shows, self._links = shows, links
        self._again: Callable[[], Root] | None = None  # how to find it again once it is closed

    def close(self) -> None:
        self._parent.close()

    def totals(self) -> Totals:
        files = size = 0
        for found in self._walk():
            if isinstance(found, _File):
                files, size = files + 1, size + found.size
        return Totals(files, size)

    def found(self) -> Iterator[Found]:
        for found in self._walk():
            yield self._file(found) if isinstance(found, _File) else found

    def _file(self, file: _File) -> Found:
        return Found(file.name, open=lambda: self._open(file))

    def _open(self, file: _File) -> Source:
        try:
            fd = self._descriptor(file)
        except OSError as e:
            raise _unreadable(e) from e
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            os.close(fd)
            raise TransferFailed("The file was replaced by something else.", "")
        return FileSource(fd, found, "/".join((self._identity, *file.folder[1:], file.leaf)))

    def _descriptor(self, file: _File) -> int:
        """From the directory that the walk is in; from the top where it has gone on since."""
        try:
            return file.here.open(file.leaf)
        except OSError as e:
            if e.errno != errno.EBADF:
                raise
        root = self._again() if self._again else self
        try:
            folder = root._parent.below(file.folder, create=False)
            try:
                return folder.open(file.leaf)
            finally:
                folder.close()
        finally:
            if root is not self:
                root.close()

    def _walk(self) -> Iterator[_File | Found]:
        try:
            found = self._parent.stat(self._name)
        except OSError as e:
            yield Found(self.label, message=_unreadable(e).message, code=_FAILED)
            return
        yield from self._thing(self._parent, (), self._name, self.label, found)

    def _thing(
        self, at: Folder, folder: tuple[str, ...], leaf: str, name: str, found: os.stat_result
    ) -> Iterator[_File | Found]:
        mode = found.st_mode
        try:
            parts = safe_name(name)
        except RsError as e:
            yield Found(name.encode("utf-8", "replace").decode(), message=e.message, code=e.code)
            return
        if stat.S_ISREG(mode):
            yield _File(name, at, folder, leaf, found.st_size)
        elif stat.S_ISDIR(mode):
            yield from self._directory(at, folder, leaf, name)
        elif stat.S_ISLNK(mode):
            yield self._link(at, leaf, name, parts)
        else:
            yield Found(name, message="Not a regular file.")

    def _link(self, at: Folder, leaf: str, name: str, parts: tuple[str, ...]) -> Found:
        if not self._links:
            return Found(name, message="A symbolic link, which `--archive` would keep.")
        try:
            target = at.link(leaf)
        except OSError as e:
            return Found(name, message=_unreadable(e).message, code=_FAILED)
        if not stays_within(parts, target):
            return Found(name, message="A symbolic link that leads out of what is sent.")
        return Found(name, target=target)

    def _directory(self, at: Folder, folder: tuple[str, ...], leaf: str, name: str) -> Iterator[_File | Found]:
        try:
            here = at.below((leaf,), create=False)
        except OSError as e:
            yield Found(name, message=_unreadable(e).message, code=_FAILED)
            return
        try:
            itself = here.here()
            yield Found(name, key=hashlib.sha256(f"{self._identity}\0{name}".encode()).hexdigest())
            for below in _names(here):
                if below.startswith(PART_PREFIX):
                    continue  # an unfinished transfer into this very tree
                try:
                    found = here.stat(below)
                except FileNotFoundError:
                    continue  # removed since it was listed
                if self._shows(below, found):
                    yield from self._thing(here, (*folder, leaf), below, f"{name}/{below}", found)
                else:
                    yield Found(f"{name}/{below}", message="Hidden; not fetched.")
            yield Found(name, finish=(itself.st_mtime_ns, stat.S_IMODE(itself.st_mode) & 0o777))
        except OSError as e:
            yield Found(name, message=_unreadable(e).message, code=_FAILED)
        finally:
            here.close()


class Several:
    """Several things to send as one: each is open only while it is walked, so there may be any number of them."""

    def __init__(self, label: str, opens: Sequence[Callable[[], Root]]) -> None:
        """What `opens` raises (RsError) leaves that one thing out."""
        self.label, self._opens = label, opens

    def close(self) -> None:
        pass

    def totals(self) -> Totals:
        files = size = 0
        for root in self._roots():
            if isinstance(root, Root):
                totals = root.totals()
                files, size = files + totals.files, size + totals.size
        return Totals(files, size)

    def found(self) -> Iterator[Found]:
        for root in self._roots():
            if isinstance(root, Root):
                yield from root.found()
            else:
                yield root

    def _roots(self) -> Iterator[Root | Found]:
        for number, open_it in enumerate(self._opens, 1):
            try:
                root = open_it()
            except RsError as e:
                yield Found(f"{self.label} ({number})", message=e.message, code=e.code)
                continue
            root._again = open_it
            try:
                yield root
            finally:
                root.close()


def _names(here: Folder) -> Iterator[str]:
    names = here.scan()
    first = list(islice(names, SORTED + 1))
    return iter(sorted(first)) if len(first) <= SORTED else chain(first, names)


class _File(msgspec.Struct, frozen=True):
    name: str
    here: Folder  # the walk's own, open until it has gone on
    folder: tuple[str, ...]
    leaf: str
    size: int


def _unreadable(e: OSError) -> TransferFailed:
    return TransferFailed(f"It cannot be read ({(e.strerror or 'unknown error').lower()}).", "")


def local(path: str, *, links: bool = False) -> Root:
    """What the person at this computer named; a link that they named themselves is followed. Raises UsageError."""
    try:
        real = Path(path).resolve(strict=True)
        parent = hold(real.parent)
    except (OSError, RuntimeError, ValueError):
        raise UsageError("There is no such file here.", f"Look at the path: {path}") from None
    label = Path(os.path.abspath(path)).name or real.name
    if not real.name:
        parent.close()
        raise UsageError("The root of the file system cannot be sent.", "Name a folder.")
    return Root(parent, real.name, str(real), label, links=links)
