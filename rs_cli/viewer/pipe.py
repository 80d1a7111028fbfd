"""What the viewer and the process that holds the session say to each other, over the viewer's stdin and stdout.

    session's process                            viewer (holds no key, opens no socket)
                              ◀─────────────     Ready(…)  the window is there, or Cannot(…) and it ends
    Title(…)  Status(…)       ─────────────▶     what to show about the session; again whenever it changes
    Layout Frame Pointer      ─────────────▶     as they came through the screen channel, still compressed
                              ◀─────────────     Painted Choose Refresh   for the screen channel
    Entries(…)                ─────────────▶     what the menu offers about the session; again whenever it changes
                              ◀─────────────     Chosen(…)     one of them was chosen
                              ◀─────────────     Hands(Move Button Wheel Key Type ReleaseAll)   for the control channel
    Pen(…)  Board(…)          ─────────────▶     which tool the mouse is; what the draw channel said of the drawings
                              ◀─────────────     Drawn(…)  a piece of a stroke, for the draw channel; Pen() puts the
                                                 tool away
                              ◀─────────────     Cannot(…)  what it was sent made no sense; it ends
                              ◀─────────────     Closed()   the technician closed the window
    end of stdin              ─────────────▶     the session's process is gone: close

How a message is framed: `rs_relay.glass.framing`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from rs_relay.channels import draw
from rs_relay.channels.control import messages as control
from rs_relay.channels.screen import messages as screen
from rs_relay.glass import framing
from rs_relay.glass.framing import HEADER, length

__all__ = ["HEADER", "length"]

# One message of the screen channel, whose decoder has judged it by its own limit, and what encoding anew may add.
TO_VIEWER = screen.SPEC.max_message + 64 * 1024
FROM_VIEWER = 64 * 1024  # the longest is a Type


class Title(msgspec.Struct, frozen=True, tag="title", array_like=True):
    """`text` for the window's title, already printable; `exact` begins 1:1 instead of scaled to fit."""

    text: str
    exact: bool = False


class Status(msgspec.Struct, frozen=True, tag="status", array_like=True):
    """`connected` false shows the last picture in grey. `controlling`: the customer allows keyboard and mouse.

    `text` says what is going on in a few words, `granted` what the customer allows; both printable. `round_trip`: of
    the link, in seconds, once it is known."""

    connected: bool
    controlling: bool
    text: str = ""
    granted: str = ""
    round_trip: float | None = None


class Kind(StrEnum):
    """What becomes of an entry when it is chosen."""

    COMMAND = "command"
    CHECK = "check"  # on or off
    CHOICE = "choice"  # one of its group is on


class Entry(msgspec.Struct, frozen=True, tag="entry", array_like=True):
    """A line of the viewer's menu that the session's process answers for. `label` is printable. Entries of one `group`
    stand in a submenu of that name, or in the menu itself without one. `tool`: also in the tool bar."""

    id: str
    label: str
    kind: Kind = Kind.COMMAND
    group: str = ""
    on: bool = False
    enabled: bool = True
    tool: bool = False


class Entries(msgspec.Struct, frozen=True, tag="entries", array_like=True):
    """All of them, in the order to show. What is on is as said here, not as it was clicked."""

    entries: tuple[Entry, ...] = ()


class Chosen(msgspec.Struct, frozen=True, tag="chosen", array_like=True):
    """`on`: what a check or choice is to become."""

    id: str
    on: bool = True


class Ready(msgspec.Struct, frozen=True, tag="ready", array_like=True):
    """`codecs`: the lossy ones that this viewer decodes."""

    codecs: tuple[str, ...]


class Cannot(msgspec.Struct, frozen=True, tag="cannot", array_like=True):
    """An RsError, as it goes over a wire."""

    code: str
    message: str
    hint: str = ""


class Closed(msgspec.Struct, frozen=True, tag="closed", array_like=True):
    pass


class Hands(msgspec.Struct, frozen=True, tag="hands", array_like=True):
    """What the technician's hands did, as the control channel says it."""

    said: control.Up


class Pen(msgspec.Struct, frozen=True, tag="pen", array_like=True):
    """The mouse draws with `tool`; None: it is the mouse again."""

    tool: draw.Tool | None = None
    colour: draw.Colour = draw.Colour.RED
    width: Annotated[int, Meta(ge=1, le=draw.MAX_WIDTH)] = 4


class Board(msgspec.Struct, frozen=True, tag="board", array_like=True):
    """What the agent said of the drawings; Erase, too, of all that was on a link that has gone."""

    said: draw.Down


class Drawn(msgspec.Struct, frozen=True, tag="drawn", array_like=True):
    """What the technician draws, as the draw channel says it."""

    said: draw.Up


ToViewer = Title | Status | Entries | screen.Layout | screen.Frame | screen.Pointer | screen.Shape | Pen | Board
FromViewer = Ready | Chosen | Cannot | Closed | screen.Painted | screen.Choose | screen.Refresh | Hands | Drawn | Pen

_to_viewer: msgspec.msgpack.Decoder[ToViewer] = msgspec.msgpack.Decoder(ToViewer)
_from_viewer: msgspec.msgpack.Decoder[FromViewer] = msgspec.msgpack.Decoder(FromViewer)


def pack(message: ToViewer | FromViewer) -> bytes:
    return framing.pack(message)


def to_viewer(body: bytes) -> ToViewer:
    """Raises PeerBroke for what is no such message."""
    return framing.decode(_to_viewer, body)


def from_viewer(body: bytes) -> FromViewer:
    """Raises PeerBroke for what is no such message."""
    return framing.decode(_from_viewer, body)
