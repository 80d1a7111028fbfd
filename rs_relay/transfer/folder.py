"""A directory that is held open, and every call on the file system that this room makes.

Law: whatever is named here is a single name inside the directory that is held, and no call follows a symbolic link.
Which directory that is was decided once, when it was opened; what becomes of its path afterwards is of no consequence.
(On Windows, where a directory cannot be held like this, `folder_windows` comes as close as it can.)
"""

from __future__ import annotations

import ctypes
import errno
import functools
import itertools
import os
import secrets
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from rs_relay.transfer.names import PART_PREFIX, numbered, walk

if sys.platform == "win32":
    fcntl = None
else:
    import fcntl

_CLOSED = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | _CLOSED
# O_NONBLOCK: a pipe that was put in a file's place must not make us wait for its writer
REOPEN = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | _CLOSED
READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | _CLOSED
# A directory that may only be passed through (mode --x) can be held on Linux alone.
_PASS = getattr(os, "O_PATH", 0) and os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_UNKNOWN_WISH = frozenset({errno.EINVAL, errno.ENOSYS})  # of a file system, or a kernel, that knows no RENAME_NOREPLACE
_NO_HARD_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES})


class Folder(Protocol):
    """All methods raise OSError."""

    def below(self, parts: tuple[str, ...], *, create: bool) -> Folder:
        """The directory `parts` below this one; missing ones are made (0700) if `create`."""
        ...

    def copy(self) -> Folder:
        """The same, to be closed on its own."""
        ...

    def close(self) -> None: ...

    def create(self, name: str) -> int:
        """A new file (0600), for reading and writing."""
        ...

    @property
    def takes_nameless(self) -> bool:
        """Whether the next two work here."""
        ...

    def nameless(self) -> int:
        """A new file (0600) that has no name yet, and is gone when it is closed without one."""
        ...

    def give_name(self, fd: int, name: str) -> None:
        """To a nameless file; FileExistsError if the name is taken."""
        ...

    def open(self, name: str, *, write: bool = False) -> int: ...

    def make_link(self, name: str, target: str) -> None:
        """A new symbolic link; FileExistsError if the name is taken."""
        ...

    def make(self, name: str) -> None:
        """A new directory (0700)."""
        ...

    def unlink(self, name: str) -> None:
        """Remove a file, if it is there."""
        ...

    def replace(self, name: str, final: str) -> None:
        """Rename, over what may be there."""
        ...

    def rename_new(self, name: str, final: str) -> None:
        """Rename; FileExistsError if the name is taken. Of two at once one wins."""
        ...

    def sync(self) -> None:
        """Make the names given here last."""
        ...

    def space(self) -> tuple[int, int]:
        """(bytes in all, bytes free for us) on this disk."""
        ...

    def names(self) -> list[str]: ...

    def scan(self) -> Iterator[str]:
        """The names in it one at a time, in no order, however many there are."""
        ...

    def stat(self, name: str) -> os.stat_result:
        """Of the thing itself, also if it is a link."""
        ...

    def here(self) -> os.stat_result:
        """Of this directory."""
        ...

    def finish(self, mtime_ns: int, mode: int) -> None:
        """This directory's own time (0: not known) and permission bits (-1: as they are)."""
        ...

    def step(self, name: str) -> Folder:
        """The directory `name` in it, on the way to somewhere: perhaps one that may be passed and not be listed."""
        ...

    def link(self, name: str) -> str:
        """Where the link `name` leads. Raises OSError (EINVAL) for what is no link."""
        ...

    def remove_folder(self, name: str) -> None:
        """An empty directory."""
        ...

    def move(self, name: str, to: Folder, final: str, *, replace: bool) -> None:
        """Rename into another directory, a link as it is; FileExistsError if the name is taken and not `replace`."""
        ...


_takes_nameless: dict[int, bool] = {}  # by device
_PASSING = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.EIO, errno.EROFS, errno.EACCES})


