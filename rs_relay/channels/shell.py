"""Shells on the customer's computer: terminals that belong to the session, looked into through a channel each.

    technician                                   agent
    List                      ─────────────▶     what shells there are, the channel's end
                              ◀─────────────     Shells(…)
    Begin(key, number, seen)  ─────────────▶     or: once, first. Goes on with a shell, or opens one
                              ◀─────────────     Attached(number, at, heard): offsets where both ways go on
                              ◀─────────────     Screen(data): a first look ends here what it missed; not counted
                              ◀─────────────     Output(data) …: what the terminal shows, byte `at` and on
    Seen(total)               ─────────────▶     so much of it is on the technician's screen
    Keys(at, data) …          ─────────────▶     what is typed, by its offset; what was heard before is not typed twice
                              ◀─────────────     Typed(total): so much of it has gone into the terminal
    Resize(columns, lines)    ─────────────▶
    Leave                     ─────────────▶     detached: the shell goes on
    End                       ─────────────▶     the shell is ended
                              ◀─────────────     Taken: somebody else looks into it now; the channel's end
                              ◀─────────────     Ended(status, signal)

Offsets make a broken link harmless: `Begin` with the same key says what was seen, `Attached` what was heard, and both
send again what is missing, nothing twice. The channel's end without `Leave` is a broken link: the shell waits a while
for the one who was there rather than let output go. No more output is on its way than the line carries in a moment,
64 KiB at most, so that Ctrl-C is answered at once whatever pours out.
"""

from __future__ import annotations

import msgspec

from rs_relay.link.spec import ChannelSpec, Permission, Priority

AHEAD = 64 * 1024  # bytes of Keys that are not Typed yet
WINDOW = 64 * 1024  # bytes of Output that are not Seen yet
PIECE = 16 * 1024  # bytes of one Keys or Output
SCREEN = 256 * 1024  # bytes of Screen at most
KEY = 64  # characters
UNSEEN = -1  # `seen` of somebody who has seen nothing of this shell


class List(msgspec.Struct, frozen=True, tag="list"):
    pass


class Begin(msgspec.Struct, frozen=True, tag="begin"):
    key: str  # the technician's end makes it, one for each look
    columns: int
    lines: int
    term: str
    number: int = 0  # 0: the latest that nobody looks into, or a new one
    new: bool = False
    seen: int = UNSEEN


class Keys(msgspec.Struct, frozen=True, tag="keys"):
    at: int
    data: bytes


class Seen(msgspec.Struct, frozen=True, tag="seen"):
    total: int


class Resize(msgspec.Struct, frozen=True, tag="resize"):
    columns: int
    lines: int


class Leave(msgspec.Struct, frozen=True, tag="leave"):
    pass


class End(msgspec.Struct, frozen=True, tag="end"):
    pass


class About(msgspec.Struct, frozen=True):
    """One shell."""

    number: int  # 1, 2, 3 … in the session
    began: float  # seconds since the epoch, by the agent's clock
    attached: bool
    program: str  # what runs at its front now


class Shells(msgspec.Struct, frozen=True, tag="shells"):
    shells: tuple[About, ...]


class Attached(msgspec.Struct, frozen=True, tag="attached"):
    number: int
    at: int
    heard: int
    new: bool


class Screen(msgspec.Struct, frozen=True, tag="screen"):
    data: bytes


class Output(msgspec.Struct, frozen=True, tag="output"):
    data: bytes


class Typed(msgspec.Struct, frozen=True, tag="typed"):
    total: int


class Taken(msgspec.Struct, frozen=True, tag="taken"):
    pass


class Ended(msgspec.Struct, frozen=True, tag="ended"):
    status: int
    signal: str = ""


Up = List | Begin | Keys | Seen | Resize | Leave | End
Down = Shells | Attached | Screen | Output | Typed | Taken | Ended
SPEC: ChannelSpec[Up, Down] = ChannelSpec(
    "shell", Permission.SHELL, Priority.TALK, Up, Down, max_message=SCREEN + 1024, window=SCREEN + 64 * 1024
)
