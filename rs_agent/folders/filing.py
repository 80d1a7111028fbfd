"""What is done in the customer's folders: look, search, measure, make, move, remove. Blocking, in steps.

Law: every name is used in a directory that is held (`places`), no link is followed below it, and what a grant does not
reach is passed over wherever it is met. A piece of work is a generator: each step takes a fraction of a second, so
whoever drives it from a thread can end it between two files; `stop` and a narrowed grant end it within a step.

Memory is constant in what is found: a folder is read name by name, and a tree is walked with one open folder a level.
"""

from __future__ import annotations

import errno
import fnmatch
import functools
import os
import secrets
import stat
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from rs_agent.folders.places import HERE, Place, Places, new_name, trouble
from rs_relay.channels.folders import (
    BATCH,
    LISTED,
    Ended,
    Entries,
    Entry,
    Find,
    Glob,
    Kind,
    List,
    Make,
    Measure,
    Move,
    Passed,
    Remove,
    Space,
    Stat,
    text,
    wire,
)
from rs_relay.errors import NoSuchSession, NotAllowed, RsError, UsageError
from rs_relay.transfer.folder import Folder, flush, read_at, set_time, write_at
from rs_relay.transfer.names import PART_PREFIX

STEP = 0.1  # seconds after which a step ends, with or without something to say
TOLD = 0.5  # seconds between two messages that say how far it has come
BYTES = 64 * 1024  # of entries in one message, by a rough count: the channel takes three times as much
DEPTH = 64  # levels of folders below the one that was named
LOOKED_AT = 5_000_000  # things that one search passes over at most
PIECE = 1024 * 1024  # bytes copied at a time

Step = Entries | Passed | None
Work = Generator[Step, None, Ended]
Asked = List | Stat | Find | Glob | Measure | Space | Make | Move | Remove


class Stopped(RsError):
    """The technician, or the end of the channel, said so."""


@dataclass
class Change:
    """What was done until now, for the customer: `count` things, `what` and `where` to are whole paths."""

    kind: str  # 'removed', 'moved', 'made'
    what: str
    where: str = ""
    count: int = 0


@dataclass
class _Batch:
    task: int
    entries: list[Entry] = field(default_factory=list)
    size: int = 0
    total: int = 0

    def add(self, entry: Entry) -> None:
        self.entries.append(entry)
        self.size += 64 + 4 * (len(entry.name) + len(entry.target))
        self.total += 1

    @property
    def full(self) -> bool:
        return len(self.entries) >= BATCH or self.size >= BYTES

    def take(self) -> Entries | None:
        entries, self.entries, self.size = tuple(self.entries), [], 0
        return Entries(self.task, entries) if entries else None