class HeldFolder:
    """A directory by its descriptor (POSIX)."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def below(self, parts: tuple[str, ...], *, create: bool) -> HeldFolder:
        return HeldFolder(walk(self._fd, parts, create=create))

    def copy(self) -> HeldFolder:
        return HeldFolder(os.dup(self._fd))

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def create(self, name: str) -> int:
        return os.open(name, CREATE, 0o600, dir_fd=self._fd)

    @functools.cached_property
    def takes_nameless(self) -> bool:
        disk = self.here().st_dev
        if disk not in _takes_nameless:
            try:
                _takes_nameless[disk] = self._try_nameless()
            except OSError:
                return False  # a full disk, say, tells nothing of what it takes otherwise
        return _takes_nameless[disk]

    def _try_nameless(self) -> bool:
        """It takes a file system and a /proc that play along."""
        name = PART_PREFIX + secrets.token_hex(8)
        try:
            fd = self.nameless()
            try:
                self.give_name(fd, name)
            finally:
                os.close(fd)
            os.unlink(name, dir_fd=self._fd)
        except AttributeError:
            return False
        except OSError as e:
            if e.errno in _PASSING:
                raise
            return False
        return True

    def nameless(self) -> int:
        return os.open(".", os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600, dir_fd=self._fd)

    def give_name(self, fd: int, name: str) -> None:
        # AT_EMPTY_PATH would need no /proc, but a capability
        os.link(f"/proc/self/fd/{fd}", name, dst_dir_fd=self._fd, follow_symlinks=True)

    def open(self, name: str, *, write: bool = False) -> int:
        return os.open(name, REOPEN if write else READ, dir_fd=self._fd)

    def make_link(self, name: str, target: str) -> None:
        os.symlink(target, name, dir_fd=self._fd)

    def make(self, name: str) -> None:
        os.mkdir(name, 0o700, dir_fd=self._fd)

    def unlink(self, name: str) -> None:
        try:
            os.unlink(name, dir_fd=self._fd)
        except FileNotFoundError:
            pass

    def replace(self, name: str, final: str) -> None:
        os.rename(name, final, src_dir_fd=self._fd, dst_dir_fd=self._fd)

    def rename_new(self, name: str, final: str) -> None:
        try:
            os.link(name, final, src_dir_fd=self._fd, dst_dir_fd=self._fd, follow_symlinks=False)
        except OSError as e:
            if e.errno not in _NO_HARD_LINKS:
                raise
            self._rename_no_replace(name, final)  # a file system without hard links, such as FAT
        else:
            os.unlink(name, dir_fd=self._fd)

    def _rename_no_replace(self, name: str, final: str) -> None:
        call = _renameat2()
        if call is None:
            raise OSError(errno.EOPNOTSUPP, "no way to rename without replacing")
        if call(self._fd, os.fsencode(name), self._fd, os.fsencode(final), 1) != 0:
            number = ctypes.get_errno()
            if number not in _UNKNOWN_WISH:
                raise OSError(number, os.strerror(number))  # FileExistsError for EEXIST
            self._move_unasked(name, self, final)

    def sync(self) -> None:
        os.fsync(self._fd)

    def space(self) -> tuple[int, int]:
        found = os.fstatvfs(self._fd)
        return found.f_blocks * found.f_frsize, found.f_bavail * found.f_frsize

    def names(self) -> list[str]:
        return os.listdir(self._fd)

    def scan(self) -> Iterator[str]:
        # a descriptor of its own: copies share the position, and of two walks at once each would see a part
        fd = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self._fd)
        try:
            with os.scandir(fd) as entries:
                for entry in entries:
                    yield entry.name
        finally:
            os.close(fd)

    def stat(self, name: str) -> os.stat_result:
        return os.stat(name, dir_fd=self._fd, follow_symlinks=False)

    def here(self) -> os.stat_result:
        return os.fstat(self._fd)

    def finish(self, mtime_ns: int, mode: int) -> None:
        set_time(self._fd, mtime_ns)
        set_mode(self._fd, mode)

    def step(self, name: str) -> HeldFolder:
        try:
            return self.below((name,), create=False)
        except PermissionError:
            if not _PASS:
                raise
            return HeldFolder(os.open(name, _PASS, dir_fd=self._fd))

    def link(self, name: str) -> str:
        return os.readlink(name, dir_fd=self._fd)

    def remove_folder(self, name: str) -> None:
        os.rmdir(name, dir_fd=self._fd)

    def move(self, name: str, to: Folder, final: str, *, replace: bool) -> None:
        if not isinstance(to, HeldFolder):
            raise OSError(errno.EXDEV, "not a folder of this kind")
        if replace:
            os.rename(name, final, src_dir_fd=self._fd, dst_dir_fd=to._fd)
            return
        call = _renameat2()
        if call is None or call(self._fd, os.fsencode(name), to._fd, os.fsencode(final), 1) != 0:
            number = ctypes.get_errno() if call else errno.ENOSYS
            if number not in _UNKNOWN_WISH:
                raise OSError(number, os.strerror(number))
            self._move_unasked(name, to, final)

    def _move_unasked(self, name: str, to: HeldFolder, final: str) -> None:
        """As well as it can be done without the kernel's word: a program that is quick enough may lose a file."""
        try:
            to.stat(final)
        except FileNotFoundError:
            os.rename(name, final, src_dir_fd=self._fd, dst_dir_fd=to._fd)
        else:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))


