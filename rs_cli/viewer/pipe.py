"""What the viewer and the process that holds the session say to each other, over the viewer's stdin and stdout.

    session's process                            viewer (holds no key, opens no socket)
                              ◀─────────────     Ready(…)  the window is there, or Cannot(…) and it ends
    Title(…)  Status(…)       ─────────────▶     what to show about the session; again whenever it changes
    Layout Frame Pointer      ─────────────▶     as they came through the screen channel, still compressed
                              ◀─────────────     Painted Choose Refresh   for the screen channel
    Entries(…)                ─────────────▶     what the menu offers about the session; again whenever it changes
                              ◀─────────────     Chosen(…)     one of them was chosen
                              ◀─────────────     Hands(Move Button Wheel Key Type ReleaseAll)   for the control channel
                              ◀─────────────     Cannot(…)  what it was sent made no sense; it ends
                              ◀─────────────     Closed()   the technician closed the window
    end of stdin              ─────────────▶     the session's process is gone: close

A message is its length (4 bytes, big-endian) and that many bytes of MessagePack, a tagged union, validated by whoever
reads it. The pipe is local, but the pixels come from a stranger: either end refuses a length over its limit before it
reads on.
"""

from __future__ import annotations

import struct
from enum import StrEnum
from typing import TypeVar

import msgspec

from rs_relay.channels.control import messages as control
from rs_relay.channels.screen import messages as screen
from rs_relay.errors import PeerBroke

HEADER = struct.Struct(">I")
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


ToViewer = Title | Status | Entries | screen.Layout | screen.Frame | screen.Pointer | screen.Shape
FromViewer = Ready | Chosen | Cannot | Closed | screen.Painted | screen.Choose | screen.Refresh | Hands

_to_viewer: msgspec.msgpack.Decoder[ToViewer] = msgspec.msgpack.Decoder(ToViewer)
_from_viewer: msgspec.msgpack.Decoder[FromViewer] = msgspec.msgpack.Decoder(FromViewer)
_encoder = msgspec.msgpack.Encoder()
T = TypeVar("T")


def pack(message: ToViewer | FromViewer) -> bytes:
    body = _encoder.encode(message)
    return HEADER.pack(len(body)) + body


def length(header: bytes, limit: int) -> int:
    """How many bytes follow. Raises PeerBroke for more than `limit`."""
    (size,) = HEADER.unpack(header)
    if not 0 < size <= limit:
        raise PeerBroke("A message between rs and its window has an impossible length.")
    return int(size)


def to_viewer(body: bytes) -> ToViewer:
    """Raises PeerBroke for what is no such message."""
    return _decode(_to_viewer, body)


def from_viewer(body: bytes) -> FromViewer:
    """Raises PeerBroke for what is no such message."""
    return _decode(_from_viewer, body)


def _decode(decoder: msgspec.msgpack.Decoder[T], body: bytes) -> T:
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise PeerBroke("A message between rs and its window does not follow the protocol.") from e