class Filing:
    """One task. `change` says what it changed, also when it was ended half-way."""

    def __init__(self, places: Places, home: Path, stop: threading.Event) -> None:
        self.change: Change | None = None
        self._places, self._home, self._stop = places, home, stop
        self._wide = places.wide
        self._step_until = self._told_at = time.monotonic()
        self._left = 0
        self._problem: RsError | None = None

    def work(self, asked: Asked) -> Work:
        """Raises RsError."""
        try:
            return (yield from self._kinds(asked))
        except OSError as e:
            raise _missing() if isinstance(e, FileNotFoundError | NotADirectoryError) else trouble(e) from e

    def _kinds(self, asked: Asked) -> Work:
        match asked:
            case List():
                return (yield from self._list(asked))
            case Stat():
                return (yield from self._stat(asked))
            case Find():
                return (yield from self._find(asked))
            case Glob():
                return (yield from self._glob(asked))
            case Measure():
                return (yield from self._measure(asked))
            case Space():
                return self._space(asked)
            case Make():
                return self._make(asked)
            case Move():
                return (yield from self._move(asked))
            case Remove():
                return (yield from self._remove(asked))

    # ---- looking

    def _list(self, asked: List) -> Work:
        with self._places.find(text(asked.path)) as place:
            if not _is_folder(_look(place)):
                return (yield from self._itself(asked.task, place))
            batch = _Batch(asked.task)
            with _held(place) as folder:
                for name in folder.scan():
                    if (found := self._seen(folder, name)) is not None:
                        batch.add(_entry(name, found, folder, name))
                    if batch.total >= LISTED:
                        yield batch.take()
                        return Ended(asked.task, count=batch.total, path=wire(place.path), more=True, left=self._left)
                    if self._pause() or batch.full:
                        yield batch.take()
            yield batch.take()
            return Ended(asked.task, count=batch.total, path=wire(place.path), left=self._left)

    def _stat(self, asked: Stat) -> Work:
        with self._places.find(text(asked.path), follow=asked.follow) as place:
            return (yield from self._itself(asked.task, place))

    def _itself(self, task: int, place: Place) -> Work:
        yield Entries(task, (_entry(place.path, _look(place), place.folder, place.name),))
        return Ended(task, count=1, path=wire(place.path))

    def _find(self, asked: Find) -> Work:
        batch = _Batch(asked.task)
        looked = 0
        with self._places.find(text(asked.path)) as place, _held(place) as top:
            for path, folder, name, found in self._tree(top, min(asked.depth, DEPTH)):
                looked += 1
                if _fits(asked, name, found):
                    batch.add(_entry(path, found, folder, name))
                if self._pause() or batch.full:
                    yield batch.take() or self._passed(asked.task, looked)
                if batch.total >= LISTED or looked >= LOOKED_AT:
                    break
            yield batch.take()
            more = batch.total >= LISTED or looked >= LOOKED_AT
            return Ended(asked.task, count=batch.total, path=wire(place.path), more=more, left=self._left)

    def _glob(self, asked: Glob) -> Work:
        batch = _Batch(asked.task)
        for path in self._places.expand(text(asked.path), stopped=self._stop.is_set):
            try:
                with self._places.find(path, follow=False) as place:
                    batch.add(_entry(path, _look(place), place.folder, place.name))
            except (NoSuchSession, FileNotFoundError):
                continue  # gone meanwhile
            if self._pause() or batch.full:
                yield batch.take()
        yield batch.take()
        return Ended(asked.task, count=batch.total)

    def _measure(self, asked: Measure) -> Work:
        batch = _Batch(asked.task)
        size = looked = 0
        with self._places.find(text(asked.path)) as place:
            if not _is_folder(_look(place)):
                return (yield from self._measured(asked.task, place))
            with _held(place) as top:
                for name in top.scan():
                    found = self._seen(top, name)
                    if found is None:
                        continue
                    below = _taken(found)
                    looked += 1
                    if _is_folder(found):
                        for _, _, _, inside in self._inside(top, name):
                            below, looked = below + _taken(inside), looked + 1
                            if self._pause():
                                yield self._passed(asked.task, looked)
                    batch.add(Entry(wire(name), _kind(found), below, found.st_mtime))
                    size += below
                    if batch.full or self._pause():
                        yield batch.take()
            yield batch.take()
            return Ended(asked.task, count=looked, size=size, path=wire(place.path), left=self._left)

    def _measured(self, task: int, place: Place) -> Work:
        found = _look(place)
        yield Entries(task, (Entry(wire(place.path), _kind(found), _taken(found), found.st_mtime),))
        return Ended(task, count=1, size=_taken(found), path=wire(place.path))

    def _space(self, asked: Space) -> Ended:
        with self._places.find(text(asked.path)) as place:
            if _is_folder(_look(place)):
                with _held(place) as folder:
                    total, free = folder.space()
            else:
                total, free = place.folder.space()
            return Ended(asked.task, size=total, free=free, path=wire(place.path))

    # ---- changing

    def _make(self, asked: Make) -> Ended:
        path = text(asked.path)
        if asked.parents:
            self._places.folder(path, create=True).close()
            with self._places.find(path) as place:
                self.change = Change("made", place.path, count=1)
                return Ended(asked.task, count=1, path=wire(place.path))
        with self._places.spot(path) as place:
            if place.name == HERE:
                raise _made_already()
            new_name(place.name)
            try:
                place.folder.make(place.name)
            except FileExistsError:
                raise _made_already() from None
            self.change = Change("made", place.path, count=1)
            return Ended(asked.task, count=1, path=wire(place.path))

    def _move(self, asked: Move) -> Work:
        with self._places.find(text(asked.path), follow=False) as source:
            found = _look(source)
            self._spare(source, found)
            with self._destination(text(asked.to), source) as to:
                if to.name != source.name:
                    new_name(to.name)
                try:
                    source.folder.move(source.name, to.folder, to.name, replace=asked.overwrite)
                except FileExistsError:
                    raise _taken_name() from None
                except OSError as e:
                    if e.errno != errno.EXDEV:
                        raise _unmovable(e) from e
                    yield from self._carry(source, found, to, asked.overwrite)
                self.change = Change("moved", source.path, to.path, 1)
                return Ended(asked.task, count=1, path=wire(to.path))

    def _destination(self, path: str, source: Place) -> Place:
        """In the folder of that name, else of that name."""
        try:
            place = self._places.find(path)
        except NoSuchSession:
            return self._places.spot(path)
        with place:
            if not _is_folder(_look(place)):
                return self._places.spot(path)
            folder = place.folder.copy() if place.name == HERE else place.folder.below((place.name,), create=False)
            return Place(folder, source.name, os.path.join(place.path, source.name))

    def _carry(self, source: Place, found: os.stat_result, to: Place, overwrite: bool) -> Generator[Step, None, None]:
        """A file to another file system: copied whole, then named, then removed where it was."""
        if not stat.S_ISREG(found.st_mode):
            raise RsError("It would go to another file system, and only files are moved there.", "Move what is in it.")
        part = PART_PREFIX + secrets.token_hex(8)
        with ExitStack() as stack:
            fd = source.folder.open(source.name)
            stack.callback(os.close, fd)
            out = to.folder.create(part)
            stack.callback(to.folder.unlink, part)
            stack.callback(os.close, out)
            before, at = os.fstat(fd), 0
            if not stat.S_ISREG(before.st_mode):
                raise _missing()
            while data := read_at(fd, PIECE, at):
                write_at(out, memoryview(data), at)
                at += len(data)
                if self._pause():
                    yield None
            os.fchmod(out, stat.S_IMODE(before.st_mode) & 0o777)
            set_time(out, before.st_mtime_ns)
            flush(out)
            now, there = os.fstat(fd), source.folder.stat(source.name)
            if _version(now) != _version(before) or (there.st_dev, there.st_ino) != (before.st_dev, before.st_ino):
                raise RsError("The file was changed while it was moved; it is where it was.", "Try again.")
            try:
                to.folder.move(part, to.folder, to.name, replace=overwrite)
            except FileExistsError:
                raise _taken_name() from None
            to.folder.sync()
            source.folder.unlink(source.name)

    def _remove(self, asked: Remove) -> Work:
        with self._places.find(text(asked.path), follow=False) as place:
            found = _look(place)
            self._spare(place, found)
            self.change = change = Change("removed", place.path)
            if not _is_folder(found):
                place.folder.unlink(place.name)
                change.count = 1
            elif not asked.recursive:
                _remove_empty(place)
                change.count = 1
            else:
                yield from self._clear(asked.task, place, change)
            return Ended(asked.task, count=change.count, path=wire(place.path), left=self._left)

    def _spare(self, place: Place, found: os.stat_result) -> None:
        """Some things are neither removed nor moved away."""
        if not _is_folder(found):
            return
        if place.name == HERE or Path(os.path.realpath(self._home)).is_relative_to(place.path):
            raise UsageError("That is the customer's home folder, or holds it.", "Name something in it.")
        if self._places.holds_kept(place.path):
            raise NotAllowed("The files of this very program are in it.", "")

    def _clear(self, task: int, place: Place, change: Change) -> Generator[Step, None, None]:
        """The folder with all that is in it, from below. What cannot be removed stays, and so does all above it."""
        levels = [_Level(place.folder.copy(), place.name, place.folder.below((place.name,), create=False))]
        try:
            while levels:
                if self._pause():
                    yield self._passed(task, change.count)
                at = levels[-1]
                name = next(at.names, None)
                if name is None:
                    if self._removed(at):
                        change.count += 1
                    elif at.removed and not at.stays:
                        at.again()  # names were passed over while others were removed
                        continue
                    else:
                        self._stays(at)
                        if len(levels) > 1:
                            levels[-2].stays = True
                    levels.pop().close()
                elif (found := self._seen(at.folder, name)) is None:
                    at.stays = True
                elif _is_folder(found) and len(levels) <= DEPTH:
                    try:
                        below = at.folder.below((name,), create=False)
                    except OSError as e:
                        self._fail(at, e)
                    else:
                        levels.append(_Level(at.folder.copy(), name, below))
                        at.removed += 1
                else:
                    change.count += self._unlinked(at, name)
        finally:
            for level in levels:
                level.close()
        if self._problem is not None:
            raise self._problem

    def _unlinked(self, at: _Level, name: str) -> int:
        try:
            at.folder.unlink(name)
        except OSError as e:
            self._fail(at, e)
            return 0
        at.removed += 1
        return 1

    def _removed(self, at: _Level) -> bool:
        if at.stays:
            return False
        try:
            at.parent.remove_folder(at.name)
        except OSError as e:
            if e.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                self._fail(at, e)
            return False
        return True

    def _fail(self, at: _Level, e: OSError) -> None:
        at.stays = True
        self._problem = self._problem or trouble(e)

    def _stays(self, at: _Level) -> None:
        if self._problem is None and self._left:
            self._problem = NotAllowed(
                f"What is not reached was left in it ({self._left}), and so the folder is.",
                "Hidden files need `disk`: `rs sessions ask SESSION disk`.",
            )
        elif self._problem is None:
            self._problem = RsError("Something was put there meanwhile; the folder is not empty.", "Try again.")

    # ---- walking

    def _tree(self, top: Folder, depth: int) -> Iterator[tuple[str, Folder, str, os.stat_result]]:
        """(path from the top, the folder it is in, its name, of itself) of all that is below, parents first."""
        levels: list[tuple[str, Folder, Iterator[str]]] = [("", top.copy(), top.scan())]
        try:
            while levels:
                prefix, folder, names = levels[-1]
                name = self._next(names)
                if name is None:
                    levels.pop()
                    folder.close()
                    continue
                found = self._seen(folder, name)
                if found is None:
                    continue
                yield prefix + name, folder, name, found
                if _is_folder(found) and len(levels) < depth:
                    try:
                        below = folder.below((name,), create=False)
                    except OSError:
                        self._left += 1
                    else:
                        levels.append((f"{prefix}{name}/", below, below.scan()))
        finally:
            for _, folder, names in levels:
                names.close() if isinstance(names, Generator) else None
                folder.close()

    def _inside(self, parent: Folder, name: str) -> Iterator[tuple[str, Folder, str, os.stat_result]]:
        try:
            folder = parent.below((name,), create=False)
        except OSError:
            self._left += 1
            return
        try:
            yield from self._tree(folder, DEPTH)
        finally:
            folder.close()

    def _next(self, names: Iterator[str]) -> str | None:
        try:
            return next(names, None)
        except OSError:
            self._left += 1
            return None

    def _seen(self, folder: Folder, name: str) -> os.stat_result | None:
        """None for what is not reached, and for what has gone meanwhile."""
        self._check()
        try:
            found = folder.stat(name)
        except OSError:
            return None
        if self._places.shows(name, found):
            return found
        self._left += 1
        return None

    # ---- time

    def _check(self) -> None:
        if self._stop.is_set():
            raise Stopped("It was stopped.", "")
        if self._wide and not self._places.wide:
            raise NotAllowed("The customer has withdrawn `disk`.")

    def _pause(self) -> bool:
        """Whether this step has lasted long enough; then the next one begins."""
        self._check()
        now = time.monotonic()
        if now < self._step_until:
            return False
        self._step_until = now + STEP
        return True

    def _passed(self, task: int, count: int) -> Passed | None:
        now = time.monotonic()
        if now - self._told_at < TOLD:
            return None
        self._told_at = now
        return Passed(task, count)