@functools.cache
def _renameat2() -> Callable[..., int] | None:
    """renameat2(2) with RENAME_NOREPLACE (Linux 3.15); renameatx_np with RENAME_EXCL (macOS: unverified)."""
    library = ctypes.CDLL(None, use_errno=True)
    call = getattr(library, "renameat2", None)
    if call is not None:
        call.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint]
        found: Callable[..., int] = call
        return found
    call = getattr(library, "renameatx_np", None)
    if call is None:
        return None
    return lambda a, b, c, d, _: int(call(a, b, c, d, ctypes.c_uint(4)))


def hold(path: Path) -> Folder:
    """The directory at `path`, which this computer's own person chose."""
    if os.name == "nt":
        from rs_relay.transfer.folder_windows import PathFolder  # its calls exist on Windows alone

        return PathFolder(path)
    return HeldFolder(os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))


def publish(folder: Folder, temporary: str, final: str, overwrite: bool) -> str:
    """Give `temporary` its final name, a numbered one if that is taken; returns the name it got."""
    if overwrite:
        folder.replace(temporary, final)
        return final
    for number in itertools.count():
        name = numbered(final, number)
        try:
            folder.rename_new(temporary, name)
        except FileExistsError:
            continue
        return name
    raise AssertionError("unreachable")


def claim(fd: int) -> bool:
    """Whether this open file is this run's alone from now on, until it is closed or the program is killed. False:
    another run has it. Where a system or a disk knows no such lock, everything is anybody's."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True


def in_use(folder: Folder, name: str) -> bool:
    """Whether a run that lives has claimed that file."""
    try:
        fd = folder.open(name, write=True)
    except OSError:
        return False
    try:
        return not claim(fd)
    finally:
        os.close(fd)


# Files, by descriptor. Windows has neither pread nor pwrite: there the one thread that uses a descriptor moves in it.


def read_at(fd: int, count: int, offset: int) -> bytes:
    if hasattr(os, "pread"):
        return os.pread(fd, count, offset)
    os.lseek(fd, offset, os.SEEK_SET)
    return os.read(fd, count)


def write_at(fd: int, data: memoryview, offset: int) -> None:
    """All of it."""
    while data.nbytes:
        if hasattr(os, "pwrite"):
            written = os.pwrite(fd, data, offset)
        else:
            os.lseek(fd, offset, os.SEEK_SET)
            written = os.write(fd, data)
        data, offset = data[written:], offset + written


def flush(fd: int) -> None:
    """The bytes are on the disk for good when it returns."""
    if hasattr(os, "fdatasync"):
        os.fdatasync(fd)
    else:
        os.fsync(fd)


def start_flush(fd: int, offset: int, size: int) -> None:
    """Let the disk begin with these bytes, without waiting: a later `flush` then waits for little."""
    call = _sync_file_range()
    if call is not None:
        call(fd, offset, size, 2)  # SYNC_FILE_RANGE_WRITE; whatever fails here, `flush` will tell


@functools.cache
def _sync_file_range() -> Callable[[int, int, int, int], int] | None:
    """sync_file_range(2): Linux."""
    call = getattr(ctypes.CDLL(None), "sync_file_range", None) if os.name == "posix" else None
    if call is not None:
        call.argtypes = [ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint]
    found: Callable[[int, int, int, int], int] | None = call
    return found


def cut(fd: int, length: int) -> None:
    os.ftruncate(fd, length)


def set_mode(fd: int, mode: int) -> None:
    """Permission bits alone; -1: as they are. Who cannot hold them is not worth a failed transfer."""
    if mode >= 0 and hasattr(os, "fchmod"):
        try:
            os.fchmod(fd, mode & 0o777)
        except OSError:
            pass


def set_time(fd: int, mtime_ns: int) -> None:
    """0: not known. A time that this file system cannot hold is not worth a failed transfer."""
    if mtime_ns > 0 and os.utime in os.supports_fd:
        try:
            os.utime(fd, ns=(mtime_ns, mtime_ns))
        except (OSError, OverflowError):
            pass
