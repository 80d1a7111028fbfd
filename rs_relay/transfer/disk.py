"""The receiving disk: unfinished files, and how they get their final names.

Law: under a final name there is never anything but a whole file whose hash was right, a file that was there before is
never touched unless `overwrite` was asked for, and nothing is written outside the folder, whatever happens between
two of our system calls: every step goes through descriptors of directories (`names.walk`) and follows no link.

    .rs-part-<hex>          O_EXCL, O_NOFOLLOW, 0600, in the folder of the final name (a link or rename suffices)
    .rs-part-<hex>.record   how much of it is on the disk for good (see `resume`)
    .rs-part-<hex>.dir      which directory an unfinished batch of files is filling

    write ─▶ fdatasync ─▶ record ─▶ … ─▶ fdatasync ─▶ link to the final name (fails if taken: next number) ─▶ unlink
    ─▶ fsync of the directory

Decided against: `rename` for publishing without `overwrite`: it replaces silently. Anonymous files (O_TMPFILE): they
cannot be found again after a kill.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import hashlib
import itertools
import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path

from rs_relay.errors import DiskFull, LocalProblem, RsError, TransferFailed
from rs_relay.transfer import resume
from rs_relay.transfer.names import PART_PREFIX, numbered, safe_name, walk

MARGIN = 64 * 1024 * 1024  # room left to the computer's owner …
MARGIN_SHARE = 20  # … but no more than this part of a small disk
CHUNK = 1024 * 1024  # bytes hashed at a time when a partial file is read again
TOUCHED = 32  # directories open at once for a batch
PARKED = 64  # running hashes kept for files whose link broke; a file beyond that is read again
RECORD, MARKER = ".record", ".dir"

_CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_REOPEN = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def trouble(e: OSError, needed: int = 0, free: int | None = None) -> RsError:
    """What went wrong on this disk, without a name or a path."""
    if e.errno in _FULL:
        return DiskFull(_full(needed, free))
    if e.errno in (errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.EEXIST):
        return TransferFailed("There is something else of that name in the way.", "Rename one of them and try again.")
    if e.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return TransferFailed("The receiving folder may not be written to.", "")
    return TransferFailed(f"The disk reported an error ({errno.errorcode.get(e.errno or 0, 'unknown')}).", "")


def _full(needed: int, free: int | None) -> str:
    if free is None:
        return "The receiving disk is full."
    return f"The receiving disk has {megabytes(free)} free, and {megabytes(needed)} are needed."


def megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size < 1e9 else f"{size / 1e9:.2f} GB"


def _write_all(fd: int, data: memoryview, offset: int) -> None:
    while data.nbytes:
        written = os.pwrite(fd, data, offset)
        data, offset = data[written:], offset + written


def hash_of(fd: int, length: int) -> hashlib._Hash | None:
    """The running hash of the first `length` bytes, None where the file is shorter."""
    running, at = hashlib.sha256(), 0
    buffer = memoryview(bytearray(min(CHUNK, max(length, 1))))
    while at < length:
        got = os.preadv(fd, [buffer[: min(CHUNK, length - at)]], at)
        if not got:
            return None
        running.update(buffer[:got])
        at += got
    return running


class Store:
    """A folder that receives, opened once. What all batches of one program share: which partial files are in use,
    and the running hashes of those whose link broke."""

    def __init__(self, path: Path, *, margin: int = MARGIN) -> None:
        """Makes the folder (0700) if need be. Raises LocalProblem."""
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.root = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as e:
            raise LocalProblem("The folder for received files cannot be opened.", e.strerror or "") from e
        self.margin = margin
        self.busy: dict[str, object] = {}  # partial files that a transfer is writing to
        self.promised: dict[object, int] = {}  # bytes that running transfers still want to write
        self._parked: dict[str, tuple[tuple[int, ...], int, hashlib._Hash]] = {}

    def close(self) -> None:
        os.close(self.root)

    def landing(self, key: str, *, into: str = "", overwrite: bool = False, rename: str = "") -> Landing:
        """Where one batch lands; `rename`: what its topmost thing is called here, whatever the sender calls it.

        Raises RsError for a folder name that may not be."""
        return Landing(self, key, safe_name(into) if into else (), overwrite, rename)

    def free(self) -> int:
        """Bytes that a new file may have: beside what running transfers still need, and what is left to the owner."""
        found = os.fstatvfs(self.root)
        return found.f_bavail * found.f_frsize - self._kept(found) - sum(self.promised.values())

    def _kept(self, found: os.statvfs_result) -> int:
        return min(self.margin, found.f_blocks * found.f_frsize // MARGIN_SHARE)

    def check_room(self, needed: int) -> None:
        short = needed - self.free()
        if needed > 0 and short > 0:
            found = os.fstatvfs(self.root)
            free = found.f_bavail * found.f_frsize
            raise DiskFull(_full(free + short, free))

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
        with os.scandir(self.root) as entries:
            old = [e.name for e in entries if e.name.startswith(PART_PREFIX) and _older(e, now)]
        for name in old:
            _unlink(self.root, name)


def _older(entry: os.DirEntry[str], now: float) -> bool:
    try:
        return entry.stat(follow_symlinks=False).st_mtime < now - resume.KEEP_DAYS * 86400
    except OSError:
        return False


def _version(found: os.stat_result) -> tuple[int, ...]:
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _unlink(folder: int, name: str) -> None:
    try:
        os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        pass


def _remove(folder: int, name: str) -> None:
    """Clean up if that can be done."""
    try:
        _unlink(folder, name)
    except OSError:
        pass  # the sweep finds it in a week


class Landing:
    """Where one batch lands: `Store`'s folder, or one below it."""

    def __init__(self, store: Store, key: str, into: tuple[str, ...], overwrite: bool, rename: str = "") -> None:
        self._store, self._key, self._into, self._overwrite, self._rename = store, key, into, overwrite, rename
        self._tops: dict[str, tuple[str, bool]] = {}  # directory sent -> (its name here, is it gone on with)
        self._touched: dict[tuple[str, ...], int] = {}  # folders written to since the last settle()
        self._markers: list[str] = []

    def folder(self, name: str, key: str) -> str:
        """Make a directory; its name here."""
        actual = self._below(self._parts(name), key)
        self._open(actual)
        return "/".join(actual)

    def begin(self, name: str, size: int, mtime_ns: int, key: str) -> Part | Existing:
        """The partial file of that name: what was left of it, or a new one."""
        parts = self._parts(name)
        actual = self._below(parts, self._key) if len(parts) > 1 else parts
        folder = self._open(actual[:-1])
        folder_parts = actual[:-1]

        def start() -> Part:
            return Part(self._store, self._open(folder_parts), actual, size, mtime_ns, key, self._overwrite)

        sha256 = _existing_hash(folder, actual[-1], size) if self._goes_on(parts) else None
        return Existing("/".join(actual), size, sha256, start) if sha256 else start()

    def whole(self, name: str, data: memoryview, sha256: bytes, mtime_ns: int) -> str:
        """A small file at once; its name here."""
        parts = self._parts(name)
        actual = self._below(parts, self._key) if len(parts) > 1 else parts
        folder = self._open(actual[:-1])
        if self._goes_on(parts) and _existing_hash(folder, actual[-1], data.nbytes) == sha256:
            return "/".join(actual)
        return _put_whole(self._store, folder, actual, data, mtime_ns, self._overwrite)

    def again(self) -> None:
        """The sender begins anew: files in the directories of this batch may be there already."""
        self._tops = {top: (name, not self._overwrite) for top, (name, _) in self._tops.items()}

    def settle(self) -> None:
        """Make the names given since the last call last: nothing may be reported as saved before."""
        touched, self._touched = self._touched, {}
        for folder in touched.values():
            try:
                os.fsync(folder)
            except OSError as e:
                raise trouble(e) from e
            finally:
                os.close(folder)

    def complete(self) -> None:
        """The batch has arrived without a failure: its directories are finished."""
        for marker in self._markers:
            folder = self._open(())
            _unlink(folder, marker)
        self._markers.clear()

    def _parts(self, name: str) -> tuple[str, ...]:
        parts = safe_name(name)
        return (self._rename, *parts[1:]) if self._rename else parts

    def _goes_on(self, parts: tuple[str, ...]) -> bool:
        return len(parts) > 1 and self._tops[parts[0]][1]

    def _open(self, parts: tuple[str, ...]) -> int:
        if parts not in self._touched:
            if len(self._touched) >= TOUCHED:
                self.settle()
            try:
                self._touched[parts] = walk(self._store.root, self._into + parts, create=True)
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
                os.mkdir(name, 0o700, dir_fd=folder)
            except FileExistsError:
                continue
            _write_marker(folder, marker, name)
            return name, False
        raise AssertionError("unreachable")


