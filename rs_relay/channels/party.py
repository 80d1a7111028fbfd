"""Party: a second technician comes into the session, one is taken out of it, the session is handed over.

    technician                            agent
    Invite               ──────────▶      asks the customer; a yes makes a code
                         ◀──────────      Code(code, seconds)      its secret half was made at the agent
                         ◀──────────      Wrong(left)              each time a wrong code was typed
                         ◀──────────      Came(number, name)       it was used: the channel is done
    HandOver(number)     ──────────▶      who said it leaves, and may do nothing from this moment
                         ◀──────────      Done
    Remove(number)       ──────────▶      that technician's key is void from this moment
                         ◀──────────      Done

A channel is for one of these. It needs no permission: the customer is asked about an invitation itself, and what the
one who leaves was allowed passes to the next only by the customer's yes. A code lives as long as its channel.
"""

from __future__ import annotations

import msgspec

from rs_relay.link.spec import ChannelSpec, Priority


class Invite(msgspec.Struct, frozen=True, tag="invite"):
    pass


class HandOver(msgspec.Struct, frozen=True, tag="hand-over"):
    number: int  # of a technician who is in the session


class Remove(msgspec.Struct, frozen=True, tag="remove"):
    number: int


class Code(msgspec.Struct, frozen=True, tag="code"):
    """`code` is a secret: it goes through the encrypted link and before the technician's eyes."""

    code: str
    seconds: float

    def __repr__(self) -> str:
        return f"Code(…, {self.seconds})"


class Wrong(msgspec.Struct, frozen=True, tag="wrong"):
    left: int  # tries before the code is void


class Came(msgspec.Struct, frozen=True, tag="came"):
    number: int
    name: str


class Done(msgspec.Struct, frozen=True, tag="done"):
    pass


Up = Invite | HandOver | Remove
Down = Code | Wrong | Came | Done
SPEC: ChannelSpec[Up, Down] = ChannelSpec("party", None, Priority.URGENT, Up, Down, max_message=4 * 1024)
