"""The folder of `rs_relay.transfer.folder` for Windows. Written from its documentation; NOT RUN ON WINDOWS YET.

A directory cannot be held open and walked from there with what Python offers, so each step looks before and after:
no part may be a reparse point (link, junction, mount point), and what was opened must be the file that was looked at.
A program of the same user that swaps a folder for a junction between the two looks can still lead one write astray.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from rs_relay.transfer.folder import CREATE, READ, REOPEN, Folder

_REPARSE_POINT = 0x400  # FILE_ATTRIBUTE_REPARSE_POINT


class PathFolder:
    takes_nameless = False

    def __init__(self, path: Path) -> None:
        self._path = Path(os.path.realpath(path))

    def below(self, parts: tuple[str, ...], *, create: bool) -> PathFolder:
        at = self._path
        for part in parts:
            at = at / part
            if create and not os.path.lexists(at):
                try:
                    os.mkdir(at, 0o700)
                except FileExistsError:
                    pass  # somebody was quicker: it is looked at like any other
            found = os.lstat(at)
            if not stat.S_ISDIR(found.st_mode) or _leads_away(found):
                raise NotADirectoryError(errno.ENOTDIR, "not a folder")
        return PathFolder(self._same(at))

    def copy(self) -> PathFolder:
        return PathFolder(self._path)

    def close(self) -> None:
        pass

    def create(self, name: str) -> int:
        fd = os.open(self._path / name, CREATE, 0o600)
        return self._checked(fd, name)

    def open(self, name: str, *, write: bool = False) -> int:
        if _leads_away(os.lstat(self._path / name)):
            raise OSError(errno.ELOOP, "a link")
        return self._checked(os.open(self._path / name, REOPEN if write else READ), name)

    def nameless(self) -> int:
        raise OSError(errno.EOPNOTSUPP, "a file has a name here")

    def give_name(self, fd: int, name: str) -> None:
        raise OSError(errno.EOPNOTSUPP, "a file has a name here")

    def make_link(self, name: str, target: str) -> None:
        raise OSError(errno.EPERM, "links are not made")

    def make(self, name: str) -> None:
        os.mkdir(self._path / name, 0o700)

    def unlink(self, name: str) -> None:
        try:
            os.unlink(self._path / name)
        except FileNotFoundError:
            pass

    def replace(self, name: str, final: str) -> None:
        os.replace(self._path / name, self._path / final)

    def rename_new(self, name: str, final: str) -> None:
        os.rename(self._path / name, self._path / final)  # on Windows this fails if the name is taken

    def sync(self) -> None:
        pass  # NTFS keeps its own journal of names

    def space(self) -> tuple[int, int]:
        found = shutil.disk_usage(self._path)
        return found.total, found.free

    def names(self) -> list[str]:
        return os.listdir(self._path)

    def scan(self) -> Iterator[str]:
        with os.scandir(self._path) as entries:
            for entry in entries:
                yield entry.name

    def stat(self, name: str) -> os.stat_result:
        return os.lstat(self._path / name)

    def here(self) -> os.stat_result:
        return os.lstat(self._path)

    def finish(self, mtime_ns: int, mode: int) -> None:
        if mtime_ns > 0:
            with suppress(OSError, OverflowError):
                os.utime(self._path, ns=(mtime_ns, mtime_ns))

    def step(self, name: str) -> PathFolder:
        return self.below((name,), create=False)

    def link(self, name: str) -> str:
        raise OSError(errno.EINVAL, "links are not followed")

    def remove_folder(self, name: str) -> None:
        os.rmdir(self._path / name)

    def move(self, name: str, to: Folder, final: str, *, replace: bool) -> None:
        if not isinstance(to, PathFolder):
            raise OSError(errno.EXDEV, "not a folder of this kind")
        self._same(self._path)
        self._same(to._path)
        (os.replace if replace else os.rename)(self._path / name, to._path / final)

    def _checked(self, fd: int, name: str) -> int:
        """`fd`, if it is the file of that name in this very folder."""
        found, there = os.fstat(fd), os.lstat(self._path / name)
        try:
            self._same(self._path / name)
            if (found.st_dev, found.st_ino) != (there.st_dev, there.st_ino) or _leads_away(there):
                raise OSError(errno.ELOOP, "something else was put there")
        except OSError:
            os.close(fd)
            raise
        return fd

    @staticmethod
    def _same(path: Path) -> Path:
        if os.path.normcase(os.path.realpath(path)) != os.path.normcase(path):
            raise OSError(errno.ELOOP, "the path leads elsewhere")
        return path


def _leads_away(found: os.stat_result) -> bool:
    return stat.S_ISLNK(found.st_mode) or bool(getattr(found, "st_file_attributes", 0) & _REPARSE_POINT)