def _read_marker(folder: int, marker: str) -> str | None:
    """The directory that the marker names, if it is one of this folder."""
    try:
        fd = os.open(marker, _READ, dir_fd=folder)
    except OSError:
        return None
    try:
        (name,) = safe_name(os.pread(fd, 1024, 0).decode())
        os.close(walk(folder, (name,), create=False))
    except (OSError, ValueError, RsError):
        return None
    finally:
        os.close(fd)
    return name


def _write_marker(folder: int, marker: str, name: str) -> None:
    _unlink(folder, marker)
    fd = os.open(marker, _CREATE, 0o600, dir_fd=folder)
    try:
        _write_all(fd, memoryview(name.encode()), 0)
        os.fsync(fd)
    finally:
        os.close(fd)


def _existing_hash(folder: int, name: str, size: int) -> bytes | None:
    """The hash of a regular file of that name and size, if there is one."""
    try:
        fd = os.open(name, _READ, dir_fd=folder)
    except OSError:
        return None
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode) or found.st_size != size:
            return None
        running = hash_of(fd, size)
        return running.digest() if running else None
    except OSError:
        return None
    finally:
        os.close(fd)


class Existing:
    """A file that an earlier run of the same batch has finished. It is another one after all if the sender says so:
    then a new one is begun beside it."""

    def __init__(self, name: str, size: int, sha256: bytes, begin: Callable[[], Part]) -> None:
        self.name, self._size, self._sha256, self._begin = name, size, sha256, begin
        self._part: Part | None = None

    @property
    def offset(self) -> int:
        return self._part.offset if self._part else self._size

    def digest(self) -> bytes:
        return self._part.digest() if self._part else self._sha256

    def restart(self) -> None:
        if self._part:
            self._part.restart()
        else:
            self._part = self._begin()

    def write(self, data: memoryview) -> None:
        if self._part:
            self._part.write(data)

    def publish(self) -> str:
        return self._part.publish() if self._part else self.name

    def park(self) -> None:
        if self._part:
            self._part.park()

    def discard(self) -> None:
        if self._part:
            self._part.discard()


