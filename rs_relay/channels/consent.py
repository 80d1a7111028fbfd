"""Consent: what the technician asks for, what the customer grants, withdraws, and the end of it all.

    technician                                   agent
    Ask(permissions)          ─────────────▶     asks the customer, one permission at a time
                              ◀─────────────     State(...)   at the start and after every change
    Goodbye(reason)           ─────────────▶     ends the session; of one who does not lead, their own part in it
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


# The reasons an agent gives that are not the customer's own end. Any other is told in the customer's words and language
# ("You ended it."): a technician's face says that in its own words.
BY_TECHNICIAN = "The technician ended the session."
REMOVED = "You were taken out of the session; it goes on without you."
LEFT = "You left the session; it goes on without you."
HANDED_OVER = "You handed the session over."
REASONS = frozenset({BY_TECHNICIAN, REMOVED, LEFT, HANDED_OVER})


class Goodbye(msgspec.Struct, frozen=True, tag="goodbye"):
    reason: str = ""


class Present(msgspec.Struct, frozen=True):
    """A technician of the session."""

    number: int  # from 1, never given twice in one session
    name: str  # as the relay says, told apart from every other: text of the other side, for show
    since: float  # seconds since the epoch, by the customer's clock
    links: int = 0  # open now; 0: none of their programs is connected
    leads: bool = False  # answers for the session
    you: bool = False


class State(msgspec.Struct, frozen=True, tag="state"):
    """As it is for the technician to whom it is said: `grants` are theirs alone."""

    grants: dict[Permission, Grant]
    customer: str  # the name the customer's computer goes by, for show only
    links: int  # how many links of this session are open, this one included
    folder: str = ""  # where sent files are put, as the customer would call it
    present: tuple[Present, ...] = ()  # everybody who is in the session, in the order in which they came


Up = Ask | Goodbye
Down = State | Goodbye
SPEC: ChannelSpec[Up, Down] = ChannelSpec("consent", None, Priority.URGENT, Up, Down, max_message=8 * 1024)
