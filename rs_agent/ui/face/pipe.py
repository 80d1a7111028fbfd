"""What the agent and the customer's window say to each other, over the window's stdin and stdout.

    agent                                         window (holds no key, opens no socket)
                               ◀─────────────     Ready()  the window is there, or Cannot(…) and it ends
    Told WantCode Code Holds   ─────────────▶     what is shown, see `rs_agent.ui.base.Face`
    Ask Asked Notice Chat      ─────────────▶
    Counting Counted           ─────────────▶
    AccessCode Moving Moved    ─────────────▶
    Problem HotKey Done Failed ─────────────▶
                               ◀─────────────     Stop Answer Heed Withdraw Remove Pause Say Draw Erase Forbid
                               ◀─────────────     StopRestart Cancel Typed OpenFolder
    end of stdin               ─────────────▶     the agent is gone: the summary stays, all else closes

How a message is framed: `rs_relay.glass.framing`. Times are seconds from now, since the two have clocks of their own.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from rs_relay.channels.draw import Tool
from rs_relay.glass import framing
from rs_relay.link.spec import Permission

TO_WINDOW = 256 * 1024  # bytes of a message; a chat line is the longest
FROM_WINDOW = 64 * 1024


class Told(msgspec.Struct, frozen=True, tag="told", array_like=True):
    """Which relay it is. `joins`: the code is the technician's, and none is shown here."""

    relay: str
    joins: bool = False


class WantCode(msgspec.Struct, frozen=True, tag="want-code", array_like=True):
    """The customer is to type the technician's code. `problem`: what was wrong with the last, ready for show."""

    problem: str = ""


class Code(msgspec.Struct, frozen=True, tag="code", array_like=True):
    spoken: str
    seconds: float  # that it holds


class Standing(msgspec.Struct, frozen=True, array_like=True):
    """`rs_agent.ui.base.Standing`."""

    number: int
    name: str
    connected: bool
    granted: frozenset[Permission]
    used: frozenset[Permission]


class Holds(msgspec.Struct, frozen=True, tag="holds", array_like=True):
    """`rs_agent.ui.base.InForce`."""

    connected: tuple[str, ...]
    granted: frozenset[Permission]
    paused: bool
    session: bool
    used: frozenset[Permission]
    seen: bool
    each: tuple[Standing, ...] = ()


class Ask(msgspec.Struct, frozen=True, tag="ask", array_like=True):
    number: int
    asks: str  # "{who} asks to …", ready for show
    means: str  # what a yes means, ready for show
    who: str
    left: float  # seconds until it is a no
    live: float  # seconds until a yes counts
    warn: bool  # the warning is to be read first


class Asked(msgspec.Struct, frozen=True, tag="asked", array_like=True):
    number: int


class Notice(msgspec.Struct, frozen=True, tag="notice", array_like=True):
    text: str


class Counting(msgspec.Struct, frozen=True, tag="counting", array_like=True):
    """`rs_agent.feature.Countdown`, in words that are ready for show."""

    text: str
    reason: str
    seconds: float


class Counted(msgspec.Struct, frozen=True, tag="counted", array_like=True):
    pass


class AccessCode(msgspec.Struct, frozen=True, tag="access-code", array_like=True):
    code: str
    who: str


class Moving(msgspec.Struct, frozen=True, tag="moving", array_like=True):
    """`rs_agent.feature.Moving`."""

    number: int
    text: str
    part: float


class Moved(msgspec.Struct, frozen=True, tag="moved", array_like=True):
    number: int


class Chat(msgspec.Struct, frozen=True, tag="chat", array_like=True):
    name: str
    text: str


class Problem(msgspec.Struct, frozen=True, tag="problem", array_like=True):
    message: str
    hint: str


class HotKey(msgspec.Struct, frozen=True, tag="hotkey", array_like=True):
    """The key that stops from anywhere on this desktop, as people write it."""

    name: str


class Done(msgspec.Struct, frozen=True, tag="done", array_like=True):
    """`rs_agent.ui.base.Summary`."""

    who: tuple[str, ...]
    seconds: float
    granted: tuple[Permission, ...]
    files: tuple[tuple[str, str], ...]
    reason: str


class Failed(msgspec.Struct, frozen=True, tag="failed", array_like=True):
    """Why the agent ends, ready for show."""

    message: str
    hint: str


class Ready(msgspec.Struct, frozen=True, tag="ready", array_like=True):
    pass


class Cannot(msgspec.Struct, frozen=True, tag="cannot", array_like=True):
    """An RsError, as it goes over a wire."""

    code: str
    message: str
    hint: str = ""


class Stop(msgspec.Struct, frozen=True, tag="stop", array_like=True):
    pass


class Answer(msgspec.Struct, frozen=True, tag="answer", array_like=True):
    number: int
    yes: bool


class Heed(msgspec.Struct, frozen=True, tag="heed", array_like=True):
    """The warning was read, and the customer goes on to question `number`."""

    number: int


class Withdraw(msgspec.Struct, frozen=True, tag="withdraw", array_like=True):
    permissions: tuple[Permission, ...]


class Remove(msgspec.Struct, frozen=True, tag="remove", array_like=True):
    """That technician is taken out of the session."""

    number: int


class Pause(msgspec.Struct, frozen=True, tag="pause", array_like=True):
    on: bool


class Say(msgspec.Struct, frozen=True, tag="say", array_like=True):
    text: str


class Draw(msgspec.Struct, frozen=True, tag="draw", array_like=True):
    tool: Tool


class Erase(msgspec.Struct, frozen=True, tag="erase", array_like=True):
    pass


class Forbid(msgspec.Struct, frozen=True, tag="forbid", array_like=True):
    on: bool


class StopRestart(msgspec.Struct, frozen=True, tag="stop-restart", array_like=True):
    pass


class Cancel(msgspec.Struct, frozen=True, tag="cancel", array_like=True):
    """What moves under that number is to stop."""

    number: int


class Typed(msgspec.Struct, frozen=True, tag="typed", array_like=True):
    """The technician's code, as the customer typed it."""

    code: Annotated[str, msgspec.Meta(max_length=64)]


class OpenFolder(msgspec.Struct, frozen=True, tag="folder", array_like=True):
    pass


ToWindow = (
    Told
    | WantCode
    | Code
    | Holds
    | Ask
    | Asked
    | Notice
    | Counting
    | Counted
    | AccessCode
    | Moving
    | Moved
    | Chat
    | Problem
    | HotKey
    | Done
    | Failed
)
FromWindow = (
    Ready
    | Cannot
    | Stop
    | Answer
    | Heed
    | Withdraw
    | Remove
    | Pause
    | Say
    | Draw
    | Erase
    | Forbid
    | StopRestart
    | Cancel
    | Typed
    | OpenFolder
)

_to_window: msgspec.msgpack.Decoder[ToWindow] = msgspec.msgpack.Decoder(ToWindow)
_from_window: msgspec.msgpack.Decoder[FromWindow] = msgspec.msgpack.Decoder(FromWindow)


def to_window(body: bytes) -> ToWindow:
    """Raises PeerBroke for what is no such message."""
    return framing.decode(_to_window, body)


def from_window(body: bytes) -> FromWindow:
    """Raises PeerBroke for what is no such message."""
    return framing.decode(_from_window, body)
