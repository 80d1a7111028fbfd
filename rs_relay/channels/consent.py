"""Consent: what the technician asks for, what the customer grants, withdraws, and the end of it all.

    technician                                   agent
    Ask(permissions)          ─────────────▶     asks the customer, one permission at a time
                              ◀─────────────     State(...)   at the start and after every change
    Goodbye(reason)           ─────────────▶     ends the session for all its links
                              ◀─────────────     Goodbye(reason), then the link closes

The channel is open on every link that a face looks at; it needs no permission of its own. What is written here is
only *shown* by the technician's end: the agent checks its own copy on every message of every channel.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from rs_relay.link.spec import ChannelSpec, Permission, Priority


class Grant(StrEnum):
    """What the customer said about one permission."""

    NOT_ASKED = "not-asked"
    ASKING = "asking"
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Ask(msgspec.Struct, frozen=True, tag="ask"):
    permissions: tuple[Permission, ...]


# The reason an agent gives when it was asked to end. Any other is the customer's own end, told in the customer's words
# and language ("You ended it."): a technician's face says that in its own words.
BY_TECHNICIAN = "The technician ended the session."


class Goodbye(msgspec.Struct, frozen=True, tag="goodbye"):
    reason: str = ""


class State(msgspec.Struct, frozen=True, tag="state"):
    grants: dict[Permission, Grant]
    customer: str  # the name the customer's computer goes by, for show only
    links: int  # how many links of this session are open, this one included
    folder: str = ""  # where sent files are put, as the customer would call it


Up = Ask | Goodbye
Down = State | Goodbye
SPEC: ChannelSpec[Up, Down] = ChannelSpec("consent", None, Priority.URGENT, Up, Down, max_message=8 * 1024)
