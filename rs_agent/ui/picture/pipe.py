"""What the window and the agent say to each other, over the window's stdin and stdout.

    agent                                        window (holds no key, opens no socket)
                              ◀─────────────     Ready(…)  the window is there, or Cannot(…) and it ends
    Title(who)                ─────────────▶     whose screen it is
    Layout Frame Pointer Shape ────────────▶     as they came through the share channel, still compressed
                              ◀─────────────     Painted Pause Resume   for the share channel
                              ◀─────────────     Cannot(…)  what it was sent made no sense; it ends
                              ◀─────────────     Closed()   the customer closed the window
    end of stdin              ─────────────▶     the agent is gone: close

There is no word for what hands do: nothing that happens in the window can reach the technician's computer.
How a message is framed: `rs_relay.glass.framing`.
"""

from __future__ import annotations

import msgspec

from rs_relay.channels.screen import share
from rs_relay.channels.screen.messages import Painted, Pause, Resume
from rs_relay.glass import framing

# One message of the share channel, whose decoder has judged it by its own limit, and what encoding anew may add.
TO_WINDOW = share.SPEC.max_message + 64 * 1024
FROM_WINDOW = 4 * 1024


class Title(msgspec.Struct, frozen=True, tag="title", array_like=True):
    """Who shows their screen, as the relay names them."""

    who: str


class Ready(msgspec.Struct, frozen=True, tag="ready", array_like=True):
    """`codecs`: the lossy ones that this window decodes."""

    codecs: tuple[str, ...]


class Cannot(msgspec.Struct, frozen=True, tag="cannot", array_like=True):
    """An RsError, as it goes over a wire."""

    code: str
    message: str
    hint: str = ""


class Closed(msgspec.Struct, frozen=True, tag="closed", array_like=True):
    pass


ToWindow = Title | share.Up
FromWindow = Ready | Cannot | Closed | Painted | Pause | Resume

_to_window: msgspec.msgpack.Decoder[ToWindow] = msgspec.msgpack.Decoder(ToWindow)
_from_window: msgspec.msgpack.Decoder[FromWindow] = msgspec.msgpack.Decoder(FromWindow)


def to_window(body: bytes) -> ToWindow:
    """Raises PeerBroke for what is no such message."""
    return framing.decode(_to_window, body)


def from_window(body: bytes) -> FromWindow:
    """Raises PeerBroke for what is no such message."""
    return framing.decode(_from_window, body)
