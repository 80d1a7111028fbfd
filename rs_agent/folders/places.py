"""Which paths of this computer a grant reaches, and how a path that the technician wrote becomes something held.

Law: a path is walked from a directory that is held, name by name, by descriptors that follow no link; a link on the way
is read, and walked by the same rules. So nothing that is moved or turned into a link meanwhile leads further than the
path itself could have. What comes out is a held directory and one name in it, and whoever works there names only that.

    granted              reached                                        not reached
    files                below home, nothing hidden                     all else: the same answer, there or not
    files and disk       whatever the customer's account may open       the kernel's own files (/proc, /sys)
    never                                                               the agent's keys, tickets and settings, and
                                                                        partial files of transfers

Who allows `files` thinks of documents; keys and passwords lie in what is hidden. For reading and for changing alike.

Decided against: resolving the path first and walking the result. A link that leads out and back in again would tell
which paths exist outside.
"""

from __future__ import annotations

import errno
import fnmatch
import os
import re
import stat
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from rs_agent.config import config_folder, state_folder
from rs_agent.feature import Context
from rs_relay.errors import DiskFull, NoSuchSession, NotAllowed, RsError, TooLarge, UsageError
from rs_relay.link.spec import Permission
from rs_relay.transfer.folder import Folder, hold
from rs_relay.transfer.names import PART_PREFIX, safe_name

HERE = "."  # the name in a Place that is the top itself: the home folder, or the root
PATH_BYTES = 4096  # PATH_MAX of Linux
LINKS = 40  # followed on one path, as in Linux
DEEP = 256  # directories held at once for one path
MATCHES = 100_000  # that one pattern may stand for
LOOKED_AT, SECONDS = 1_000_000, 20.0  # entries that one pattern may pass over, and for how long
DEPTH = 64  # directories that ** goes down

_ASK = "Ask for it: `rs sessions ask SESSION disk`."
_WILD = re.compile(r"[*?\[]")
_KERNEL = frozenset({
    "proc", "sysfs", "devpts", "debugfs", "tracefs", "securityfs", "cgroup", "cgroup2", "bpf", "configfs", "efivarfs",
    "pstore", "binfmt_misc", "autofs", "selinuxfs", "nsfs", "mqueue",
})  # fmt: skip
_TROUBLE = frozenset({errno.EACCES, errno.EPERM, errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE, errno.EIO})
FRESH = 1.0  # seconds for which is remembered which devices and folders are nobody's


class Place:
    """A name in a directory that is held; close it. `path` is where it is, for keys and for show."""

    def __init__(self, folder: Folder, name: str, path: str) -> None:
        self.folder, self.name, self.path = folder, name, path

    def __enter__(self) -> Place:
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self.folder.close()


