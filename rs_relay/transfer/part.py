"""One file that is arriving: unfinished under a name of ours, until it is whole.

Law: a file gets its final name when all its bytes are on the disk, and not before; what a kill, a crash or a full disk
leaves is either nothing, or a partial file with a record of how much of it is true (see `resume`).

    .rs-part-<hex>          O_EXCL, 0600, in the folder of the final name (a link or rename suffices), locked while a
                            run writes to it: another run that means the same file writes to one of its own
    .rs-part-<hex>.record   how much of it is on the disk for good

    write ─▶ flush ─▶ record ─▶ … ─▶ flush ─▶ link to the final name (taken: next number) ─▶ unlink ─▶ sync folder

What will never be gone on with goes at once: an older version of the same source when a newer one arrives, and what an
earlier run left when another has delivered the file.

Decided against: `rename` for publishing without `overwrite`: it replaces silently. Anonymous files (O_TMPFILE): they
cannot be found again after a kill.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import stat
from collections.abc import Callable
from typing import Protocol

import msgspec

from rs_relay.errors import NO_ROOM, DiskFull, RsError, TransferFailed
from rs_relay.transfer import delta, resume
from rs_relay.transfer.folder import (
    Folder,
    claim,
    cut,
    flush,
    in_use,
    publish,
    read_at,
    set_mode,
    set_time,
    start_flush,
    write_at,
)
from rs_relay.transfer.names import PART_PREFIX
from rs_relay.transfer.resume import zeros

# Bytes after which the disk is told to begin: waiting for it at each record alone costs a third more (1.05 s against
# 0.81 for 1 GiB; 0.69 without any wait). Decided against: a thread that waits, which gains no more than that.
WRITE_BACK = 4 * 1024 * 1024
CHUNK = 1024 * 1024  # bytes hashed at a time when a file is read again
RECORD = ".record"


def trouble(e: OSError, needed: int = 0, free: int | None = None) -> RsError:
    """What went wrong on this disk, without a name or a path."""
    if e.errno == getattr(errno, "EDQUOT", -1):
        more = f", and {amount(needed)} are needed" if needed else ""
        return DiskFull(f"The quota on the receiving disk is used up{more}.")
    if e.errno == errno.EFBIG:
        return DiskFull("The receiving disk takes no file of this size.")
    if e.errno in NO_ROOM:
        return DiskFull(no_room(needed, free))
    if e.errno in (errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.EEXIST):
        return TransferFailed("There is something else of that name in the way.", "Rename one of them and try again.")
    if e.errno in (errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL):
        return TransferFailed("The receiving disk cannot hold a file of that name.", "Rename it and send it again.")
    if e.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return TransferFailed("The receiving folder may not be written to.", "")
    return TransferFailed(f"The disk reported an error ({errno.errorcode.get(e.errno or 0, 'unknown')}).", "")


def no_room(needed: int, free: int | None) -> str:
    if free is None:
        return "The receiving disk is full."
    missing = f": {amount(needed - free)} are missing" if needed > free else ""
    return f"The receiving disk has {amount(free)} free, and {amount(needed)} are needed{missing}."


def amount(size: int, beside: int = 0) -> str:
    """`512 B`, `3.9 kB`, `1.5 MB`, `2.34 GB`; in the unit of `beside` if that is the larger."""
    for least, unit, digits in ((10**9, "GB", 2), (10**6, "MB", 1), (1000, "kB", 1)):
        if max(size, beside) >= least:
            return f"{size / least:.{digits}f} {unit}"
    return f"{size} B"


class Shared(Protocol):
    """What the files that arrive in one program have in common (`disk.Store`)."""

    busy: dict[str, object]  # partial files that a transfer is writing to
    promised: dict[object, int]  # bytes that running transfers still want to write

    def check_room(self, needed: int) -> None:
        """Raises DiskFull."""
        ...

    def free(self) -> int:
        """Bytes for which `check_room` would not."""
        ...

    def park(self, name: str, fd: int, offset: int, running: hashlib._Hash) -> None: ...

    def parked(self, name: str, fd: int) -> tuple[int, hashlib._Hash] | None: ...


class Wanted(msgspec.Struct, frozen=True, gc=False):  # one for each small file
    """What is to arrive: `parts` is its final name below the landing, the folder of which is held open beside it."""

    parts: tuple[str, ...]
    size: int
    mtime_ns: int
    key: str
    overwrite: bool
    mode: int = -1  # permission bits; -1: for the owner alone

    @property
    def final(self) -> str:
        return self.parts[-1]

    def named(self, name: str) -> str:
        return "/".join((*self.parts[:-1], name))


class Part:
    """One unfinished file. `offset` bytes of it are written, and `digest()` is their hash."""

    def __init__(self, shared: Shared, folder: Folder, wanted: Wanted) -> None:
        """Takes up what an earlier run left. Raises RsError. `folder` stays the caller's."""
        self._shared, self._wanted = shared, wanted
        self._name = self._proper = resume.part_name(wanted.key, wanted.final)
        self._delivered = False  # by another, in this program
        if shared.busy.setdefault(self._name, self) is not self:  # the same file twice at once
            self._step_aside()
        self.offset = self._started = self._serial = self._recorded = self.base = 0
        self._running = hashlib.sha256()
        self._fd = self._record_fd = self._base_fd = -1
        self._folder: Folder | None = None
        try:
            self._folder = folder.copy()
            if not self._take_up():
                self._start()
            self._reserve()
            self._open_base()
        except BaseException as e:
            self._give_up()
            raise (trouble(e) if isinstance(e, OSError) else e) from None

    # what the receiver calls

    def digest(self) -> bytes:
        return self._running.digest()

    def restart(self) -> None:
        """Forget what is there: it does not belong to this file."""
        with self._telling():
            self._forget()
            self._start()
            self._reserve()
            self._open_base()

    def rewind(self, offset: int) -> None:
        """Forget what is there after the first `offset` bytes, and hash anew what the disk holds of those."""
        with self._telling():
            running = hash_of(self._fd, offset)
            if running is None:
                self.restart()
                return
            cut(self._fd, offset)
            self.offset, self._running = offset, running
            self._reserve()
            self._record()  # or the last one would go on telling of more

    def read_base(self, count: int, offset: int) -> bytes:
        """Of the file that this one is to replace; less than `count` where it has become shorter."""
        with self._telling():
            return read_at(self._base_fd, count, offset)

    def copy(self, source: int, size: int) -> None:
        """Append `size` bytes of the base."""
        while size:
            data = self.read_base(min(CHUNK, size), source) or bytes(min(CHUNK, size))  # the hash will tell
            self.write(memoryview(data))
            source, size = source + len(data), size - len(data)

    def drop_base(self) -> None:
        if self._base_fd >= 0:
            os.close(self._base_fd)
        self._base_fd, self.base = -1, 0

    def write(self, data: memoryview) -> None:
        """Append. On DiskFull the bytes before it stay, for later."""
        with self._telling():
            write_at(self._fd, data, self.offset)
            self._running.update(read_at(self._fd, data.nbytes, self.offset))  # what the file holds, not what was meant
            self.offset += data.nbytes
            if self.offset - self._started >= WRITE_BACK:
                start_flush(self._fd, self._started, self.offset - self._started)
                self._started = self.offset
                self._look_for_room()
            if self._wanted.size >= 0:
                self._shared.promised[self] = max(0, self._wanted.size - self.offset)
            if self.offset - self._recorded >= resume.record_every(self._wanted.size):
                self._record()

    def hole(self, size: int) -> None:
        """Append zeros that take no room, where the disk knows of such."""
        with self._telling():
            cut(self._fd, self.offset + size)
            zeros(self._running, size)
            self.offset += size
            self._shared.promised[self] = max(0, self._wanted.size - self.offset)
            if self.offset - self._recorded >= resume.record_every(self._wanted.size):
                self._record()

    def publish(self) -> str:
        """Give the file its final name; returns it. The caller has compared the hash."""
        with self._telling():
            set_mode(self._fd, self._wanted.mode)
            set_time(self._fd, self._wanted.mtime_ns)
            flush(self._fd)
            if os.name == "nt":
                self._close_files()  # it renames no open file
            try:  # elsewhere it is claimed until it has its name, or another run might go on with it
                name = publish(self._here, self._name, self._wanted.final, self._wanted.overwrite)
            finally:
                self._close_files()
            self._here.unlink(self._name + RECORD)
            self._drop_left()
            self._here.sync()
        self._let_go()
        return self._wanted.named(name)

    def park(self) -> None:
        """The link broke: keep what is there, if it can be found again and is still of use."""
        if self._delivered or (self._name != self._proper and not self._take_place()):
            self.discard()
            return
        if self._fd >= 0:
            try:
                self._keep()
            except OSError:
                pass  # a disk that takes no record costs sending again, and nothing else
        self._let_go()

    def discard(self) -> None:
        """The transfer is over and failed for good: leave nothing."""
        if self._folder is not None:
            self._forget()
        self._let_go()

    # how

    @property
    def _here(self) -> Folder:
        if self._folder is None:
            raise ValueError("this file has been let go")
        return self._folder

    def _take_up(self) -> bool:
        """Go on with what an earlier run left, if it is what it says it is."""
        try:
            fd = self._here.open(self._name, write=True)
        except OSError:
            return False
        try:
            if not _ours(os.fstat(fd)):
                return False
            if not claim(fd):
                self._step_aside()
            elif self._is_here(fd) and self._verify(fd):
                cut(fd, self.offset)
                self._fd = fd
        finally:
            if self._fd < 0:
                os.close(fd)
        return self._fd >= 0

    def _step_aside(self) -> None:
        """Another run writes to the partial file of that name: a name of our own, which nobody will find again."""
        if self._shared.busy.get(self._name) is self:
            del self._shared.busy[self._name]
        self._name = PART_PREFIX + secrets.token_hex(8)
        self._shared.busy[self._name] = self

    def _take_place(self) -> bool:
        """The name by which it is found again, if nobody has it."""
        if self._fd < 0 or os.name == "nt" or self._shared.busy.setdefault(self._proper, self) is not self:
            return False
        try:
            self._here.rename_new(self._name, self._proper)
        except OSError:  # it is there: what another run writes, or has left
            del self._shared.busy[self._proper]
            return False
        for name in (self._name, self._proper):
            remove(self._here, name + RECORD)
        if self._record_fd >= 0:
            os.close(self._record_fd)
        self._record_fd, self._serial = -1, 0
        del self._shared.busy[self._name]
        self._name = self._proper
        return True

    def _drop_left(self) -> None:
        """Of the same file, and of no use any more now that it has been delivered; never what a run writes to."""
        if self._name == self._proper:
            return
        other = self._shared.busy.get(self._proper)
        if isinstance(other, Part):
            other._delivered = other._wanted.key == self._wanted.key
        elif not in_use(self._here, self._proper):
            for name in (self._proper, self._proper + RECORD):
                remove(self._here, name)

    def _is_here(self, fd: int) -> bool:
        """Is it still what has that name? The run that had it may just have given it its final one."""
        try:
            return self._here.stat(self._name).st_ino == os.fstat(fd).st_ino
        except OSError:
            return False

    def _forget(self) -> None:
        """Leave nothing of it."""
        if os.name == "nt":
            self._close_files()  # it removes no open file
        for name in (self._name, self._name + RECORD):
            remove(self._here, name)
        self._close_files()

    def _verify(self, fd: int) -> bool:
        record = self._read_record()
        if record is None or not record.same_file(self._wanted.key, self._wanted.size, self._wanted.mtime_ns):
            return False
        if parked := self._shared.parked(self._name, fd):
            offset, running = parked
        else:
            found = hash_of(fd, record.offset)
            if found is None or found.digest() != record.sha256:
                return False
            offset, running = record.offset, found
        self.offset, self._running = offset, running
        self._serial, self._recorded = record.serial, record.offset
        return True

    def _start(self) -> None:
        for name in (self._name, self._name + RECORD):
            self._here.unlink(name)
        self._fd = self._here.create(self._name)
        if not claim(self._fd):  # another run was quick enough to take it up
            os.close(self._fd)
            self._step_aside()
            self._fd = self._here.create(self._name)
            claim(self._fd)
        self.offset = self._started = self._serial = self._recorded = 0
        self._running = hashlib.sha256()

    def _reserve(self) -> None:
        if self._wanted.size >= 0:
            self._shared.promised.pop(self, None)
            self._shared.check_room(self._wanted.size - self.offset)
            self._shared.promised[self] = self._wanted.size - self.offset

    def _look_for_room(self) -> None:
        """What comes from a pipe, of which nobody knows how long it will be, leaves the owner's room to them, too."""
        if self._wanted.size < 0 and self._shared.free() <= 0:
            raise DiskFull(no_room(0, None))

    def _open_base(self) -> None:
        """The file that will be replaced, if it is one that bytes may be copied from."""
        if not self._wanted.overwrite or self._wanted.size < delta.LEAST:
            return
        try:
            self._base_fd = self._here.open(self._wanted.final)
        except OSError:
            return
        found = os.fstat(self._base_fd)
        if stat.S_ISREG(found.st_mode) and found.st_size >= delta.LEAST:
            self.base = found.st_size
        else:
            self.drop_base()

    def _keep(self) -> None:
        """A record and the running hash, so that the next link or the next run can go on."""
        cut(self._fd, self.offset)  # what a failed write left beyond
        self._record()
        self._shared.park(self._name, self._fd, self.offset, self._running)

    def _record(self) -> None:
        flush(self._fd)
        if self._record_fd < 0:
            self._record_fd = self._open_record()
        self._serial += 1
        self._started = self.offset
        wanted = self._wanted
        record = resume.Record(wanted.key, wanted.size, wanted.mtime_ns, self.offset, self.digest(), self._serial)
        write_at(self._record_fd, memoryview(resume.encode(record)), resume.slot_of(record))
        flush(self._record_fd)
        self._recorded = self.offset

    def _open_record(self) -> int:
        if self._serial:
            return self._here.open(self._name + RECORD, write=True)
        fd = self._here.create(self._name + RECORD)
        self._here.sync()
        return fd

    def _read_record(self) -> resume.Record | None:
        try:
            fd = self._here.open(self._name + RECORD)
        except OSError:
            return None
        try:
            return resume.decode(read_at(fd, 2 * resume.SLOT, 0))
        except OSError:
            return None
        finally:
            os.close(fd)

    def _give_up(self) -> None:
        """Refused before it began: what an earlier run left stays, what is new and empty does not."""
        if self.offset == 0:
            self.discard()
        self._let_go()

    def _close_files(self) -> None:
        self.drop_base()
        for fd in (self._fd, self._record_fd):
            if fd >= 0:
                os.close(fd)
        self._fd = self._record_fd = -1

    def _let_go(self) -> None:
        self._shared.promised.pop(self, None)
        if self._shared.busy.get(self._name) is self:
            del self._shared.busy[self._name]
        self._close_files()
        if self._folder is not None:
            self._folder.close()
            self._folder = None

    def _telling(self) -> _Telling:
        return _Telling(self._missing)

    def _missing(self) -> tuple[int, int | None]:
        """(bytes that are still to be written, bytes free), as far as they are known."""
        if self._wanted.size < 0:
            return 0, None
        needed = self._wanted.size - self.offset
        try:
            return needed, self._here.space()[1]
        except OSError:
            return needed, None


