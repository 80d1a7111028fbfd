"""Control: pointer, wheel, keys and text from the technician's hands to the customer's computer.

    technician                                   agent
    Move Button Wheel Key Type  ───────────▶     done in order; nothing comes back but Failed, when a thing could not be
    ReleaseAll                  ───────────▶     (also done by the agent itself whenever the channel ends)

Coordinates are pixels of the customer's whole desktop. A Move may replace an unsent Move directly before it.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from rs_relay.link.spec import ChannelSpec, Permission, Priority

MAX_TEXT = 4096  # characters in one Type


class ButtonName(StrEnum):
    LEFT = "left"
    MIDDLE = "middle"
    RIGHT = "right"
    BACK = "back"
    FORWARD = "forward"


class Move(msgspec.Struct, frozen=True, tag="m"):
    x: int
    y: int


class Button(msgspec.Struct, frozen=True, tag="b"):
    name: ButtonName
    down: bool


class Wheel(msgspec.Struct, frozen=True, tag="w"):
    """Notches: positive dy is up (away from the user), positive dx is right."""

    dx: int
    dy: int


class Key(msgspec.Struct, frozen=True, tag="k"):
    """A special key by its name in `keys.NAMES`, or one character while a modifier is held (a shortcut)."""

    name: str
    down: bool


class Type(msgspec.Struct, frozen=True, tag="t"):
    """Characters that were meant, whatever either end's layout is."""

    text: str


class ReleaseAll(msgspec.Struct, frozen=True, tag="r"):
    pass


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    code: str
    message: str


Up = Move | Button | Wheel | Key | Type | ReleaseAll
Down = Failed
SPEC: ChannelSpec[Up, Down] = ChannelSpec(
    "control", Permission.CONTROL, Priority.URGENT, Up, Down, max_message=32 * 1024
)