def _put_whole(
    store: Store, folder: int, actual: tuple[str, ...], data: memoryview, mtime_ns: int, overwrite: bool
) -> str:
    store.check_room(data.nbytes)
    temporary, fd = PART_PREFIX + secrets.token_hex(8), -1
    try:
        fd = os.open(temporary, _CREATE, 0o600, dir_fd=folder)
        _write_all(fd, data, 0)
        _set_time(fd, mtime_ns)
        os.fdatasync(fd)
        name = _publish(folder, temporary, actual[-1], overwrite)
    except OSError as e:
        _remove(folder, temporary)
        raise trouble(e) from e
    finally:
        if fd >= 0:
            os.close(fd)
    return "/".join((*actual[:-1], name))


class Part:
    """One unfinished file. `offset` bytes of it are written, and `digest()` is their hash."""

    def __init__(
        self,
        store: Store,
        folder: int,
        actual: tuple[str, ...],
        size: int,
        mtime_ns: int,
        key: str,
        overwrite: bool,
    ) -> None:
        self._store, self._size, self._mtime_ns, self._key = store, size, mtime_ns, key
        self._parents, self._final, self._overwrite = actual[:-1], actual[-1], overwrite
        self._name = resume.part_name(key, self._final)
        if store.busy.setdefault(self._name, self) is not self:  # the same file twice at once
            self._name = PART_PREFIX + secrets.token_hex(8)
            store.busy[self._name] = self
        self.offset = 0
        self._running = hashlib.sha256()
        self._serial = 0
        self._recorded = 0
        self._record_fd = -1
        self._folder = os.dup(folder)
        self._fd = -1
        try:
            if not self._take_up():
                self._start()
            self._reserve()
        except BaseException as e:
            self._give_up()
            raise (trouble(e) if isinstance(e, OSError) else e) from None

    # what the receiver calls

    def digest(self) -> bytes:
        return self._running.digest()

    def restart(self) -> None:
        """Forget what is there: it does not belong to this file."""
        with _telling(self):
            os.close(self._fd)
            self._fd = -1
            self._close_record()
            self._start()
            self._reserve()

    def write(self, data: memoryview) -> None:
        """Append. On DiskFull the bytes before it stay, for later."""
        with _telling(self, data.nbytes):
            _write_all(self._fd, data, self.offset)
        self._running.update(data)
        self.offset += data.nbytes
        if self._size >= 0:
            self._store.promised[self] = max(0, self._size - self.offset)
        if self.offset - self._recorded >= resume.record_every(self._size):
            self._record()

    def publish(self) -> str:
        """Give the file its final name; returns it. The caller has compared the hash."""
        with _telling(self):
            _set_time(self._fd, self._mtime_ns)
            os.fdatasync(self._fd)
            name = _publish(self._folder, self._name, self._final, self._overwrite)
            _unlink(self._folder, self._name + RECORD)
            os.fsync(self._folder)
        self._let_go()
        return "/".join((*self._parents, name))

    def park(self) -> None:
        """The link broke: keep what is there."""
        if self._fd < 0:
            return
        try:
            self._keep()
        except OSError:
            pass  # a disk that takes no record costs sending again, and nothing else
        self._let_go()

    def _give_up(self) -> None:
        """Refused before it began: what an earlier run left stays, what is new and empty does not."""
        if self.offset == 0:
            self.discard()
        self._let_go()

    def discard(self) -> None:
        """The transfer is over and failed for good: leave nothing."""
        if self._fd >= 0:
            for name in (self._name, self._name + RECORD):
                _remove(self._folder, name)
            self._let_go()

    # how

    def _take_up(self) -> bool:
        """Go on with what an earlier run left, if it is what it says it is."""
        try:
            fd = os.open(self._name, _REOPEN, dir_fd=self._folder)
        except OSError:
            return False
        taken = False
        try:
            found = os.fstat(fd)
            mine = stat.S_ISREG(found.st_mode) and found.st_nlink == 1 and found.st_uid == os.geteuid()
            taken = mine and self._verify(fd)
        finally:
            if not taken:
                os.close(fd)
        if taken:
            self._fd = fd
            os.ftruncate(fd, self.offset)
        return taken

    def _verify(self, fd: int) -> bool:
        record = self._read_record()
        if record is None or not record.same_file(self._key, self._size, self._mtime_ns):
            return False
        self._serial, self._recorded = record.serial, record.offset
        if parked := self._store.parked(self._name, fd):
            self.offset, self._running = parked
            return True
        running = hash_of(fd, record.offset)
        if running is None or running.digest() != record.sha256:
            return False
        self.offset, self._running = record.offset, running
        return True

    def _start(self) -> None:
        for name in (self._name, self._name + RECORD):
            _unlink(self._folder, name)
        self._fd = os.open(self._name, _CREATE, 0o600, dir_fd=self._folder)
        self.offset = self._serial = self._recorded = 0
        self._running = hashlib.sha256()

    def _reserve(self) -> None:
        if self._size >= 0:
            self._store.promised.pop(self, None)
            self._store.check_room(self._size - self.offset)
            self._store.promised[self] = self._size - self.offset

    def _keep(self) -> None:
        """A record and the running hash, so that the next link or the next run can go on."""
        os.ftruncate(self._fd, self.offset)  # what a failed write left beyond
        self._record()
        self._store.park(self._name, self._fd, self.offset, self._running)

    def _record(self) -> None:
        os.fdatasync(self._fd)
        if self._record_fd < 0:
            self._record_fd = self._open_record()
        self._serial += 1
        record = resume.Record(self._key, self._size, self._mtime_ns, self.offset, self._running.digest(), self._serial)
        _write_all(self._record_fd, memoryview(resume.encode(record)), resume.slot_of(record))
        os.fdatasync(self._record_fd)
        self._recorded = self.offset

    def _open_record(self) -> int:
        name = self._name + RECORD
        if self._serial:
            return os.open(name, _REOPEN, dir_fd=self._folder)
        fd = os.open(name, _CREATE, 0o600, dir_fd=self._folder)
        os.fsync(self._folder)
        return fd

    def _read_record(self) -> resume.Record | None:
        try:
            fd = os.open(self._name + RECORD, _READ, dir_fd=self._folder)
        except OSError:
            return None
        try:
            return resume.decode(os.pread(fd, 2 * resume.SLOT, 0))
        except OSError:
            return None
        finally:
            os.close(fd)

    def _close_record(self) -> None:
        if self._record_fd >= 0:
            os.close(self._record_fd)
            self._record_fd = -1

    def _let_go(self) -> None:
        self._store.promised.pop(self, None)
        if self._store.busy.get(self._name) is self:
            del self._store.busy[self._name]
        self._close_record()
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        if self._folder >= 0:
            os.close(self._folder)
            self._folder = -1

    def missing(self, more: int) -> tuple[int, int | None]:
        """(bytes that are still to be written, bytes free)."""
        needed = self._size - self.offset if self._size >= 0 else more
        try:
            found = os.fstatvfs(self._folder)
        except OSError:
            return needed, None
        return needed, found.f_bavail * found.f_frsize