class Places:
    """What is reached now: the grant is asked at each use. All calls are blocking; no call may be given a path that
    was not bounded by the channel."""

    def __init__(self, home: Path, granted: Callable[[Permission], bool], kept: Iterable[Path] = ()) -> None:
        """`kept`: folders that nobody reaches."""
        self._home, self._granted, self._kept = home, granted, tuple(kept)
        self._nobodys: tuple[float, frozenset[int], frozenset[tuple[int, int]]] = (0.0, frozenset(), frozenset())

    @classmethod
    def of(cls, context: Context) -> Places:
        return cls(context.home, context.granted, (state_folder(), config_folder()))

    @property
    def wide(self) -> bool:
        """All that the account may open, not home alone."""
        return self._granted(Permission.DISK)

    def find(self, path: str, *, follow: bool = True) -> Place:
        """What is there: a regular file, a directory, or with `follow=False` a link as such; also anything else that
        only has a name (a pipe, a device): whoever opens it looks.

        Raises NoSuchSession for what is not there, NotAllowed for what is not reached."""
        return self._walk(path, follow=follow, create=False, must=True)

    def spot(self, path: str) -> Place:
        """Where something may be put, there or not yet; the directory it is in must be there. A link at the end is not
        followed. Raises as `find`."""
        return self._walk(path, follow=False, create=False, must=False)

    def folder(self, path: str, *, create: bool = False) -> Folder:
        """The directory itself, held; with `create` what is missing of it is made. Raises as `find`."""
        with self._walk(path, follow=True, create=create, must=not create) as place:
            if place.name == HERE:
                return place.folder.copy()
            try:
                if create:
                    _make(place.folder, place.name)
                return place.folder.below((place.name,), create=False)
            except OSError as e:
                raise self._missing(e) from None

    def shows(self, name: str, found: os.stat_result) -> bool:
        """Whether this entry of a reached directory is reached too; for walks over trees."""
        return not (
            (_hidden(name, found) and not self.wide) or name.casefold().startswith(PART_PREFIX) or self.barred(found)
        )

    def barred(self, found: os.stat_result) -> bool:
        """A directory that nobody reaches, whatever was granted."""
        now = time.monotonic()
        if now > self._nobodys[0]:
            self._nobodys = (now + FRESH, _kernels(), self._keep())
        _, devices, folders = self._nobodys
        return found.st_dev in devices or (found.st_dev, found.st_ino) in folders

    def holds_kept(self, path: str) -> bool:
        """Whether a folder that nobody reaches is below `path` (of a Place): what is moved away takes it along."""
        return any(Path(os.path.realpath(kept)).is_relative_to(os.path.realpath(path)) for kept in self._kept)

    def expand(self, pattern: str, *, stopped: Callable[[], bool] = lambda: False) -> list[str]:
        """The paths that a pattern (`* ? [] **`) stands for, sorted; a path that is there stands for itself first.

        `**` stands for any number of directories and follows no link; what begins with a dot must be named so.
        Raises NoSuchSession when there is none, TooLarge, and as `find`."""
        if not _WILD.search(pattern):
            return [pattern]
        try:
            self.find(pattern).close()
        except NoSuchSession:
            return _Expansion(self, stopped).paths(pattern)
        return [pattern]

    def _keep(self) -> frozenset[tuple[int, int]]:
        found = set()
        for kept in self._kept:
            try:
                there = os.stat(kept)
            except OSError:
                continue
            found.add((there.st_dev, there.st_ino))
        return frozenset(found)

    def _walk(self, path: str, *, follow: bool, create: bool, must: bool) -> Place:
        try:
            too_long = len(os.fsencode(path)) > PATH_BYTES
        except UnicodeEncodeError:
            too_long = True
        if too_long or "\0" in path:
            raise self._missing()
        with ExitStack() as stack:
            try:
                walk = _Walk(self, self._home.resolve(strict=True), stack, create)
                return walk.go(path, follow, must)
            except (OSError, RuntimeError, ValueError) as e:
                raise self._missing(e) from None

    def _missing(self, e: Exception | None = None) -> RsError:
        if isinstance(e, OSError) and e.errno in _TROUBLE:
            return trouble(e)
        where = "on the customer's computer" if self.wide else "in the customer's home folder"
        return NoSuchSession(f"There is no such file {where}.", "`rs ls SESSION:` lists what is there.")


