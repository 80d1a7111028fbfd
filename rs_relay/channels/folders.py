"""Folders of the customer's: what is in them, and changes to it. Contents of files go over the channel `files`.

    technician                                   agent
    List, Stat, Find, Glob, Measure, Space(task, …) ▶    looks
                              ◀─────────────     Entries(task, …) as they are found, Passed(task, …) while it takes long
    Make, Move, Remove(task, …)  ─────────────▶     changes, and tells the customer
                              ◀─────────────     Ended(task, …): that task is over; with a `code` it failed
    Stop(task)                ─────────────▶     whatever it is: Ended comes at once

Several tasks may run at once; `task` is the technician's number for one, unique on a channel. Paths are as the
customer's computer writes them: absolute, or below the customer's home, `~/` allowed; which are reached is the agent's
word. On Linux a name is bytes, any but `/` and NUL: one that is no UTF-8 goes as `wire` has it, each such byte as NUL
and four hex digits, U+0000 "dce9" for 0xe9 (and so does a lone half of a surrogate pair on Windows).
"""

from __future__ import annotations

import re
from enum import StrEnum

import msgspec

from rs_relay.link.spec import ChannelSpec, Permission, Priority

PATH_BYTES = 4096  # PATH_MAX of Linux; a longer one is refused
TASKS = 8  # at once on a channel
LISTED = 200_000  # entries of one folder at most, and of one search
BATCH = 256  # entries in one message at most

_LONE = re.compile("[\ud800-\udfff]")
_SAID = re.compile("\0(d[89a-f][0-9a-f]{2})")


class Kind(StrEnum):
    FILE = "file"
    FOLDER = "folder"
    LINK = "link"
    OTHER = "other"  # a device, a pipe, a socket


class List(msgspec.Struct, frozen=True, tag="list"):
    """What is in a folder, in no order; of anything else, itself."""

    task: int
    path: str


class Stat(msgspec.Struct, frozen=True, tag="stat"):
    """One thing: `name` in its entry is its whole path. `follow` a link at the end."""

    task: int
    path: str
    follow: bool = False


class Find(msgspec.Struct, frozen=True, tag="find"):
    """What is below a folder and is all of this. `name` in the entries is the path from there. No link is followed."""

    task: int
    path: str
    name: str = "*"  # * ? [] on the last part
    fold: bool = False  # capitals do not count
    kind: Kind | None = None
    larger: int = -1  # bytes, at least
    smaller: int = -1  # bytes, at most; -1: any
    after: float = 0.0  # changed since, seconds since 1970; 0: ever
    before: float = 0.0
    depth: int = 64


class Glob(msgspec.Struct, frozen=True, tag="glob"):
    """What a pattern (`* ? [] **`) stands for; `name` in the entries is the path, written as the pattern was."""

    task: int
    path: str


class Measure(msgspec.Struct, frozen=True, tag="measure"):
    """How much is in a folder: an entry for each thing in it, whose size is all that is below; the sum in Ended."""

    task: int
    path: str


class Space(msgspec.Struct, frozen=True, tag="space"):
    """Of the file system that a path is on."""

    task: int
    path: str


class Make(msgspec.Struct, frozen=True, tag="make"):
    """A folder; `parents`: also those on the way, and it may be there already."""

    task: int
    path: str
    parents: bool = False


class Move(msgspec.Struct, frozen=True, tag="move"):
    """To another name or place, a link as such; into `to` if that is a folder."""

    task: int
    path: str
    to: str
    overwrite: bool = False


class Remove(msgspec.Struct, frozen=True, tag="remove"):
    """A file, a link as such, an empty folder; `recursive`: a folder with all that is in it."""

    task: int
    path: str
    recursive: bool = False


class Stop(msgspec.Struct, frozen=True, tag="stop"):
    task: int


class Entry(msgspec.Struct, frozen=True):
    name: str
    kind: Kind
    size: int = 0  # bytes
    mtime: float = 0.0  # seconds since 1970, of the last change
    mode: int = 0  # the permission bits of POSIX, 0o7777 at most
    owner: str = ""
    group: str = ""
    target: str = ""  # where a link leads, as it is written there


class Entries(msgspec.Struct, frozen=True, tag="entries"):
    task: int
    entries: tuple[Entry, ...]


class Passed(msgspec.Struct, frozen=True, tag="passed"):
    """So many things were looked at, moved or removed until now."""

    task: int
    count: int


class Ended(msgspec.Struct, frozen=True, tag="ended"):
    task: int
    code: str = ""  # of rs_relay.errors; empty: it was done
    message: str = ""
    hint: str = ""
    count: int = 0  # things listed, found, measured, moved or removed
    size: int = 0  # bytes: of what was measured; of the file system that was asked for
    free: int = 0  # bytes that the customer's account may still use there
    path: str = ""  # where it is: what was looked at, or is there now
    more: bool = False  # there is more than was said: a bound was reached
    left: int = 0  # things passed over: not reached, or not to be read


Up = List | Stat | Find | Glob | Measure | Space | Make | Move | Remove | Stop
Down = Entries | Passed | Ended
SPEC: ChannelSpec[Up, Down] = ChannelSpec("folders", Permission.FILES, Priority.TALK, Up, Down, max_message=192 * 1024)


def wire(name: str) -> str:
    """`name` as Python has it (what is not Unicode as lone surrogates), as it is said."""
    return _LONE.sub(lambda found: f"\0{ord(found[0]):04x}", name)


def text(name: str) -> str:
    """And back."""
    return _SAID.sub(lambda found: chr(int(found[1], 16)), name)
