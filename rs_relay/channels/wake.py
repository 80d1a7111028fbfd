"""Wake-on-LAN: this agent wakes another computer in its network.

technician                                   agent
Wake(mac)                 ─────────────▶     the magic packet goes out by every network card that is up
                          ◀─────────────     Sent(mac, cards)    whether anybody woke, nobody can say
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from rs_relay.link.spec import ChannelSpec, Permission, Priority

Mac = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{2}(:[0-9a-f]{2}){5}$")]


class Wake(msgspec.Struct, frozen=True, tag="wake"):
    mac: Mac


class Sent(msgspec.Struct, frozen=True, tag="sent"):
    mac: Mac
    cards: int  # network cards that took the packet


SPEC: ChannelSpec[Wake, Sent] = ChannelSpec(
    "wake", Permission.POWER, Priority.TALK, Wake, Sent, max_message=1024, window=16 * 1024
)