class _Level:
    """A folder that is being emptied."""

    def __init__(self, parent: Folder, name: str, folder: Folder) -> None:
        self.parent, self.name, self.folder = parent, name, folder
        self.names = folder.scan()
        self.removed = 0
        self.stays = False

    def again(self) -> None:
        self.names, self.removed = self.folder.scan(), 0

    def close(self) -> None:
        if isinstance(self.names, Generator):
            self.names.close()
        self.folder.close()
        self.parent.close()


def _look(place: Place) -> os.stat_result:
    return place.folder.here() if place.name == HERE else place.folder.stat(place.name)


class _held:
    """The folder that a place is. Raises OSError where it is none."""

    def __init__(self, place: Place) -> None:
        here = place.name == HERE
        self._folder = place.folder.copy() if here else place.folder.below((place.name,), create=False)

    def __enter__(self) -> Folder:
        return self._folder

    def __exit__(self, *_: object) -> None:
        self._folder.close()


def _is_folder(found: os.stat_result) -> bool:
    return stat.S_ISDIR(found.st_mode)


def _kind(found: os.stat_result) -> Kind:
    if stat.S_ISREG(found.st_mode):
        return Kind.FILE
    if stat.S_ISDIR(found.st_mode):
        return Kind.FOLDER
    return Kind.LINK if stat.S_ISLNK(found.st_mode) else Kind.OTHER


