"""Appearance: the customer's desktop made plainer while a technician is there, for slow lines. Given back afterwards.

    technician                                   agent
    Hide(parts)               ─────────────▶     all that this technician wants hidden now; nothing by default
                              ◀─────────────     State(…)   at the start and whenever it has changed

What one technician on one link wants holds until they want otherwise or the channel closes; what several want adds up.
The agent gives everything back when the last of them goes, at the session's end, and when it is killed.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from rs_relay.link.spec import ChannelSpec, Permission, Priority


class Part(StrEnum):
    WALLPAPER = "wallpaper"
    EFFECTS = "effects"  # shadows, animations


class Hide(msgspec.Struct, frozen=True, tag="hide"):
    parts: tuple[Part, ...] = ()


class State(msgspec.Struct, frozen=True, tag="state"):
    """`hidden` now, whoever wanted it; of what is wanted and is not hidden, why."""

    hidden: tuple[Part, ...] = ()
    cannot: dict[Part, str] = {}


Up = Hide
Down = State
SPEC: ChannelSpec[Up, Down] = ChannelSpec(
    "appearance", Permission.CONTROL, Priority.TALK, Up, Down, max_message=4 * 1024, window=16 * 1024
)
