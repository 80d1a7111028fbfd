"""What the recorder's process and the one that holds the session say to each other, over its stdin and stdout.

session's process                            recorder (holds no key, opens no socket)
Begin(path, …)            ─────────────▶     creates the file
                          ◀─────────────     State(…), or Failed(…) and it ends
Allow(on)                 ─────────────▶     whether what follows may be written: not before it is said
Layout Frame Pointer Shape ────────────▶     as they came through the screen channel, still compressed
                          ◀─────────────     State(…)   whenever the file has grown
                          ◀─────────────     Failed(…)  the disk, or what it was sent, ends it
Finish()                  ─────────────▶     the file is finished
                          ◀─────────────     State(…)   the last word
end of stdin              ─────────────▶     the session's process is gone: what was written stays
"""

from __future__ import annotations

import msgspec

from rs_relay.channels.screen import messages as screen
from rs_relay.glass import framing

TO_RECORDER = screen.SPEC.max_message + 64 * 1024
FROM_RECORDER = 8 * 1024


class Begin(msgspec.Struct, frozen=True, tag="begin", array_like=True):
    path: str
    title: str
    replace: bool = False


class Allow(msgspec.Struct, frozen=True, tag="allow", array_like=True):
    on: bool


class Finish(msgspec.Struct, frozen=True, tag="finish", array_like=True):
    pass


class State(msgspec.Struct, frozen=True, tag="state", array_like=True):
    """How far it is. `finished`: nothing follows."""

    seconds: float = 0.0
    size: int = 0  # bytes in the file
    segments: int = 0
    finished: bool = False


class Failed(msgspec.Struct, frozen=True, tag="failed", array_like=True):
    """An RsError, as it goes over a wire."""

    code: str
    message: str
    hint: str = ""


ToRecorder = Begin | Allow | Finish | screen.Layout | screen.Frame | screen.Pointer | screen.Shape
FromRecorder = State | Failed

_to_recorder: msgspec.msgpack.Decoder[ToRecorder] = msgspec.msgpack.Decoder(ToRecorder)
_from_recorder: msgspec.msgpack.Decoder[FromRecorder] = msgspec.msgpack.Decoder(FromRecorder)


def to_recorder(body: bytes) -> ToRecorder:
    """Raises PeerBroke for what is no such message."""
    return framing.decode(_to_recorder, body)


def from_recorder(body: bytes) -> FromRecorder:
    """Raises PeerBroke for what is no such message."""
    return framing.decode(_from_recorder, body)
