"""A path of this computer becomes a list of things to send.

Law: nothing outside the chosen path is read. Below it no symbolic link is followed: links, devices, sockets and pipes
are left out and said so; a file that may not be read, or whose name cannot be sent, is left out as a failure, and the
others go. The tree is walked from directory descriptor to directory descriptor, sorted, and never held in memory.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rs_relay.errors import NoSuchSession, NotAllowed, RsError, TransferFailed, UsageError
from rs_relay.transfer import resume
from rs_relay.transfer.folder import Folder, hold, read_at
from rs_relay.transfer.names import PART_PREFIX, safe_name
from rs_relay.transfer.sender import Found, Source

_FAILED = TransferFailed.code


class FileSource:
    """A regular file, open. It is read by offset, so a part can be read again."""

    def __init__(self, fd: int, identity: str) -> None:
        self._fd = fd
        self._found = found = os.fstat(fd)
        self.size, self.mtime_ns = found.st_size, found.st_mtime_ns
        self.key = resume.file_key(identity, found.st_size, found.st_mtime_ns)

    def read(self, offset: int, count: int) -> bytes:
        try:
            return read_at(self._fd, count, offset)
        except OSError as e:
            raise TransferFailed("The file could not be read to its end.", e.strerror or "") from e

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


class Root:
    """One thing to send: a file or directory `name` in the directory `parent`, which Root closes.

    `identity` is its full path, `label` what the other end calls it; `hidden` whether what begins with a dot goes too.
    """

    def __init__(self, parent: Folder, name: str, identity: str, label: str, *, hidden: bool = True) -> None:
        self._parent, self._name, self._identity, self.label = parent, name, identity, label
        self._hidden = hidden

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
            folder = self._parent.below(file.folder, create=False)
            try:
                fd = folder.open(file.leaf)
            finally:
                folder.close()
        except OSError as e:
            raise _unreadable(e) from e
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            os.close(fd)
            raise TransferFailed("The file was replaced by something else.", "")
        return FileSource(fd, "/".join((self._identity, *file.folder[1:], file.leaf)))

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
            safe_name(name)
        except RsError as e:
            yield Found(name.encode("utf-8", "replace").decode(), message=e.message, code=e.code)
            return
        if stat.S_ISREG(mode):
            yield _File(name, folder, leaf, found.st_size)
        elif stat.S_ISDIR(mode):
            yield from self._directory(at, folder, leaf, name)
        elif stat.S_ISLNK(mode):
            yield Found(name, message="A symbolic link; links are not followed.")
        else:
            yield Found(name, message="Not a regular file.")

    def _directory(self, at: Folder, folder: tuple[str, ...], leaf: str, name: str) -> Iterator[_File | Found]:
        try:
            here = at.below((leaf,), create=False)
        except OSError as e:
            yield Found(name, message=_unreadable(e).message, code=_FAILED)
            return
        try:
            yield Found(name, key=hashlib.sha256(f"{self._identity}\0{name}".encode()).hexdigest())
            for below in sorted(here.names()):
                if below.startswith(PART_PREFIX):
                    continue  # an unfinished transfer into this very tree
                if below.startswith(".") and not self._hidden:
                    yield Found(f"{name}/{below}", message="Hidden; not fetched.")
                    continue
                try:
                    found = here.stat(below)
                except FileNotFoundError:
                    continue  # removed since it was listed
                yield from self._thing(here, (*folder, leaf), below, f"{name}/{below}", found)
        finally:
            here.close()


@dataclass(frozen=True)
class _File:
    name: str
    folder: tuple[str, ...]
    leaf: str
    size: int


def _unreadable(e: OSError) -> TransferFailed:
    return TransferFailed(f"It cannot be read ({(e.strerror or 'unknown error').lower()}).", "")


def local(path: str) -> Root:
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
    return Root(parent, real.name, str(real), label)


def _refuse_hidden(path: Path, base: Path) -> None:
    if path.is_relative_to(base) and any(part.startswith(".") for part in path.relative_to(base).parts):
        raise NotAllowed(
            "Hidden files and folders of the customer's are not fetched.",
            "Ask the customer to copy the file to another place, or to show it to you.",
        )


def below(home: Path, path: str) -> Root:
    """What the other end asked for; only below `home`, and nothing hidden: keys and passwords are kept there, and who
    allows files does not think of them. Raises NoSuchSession for anything else, the same for what is not there and
    what may not be had; NotAllowed for what is hidden, whether it is there or not."""
    missing = NoSuchSession("There is no such file in the customer's home folder.", "Look at the path.")
    try:
        base = home.resolve(strict=True)
        asked = Path(path.removeprefix("~/") if path.startswith("~/") else path)
        _refuse_hidden(Path(os.path.normpath(base / asked)), base)
        real = (base / asked).resolve(strict=True)
        _refuse_hidden(real, base)
        parts = real.relative_to(base).parts
        if not parts:
            raise missing
        root = hold(base)
        try:
            # the path is free of links now: whatever becomes a link before this walk is refused by it
            parent = root.below(parts[:-1], create=False)
        finally:
            root.close()
    except (OSError, RuntimeError, ValueError):
        raise missing from None
    return Root(parent, parts[-1], str(real), parts[-1], hidden=False)
