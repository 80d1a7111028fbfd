"""The system's log: read, and followed. A channel of its own, of the lowest priority: a log may be long.

technician                                   agent
Read(id, …)               ─────────────▶     Lines(id, entries) until all is said, the oldest first, then Over(id);
                                             with `follow` more Lines as they come, until Stop
Stop(id)                  ─────────────▶     Over(id)
                          ◀─────────────     Failed(id, …) in place of Over
"""

from __future__ import annotations

import msgspec

from rs_relay.link.spec import ChannelSpec, Permission, Priority

ENTRIES = 200  # in one message
TEXT = 8 * 1024  # characters of one entry; the rest is cut off
MAX_LINES = 1_000_000
MAX_UNIT = 256
READS = 4  # under way at once


class Read(msgspec.Struct, frozen=True, tag="read"):
    id: int
    lines: int = 100  # the last so many
    since: float = 0.0  # seconds since the epoch
    unit: str = ""  # a service, or the name that a program writes under
    priority: int = 7  # as syslog counts: 0 is an emergency, 3 an error, 7 for debugging; up to this one
    follow: bool = False


class Stop(msgspec.Struct, frozen=True, tag="stop"):
    id: int


class Entry(msgspec.Struct, frozen=True):
    at: float  # seconds since the epoch, 0 if it is not known
    priority: int  # -1 if it is not known
    source: str  # who wrote it: a program's name
    pid: int
    text: str


class Lines(msgspec.Struct, frozen=True, tag="lines"):
    id: int
    entries: tuple[Entry, ...]


class Over(msgspec.Struct, frozen=True, tag="over"):
    id: int
    source: str  # where from: journal, or a file's path


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    id: int
    code: str
    message: str
    hint: str


Up = Read | Stop
Down = Lines | Over | Failed
# `ahead`: nobody wants to read on, when they have stopped, what was queued before.
SPEC: ChannelSpec[Up, Down] = ChannelSpec(
    "logs", Permission.INFO, Priority.BULK, Up, Down, max_message=4 * 1024 * 1024, ahead=64 * 1024
)