class _Telling:
    """Turns an OSError into what a person can be told."""

    def __init__(self, missing: Callable[[], tuple[int, int | None]]) -> None:
        self._missing = missing

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            needed, free = self._missing() if error.errno in NO_ROOM else (0, None)
            raise trouble(error, needed, free) from error


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

    def hole(self, size: int) -> None:
        if self._part:
            self._part.hole(size)

    @property
    def base(self) -> int:
        return self._part.base if self._part else 0

    def rewind(self, offset: int) -> None:
        if self._part:
            self._part.rewind(offset)
        else:
            self._part = self._begin()

    def read_base(self, count: int, offset: int) -> bytes:
        return self._part.read_base(count, offset) if self._part else b""

    def copy(self, source: int, size: int) -> None:
        if self._part:
            self._part.copy(source, size)

    def drop_base(self) -> None:
        if self._part:
            self._part.drop_base()

    def publish(self) -> str:
        return self._part.publish() if self._part else self.name

    def park(self) -> None:
        if self._part:
            self._part.park()

    def discard(self) -> None:
        if self._part:
            self._part.discard()


def hash_of(fd: int, length: int) -> hashlib._Hash | None:
    """The running hash of the first `length` bytes, None where the file is shorter."""
    running, at = hashlib.sha256(), 0
    while at < length:
        data = read_at(fd, min(CHUNK, length - at), at)
        if not data:
            return None
        running.update(data)
        at += len(data)
    return running


def existing_hash(folder: Folder, name: str, size: int) -> bytes | None:
    """The hash of a regular file of that name and size, if there is one."""
    try:
        fd = folder.open(name)
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


def remove(folder: Folder, name: str) -> None:
    """Clean up if that can be done."""
    try:
        folder.unlink(name)
    except OSError:
        pass  # the sweep finds it in a week


def _ours(found: os.stat_result) -> bool:
    """A plain file of this user that has no second name."""
    return (
        stat.S_ISREG(found.st_mode)
        and found.st_nlink == 1
        and (not hasattr(os, "geteuid") or found.st_uid == os.geteuid())
    )
