"""Small files that arrive together: written, made to last, and only then named, all of them at once.

Law: that of `part`: under a final name there is never anything but a whole file whose bytes are on the disk. For one
large file that costs one wait for the disk; for many small ones it must not cost one each.

    O_TMPFILE ─▶ write ─▶ … for up to HELD files ─▶ syncfs ─▶ linkat each to its name ─▶ (the caller) sync the folders
    └───────── the caller's thread ─────────────┘   └─ a second thread, while the next HELD are written ┘

A file without a name needs no cleaning up whatever happens, and one name less to be made and unmade. 38 µs a file on
ext4, of which the disk has 7; with a temporary name, fdatasync, link and unlink it is 390. Half of the 38 is waiting
for the disk and naming, which is done beside the writing: names are given in the order of the files all the same.

Decided against: naming first and syncing once at the end (a power failure would leave empty files under final names, as
rsync does); one fdatasync each after sync_file_range (89 µs); more files at once (descriptors are scarce: 1,024
in all where nobody asked for more).
"""

from __future__ import annotations

import ctypes
import errno
import functools
import itertools
import os
import secrets
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import msgspec

from rs_relay.errors import RsError
from rs_relay.transfer.folder import Folder, flush, publish, set_mode, set_time, write_at
from rs_relay.transfer.names import PART_PREFIX, numbered
from rs_relay.transfer.part import Shared, Wanted, remove, trouble

HELD = 256  # files written, and as many more being named meanwhile: all of them are open …
SHARE = 8  # … and no more than this part of the descriptors that there may be: of 1,024 two batches take half
ROOM = 4 * 1024 * 1024  # bytes written before it is asked again how many are free, also once for each HELD: 6 µs each
TOGETHER = 4  # from so many on one wait for the whole disk costs less than one for each
_SCARCE = frozenset({errno.EMFILE, errno.ENFILE})


class _Held(msgspec.Struct, frozen=True):
    number: int
    folder: Folder
    wanted: Wanted
    fd: int
    temporary: str  # empty: it has no name yet


class Small:
    """The small files of one step. The folders given must stay open until `publish`."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._held: list[_Held] = []
        self._most = min(HELD, _descriptors() // SHARE)
        self._done: dict[int, str | RsError] = {}
        self._second: ThreadPoolExecutor | None = None
        self._naming: Future[None] | None = None
        self._room = 0  # bytes that may be written before it is asked again

    def put(self, number: int, folder: Folder, wanted: Wanted, data: memoryview) -> None:
        """Write one; how it went is told by `publish`, under its number."""
        if len(self._held) >= self._most:
            self._name_beside()
        try:
            self._check_room(data.nbytes)
            fd, temporary = self._create(folder)
        except OSError as e:
            self._done[number] = trouble(e)
            return
        except RsError as e:
            self._done[number] = e
            return
        held = _Held(number, folder, wanted, fd, temporary)
        try:
            write_at(fd, data, 0)
            set_time(fd, wanted.mtime_ns)
            set_mode(fd, wanted.mode)
        except OSError as e:
            self._fail(held, trouble(e))
        else:
            self._held.append(held)

    def publish(self) -> dict[int, str | RsError]:
        """Give all of them their names, and say what those are. The caller syncs the folders."""
        try:
            self._await_names()
            self._name_all()
        finally:
            self._room = 0
            if self._second:
                self._second.shutdown()  # nothing is left running between two steps
                self._second = None
        done, self._done = self._done, {}
        return done

    def _create(self, folder: Folder) -> tuple[int, str]:
        try:
            return _nameless_or_named(folder)
        except OSError as e:
            if e.errno not in _SCARCE or not (self._held or self._naming):
                raise
        self._await_names()
        self._name_all()
        return _nameless_or_named(folder)

    def _check_room(self, size: int) -> None:
        if size > self._room:
            self._shared.check_room(size)
            self._room = min(self._shared.free(), ROOM)
        self._room -= size

    def _name_beside(self) -> None:
        self._await_names()
        self._room = 0
        held, self._held = self._held, []
        self._second = self._second or ThreadPoolExecutor(1, "rs-naming")
        self._naming = self._second.submit(self._name, held)

    def _await_names(self) -> None:
        naming, self._naming = self._naming, None
        if naming:
            naming.result()

    def _name_all(self) -> None:
        held, self._held = self._held, []
        self._name(held)

    def _name(self, held: list[_Held]) -> None:
        try:
            _make_last(held)
        except OSError as e:
            for one in held:
                self._fail(one, trouble(e))
            return
        for one in held:
            try:
                self._done[one.number] = one.wanted.named(_publish(one))
            except OSError as e:
                self._fail(one, trouble(e))

    def _fail(self, held: _Held, error: RsError) -> None:
        self._done[held.number] = error
        try:
            os.close(held.fd)
        except OSError:
            pass  # closed before it was renamed
        if held.temporary:
            remove(held.folder, held.temporary)


def _nameless_or_named(folder: Folder) -> tuple[int, str]:
    if folder.takes_nameless:
        return folder.nameless(), ""
    temporary = PART_PREFIX + secrets.token_hex(8)
    return folder.create(temporary), temporary


def _make_last(held: list[_Held]) -> None:
    call = _syncfs()
    if call is None or len(held) < TOGETHER:
        for one in held:
            flush(one.fd)
        return
    disks = {one.folder.here().st_dev: one.fd for one in {id(one.folder): one for one in held}.values()}
    for fd in disks.values():
        if call(fd) != 0:
            raise OSError(ctypes.get_errno(), "syncfs")


def _publish(held: _Held) -> str:
    folder, final = held.folder, held.wanted.final
    if held.temporary:
        os.close(held.fd)  # Windows renames no open file
        return publish(folder, held.temporary, final, held.wanted.overwrite)
    for number in itertools.count():
        name = numbered(final, number)
        try:
            folder.give_name(held.fd, name)
        except FileExistsError:
            if not held.wanted.overwrite:
                continue
            temporary = PART_PREFIX + secrets.token_hex(8)
            folder.give_name(held.fd, temporary)
            folder.replace(temporary, final)
        os.close(held.fd)
        return name
    raise AssertionError("unreachable")


def _descriptors() -> int:
    """How many this program may have."""
    if sys.platform == "win32":
        return 8192  # of the C library
    import resource

    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return sys.maxsize if most == resource.RLIM_INFINITY else most


@functools.cache
def _syncfs() -> Callable[[int], int] | None:
    """syncfs(2): Linux, which tells of what could not be written since 5.8."""
    if os.name != "posix":
        return None
    call: Callable[[int], int] | None = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    return call