class _telling:
    """Turns an OSError into what a person can be told."""

    def __init__(self, part: Part, more: int = 0) -> None:
        self._part, self._more = part, more

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            needed, free = self._part.missing(self._more) if error.errno in _FULL else (0, None)
            raise trouble(error, needed, free) from error


def _set_time(fd: int, mtime_ns: int) -> None:
    """0: the sender does not know."""
    if mtime_ns <= 0:
        return
    try:
        os.utime(fd, ns=(mtime_ns, mtime_ns))
    except (OSError, OverflowError):
        pass  # a time that this file system cannot hold is not worth a failed transfer


def _publish(folder: int, temporary: str, final: str, overwrite: bool) -> str:
    """Give `temporary` its final name in the same folder; returns the name it got."""
    if overwrite:
        os.rename(temporary, final, src_dir_fd=folder, dst_dir_fd=folder)
        return final
    for number in itertools.count():
        name = numbered(final, number)
        try:
            _publish_new(folder, temporary, name)
        except FileExistsError:
            continue
        return name
    raise AssertionError("unreachable")


def _publish_new(folder: int, temporary: str, name: str) -> None:
    """Raises FileExistsError when the name is taken; one of two at once wins."""
    try:
        os.link(temporary, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except OSError as e:
        if e.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES):
            raise
        _rename_new(folder, temporary, name)  # a file system without hard links, such as FAT
    else:
        os.unlink(temporary, dir_fd=folder)


def _rename_new(folder: int, temporary: str, name: str) -> None:
    renameat2 = _renameat2()
    if renameat2 is None:
        raise OSError(errno.EOPNOTSUPP, "no way to rename without replacing")
    if renameat2(folder, os.fsencode(temporary), folder, os.fsencode(name), 1) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))  # FileExistsError for EEXIST


@functools.cache
def _renameat2() -> Callable[..., int] | None:
    """renameat2(2) with RENAME_NOREPLACE (Linux 3.15), renameatx_np with RENAME_EXCL's number (macOS: unverified)."""
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