def _entry(path: str, found: os.stat_result, folder: Folder, name: str) -> Entry:
    """`name` in `folder` is it, `path` what it is called."""
    target = ""
    if stat.S_ISLNK(found.st_mode):
        try:
            target = folder.link(name)
        except OSError:
            pass  # gone, or another thing by now: the rest was true a moment ago
    return Entry(
        wire(path), _kind(found), found.st_size, found.st_mtime, stat.S_IMODE(found.st_mode),
        _user(found.st_uid), _group(found.st_gid), wire(target),
    )  # fmt: skip


@functools.lru_cache(maxsize=1000)
def _user(number: int) -> str:
    try:
        import pwd  # not on Windows
    except ImportError:
        return ""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


@functools.lru_cache(maxsize=1000)
def _group(number: int) -> str:
    try:
        import grp
    except ImportError:
        return ""
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def _taken(found: os.stat_result) -> int:
    """Bytes on the disk, where the system says so."""
    blocks: int | None = getattr(found, "st_blocks", None)
    return found.st_size if blocks is None else blocks * 512


def _fits(asked: Find, name: str, found: os.stat_result) -> bool:
    if asked.kind is not None and _kind(found) is not asked.kind:
        return False
    sized = asked.larger >= 0 or asked.smaller >= 0
    if sized and not stat.S_ISREG(found.st_mode):
        return False
    if found.st_size < asked.larger or (0 <= asked.smaller < found.st_size):
        return False
    if (asked.after and found.st_mtime < asked.after) or (asked.before and found.st_mtime > asked.before):
        return False
    wanted = asked.name.casefold() if asked.fold else asked.name
    return fnmatch.fnmatchcase(name.casefold() if asked.fold else name, wanted)


def _remove_empty(place: Place) -> None:
    try:
        place.folder.remove_folder(place.name)
    except OSError as e:
        if e.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        raise UsageError("The folder is not empty.", "`rs rm -r` removes it with all that is in it.") from None


def _version(found: os.stat_result) -> tuple[int, int]:
    return found.st_size, found.st_mtime_ns


def _missing() -> RsError:
    return NoSuchSession("There is no such file or folder.", "`rs ls SESSION:` lists what is there.")


def _taken_name() -> UsageError:
    return UsageError("There is something of that name already.", "Choose another name, or `--overwrite`.")


def _made_already() -> UsageError:
    return UsageError("There is something of that name already.", "`rs mkdir -p` takes a folder that is there.")


def _unmovable(e: OSError) -> Exception:
    if e.errno == errno.EINVAL:
        return UsageError("A folder cannot be moved into itself.", "")
    if e.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.EISDIR, errno.ENOTDIR):
        return _taken_name()
    return e