class _Walk:
    """One path, from its top to the directory that its last name is in."""

    def __init__(self, places: Places, home: Path, stack: ExitStack, create: bool) -> None:
        self._places, self._home, self._create = places, home, create
        self._wide = places.wide
        self._top = Path(home.anchor) if self._wide else home
        self._stack = stack
        self._held: list[Folder] = []
        self._names: list[str] = []
        self._hold(hold(self._top))

    def go(self, path: str, follow: bool, must: bool) -> Place:
        follow = follow or path.endswith(("/", "/."))
        todo = deque(self._parts(path))
        links = 0
        leaf = HERE
        while todo:
            leaf, last = todo.popleft(), not todo
            if leaf == "..":
                self._up()
                leaf = HERE
                continue
            self._check(leaf)
            if last and not follow:
                break
            target = self._target(leaf)
            if target is not None:
                links += 1
                if links > LINKS:
                    raise OSError(errno.ELOOP, "too many links")
                todo.extendleft(reversed(self._leads_to(target)))
                leaf = HERE
            elif not last:
                self._down(leaf)
                leaf = HERE
        return self._place(leaf, must)

    def _place(self, leaf: str, must: bool) -> Place:
        if leaf == HERE and self._names:
            leaf = self._names.pop()
            self._held.pop().close()
        at = self._held[-1]
        try:
            found = at.here() if leaf == HERE else at.stat(leaf)
        except FileNotFoundError:
            if must:
                raise
        else:
            self._bar(leaf, found)
        path = self._top.joinpath(*self._names) if leaf == HERE else self._top.joinpath(*self._names, leaf)
        return Place(at.copy(), leaf, str(path))

    def _parts(self, path: str) -> list[str]:
        """From the top. Raises NotAllowed for a path that does not lead below it."""
        if path == "~" or path.startswith("~/"):
            path = path[2:]
        asked = Path(path)
        if asked.anchor:
            return self._leads_to(path)
        return [*(self._home.parts[1:] if self._wide else ()), *asked.parts]

    def _leads_to(self, target: str) -> list[str]:
        asked = Path(target)
        if not asked.anchor:
            return list(asked.parts)
        if self._wide and asked.anchor != self._top.anchor:
            raise OSError(errno.EXDEV, "another drive")
        while self._names:
            self._up()
        if self._wide:
            return list(asked.parts[1:])
        for home in (self._home.parts, Path(os.path.abspath(self._places._home)).parts):
            if asked.parts[: len(home)] == home:
                return list(asked.parts[len(home) :])
        raise _outside()

    def _check(self, name: str) -> None:
        if name.casefold().startswith(PART_PREFIX):
            raise FileNotFoundError(errno.ENOENT, "kept")
        if name.startswith(".") and not self._wide:
            raise _hidden_error()
        if os.name == "nt" and ":" in name:
            raise OSError(errno.EINVAL, "a stream")

    def _bar(self, name: str, found: os.stat_result) -> None:
        if self._places.barred(found):
            raise NotAllowed("That is nobody's file: it belongs to the system, or to this program.", "")
        if not self._wide and name != HERE and _hidden(name, found):
            raise _hidden_error()

    def _target(self, name: str) -> str | None:
        try:
            return self._held[-1].link(name)
        except FileNotFoundError:
            if not self._create:
                raise
            return None
        except OSError as e:
            if e.errno != errno.EINVAL:
                raise
            return None

    def _down(self, name: str) -> None:
        if self._create:
            _make(self._held[-1], name)
        below = self._held[-1].step(name)
        self._names.append(name)
        self._hold(below)
        self._bar(name, below.here())

    def _up(self) -> None:
        if self._names:
            self._names.pop()
            self._held.pop().close()
        elif not self._wide:
            raise _outside()

    def _hold(self, folder: Folder) -> None:
        self._stack.callback(folder.close)
        if len(self._held) > DEEP:
            raise OSError(errno.ENAMETOOLONG, "nested too deeply")
        self._held.append(folder)


class _Expansion:
    def __init__(self, places: Places, stopped: Callable[[], bool]) -> None:
        self._places, self._stopped = places, stopped
        self._until = time.monotonic() + SECONDS
        self._seen = 0

    def paths(self, pattern: str) -> list[str]:
        parts = Path(pattern).parts
        fixed = next(i for i, part in enumerate(parts) if _WILD.search(part))
        found: set[str] = set()
        top = os.path.join(*parts[:fixed]) if fixed else ""
        self._places.folder(top).close()  # what is wrong with it is worth a better answer than that nothing matches
        for path in self._below(top, parts[fixed:]):
            found.add(path)
            if len(found) > MATCHES:
                raise TooLarge(f"The pattern stands for more than {MATCHES} files.", "Name fewer.")
        if not found:
            raise NoSuchSession(
                "Nothing at the customer's is named like that.", "`rs ls SESSION:` lists what is there."
            )
        return sorted(found)

    def _below(self, at: str, parts: tuple[str, ...]) -> Iterator[str]:
        """`at` is a directory, or nothing comes of it."""
        first, rest = parts[0], parts[1:]
        if first == "**":
            yield from self._any_depth(at, rest or ("*",))
        elif not _WILD.search(first):
            path = os.path.join(at, first)
            if rest:
                yield from self._below(path, rest)
            elif self._exists(path):
                yield path
        else:
            for name, _ in self._names(at):
                if not _matches(name, first):
                    continue
                path = os.path.join(at, name)
                if rest:
                    yield from self._below(path, rest)
                else:
                    yield path

    def _any_depth(self, at: str, rest: tuple[str, ...], depth: int = 0) -> Iterator[str]:
        yield from self._below(at, rest)
        if depth < DEPTH:
            for name, is_folder in self._names(at):
                if is_folder and not name.startswith("."):
                    yield from self._any_depth(os.path.join(at, name), rest, depth + 1)

    def _exists(self, path: str) -> bool:
        try:
            self._places.find(path, follow=False).close()
        except RsError:
            return False
        return True

    def _names(self, at: str) -> list[tuple[str, bool]]:
        """(name, is a directory) of what is reached in `at`; nothing where that is no directory of ours to list."""
        found: list[tuple[str, bool]] = []
        try:
            folder = self._places.folder(at)
        except RsError:
            return []
        try:
            for name in folder.scan():
                self._count()
                try:
                    there = folder.stat(name)
                except OSError:
                    continue
                if self._places.shows(name, there):
                    found.append((name, stat.S_ISDIR(there.st_mode)))
        except OSError:
            return []
        finally:
            folder.close()
        return found

    def _count(self) -> None:
        self._seen += 1
        if self._seen > LOOKED_AT or time.monotonic() > self._until:
            raise TooLarge("The pattern takes too long to look for.", "Begin in a folder further down.")
        if self._seen % 256 == 0 and self._stopped():
            raise NotAllowed("That was stopped.", "")


def _matches(name: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(name, pattern) and (pattern.startswith(".") or not name.startswith("."))


def trouble(e: OSError) -> RsError:
    """Why the customer's system would not, in words."""
    if isinstance(e, PermissionError):
        return NotAllowed("The customer's own account may not do that there.", "")
    if e.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull("The customer's disk is full.")
    return RsError(f"The customer's computer cannot do that ({(e.strerror or 'unknown error').lower()}).")


def new_name(name: str) -> None:
    """Whether something new may be called that. Raises UsageError."""
    try:
        safe_name(name)
    except RsError as e:
        raise UsageError(e.message, "Choose another.") from None


def _make(folder: Folder, name: str) -> None:
    try:
        folder.stat(name)
    except FileNotFoundError:
        new_name(name)
        try:
            folder.make(name)
        except FileExistsError:
            pass  # it is opened like any other: what is no directory fails there


def _hidden(name: str, found: os.stat_result) -> bool:
    """By its name, or by its flag on Windows and macOS."""
    if name != HERE and name.startswith("."):
        return True
    attributes, flags = getattr(found, "st_file_attributes", 0), getattr(found, "st_flags", 0)
    return bool(attributes & stat.FILE_ATTRIBUTE_HIDDEN or flags & stat.UF_HIDDEN)


def _outside() -> NotAllowed:
    return NotAllowed("That is outside the customer's home folder, which is all that `files` reaches.", _ASK)


def _hidden_error() -> NotAllowed:
    return NotAllowed("Hidden files and folders of the customer's are not reached with `files` alone.", _ASK)


def _kernels() -> frozenset[int]:
    """The devices (st_dev) of file systems whose files are no files but doors into the kernel and into processes."""
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as mounts:
            return frozenset(_device(line) for line in mounts if _type(line) in _KERNEL)
    except OSError:
        return frozenset()  # not Linux: there are none


def _type(line: str) -> str:
    return line.partition(" - ")[2].partition(" ")[0]


def _device(line: str) -> int:
    major, minor = line.split(" ", 3)[2].split(":")
    return os.makedev(int(major), int(minor))
