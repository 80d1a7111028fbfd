"""Privacy: the customer's screen made dark, their keyboard and mouse held, while a technician works.

    technician                                   agent
    Keep(parts)               ─────────────▶     all that this technician wants now; said again before LEASE has passed
                              ◀─────────────     State(…)   at the start and whenever it has changed

What one technician on one link wants holds until they want otherwise, for LEASE seconds after they said so last, or
until the channel closes; what several want adds up. The customer can end it whatever is held: Escape three times on
their own keyboard withdraws the grant, and the channel closes with it.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from rs_relay.link.spec import ChannelSpec, Permission, Priority

LEASE = 60.0  # seconds that a Keep holds
RENEW = 20.0  # seconds after which an honest technician's end says it again


class Part(StrEnum):
    BLANK = "blank"  # the screen is dark; its picture goes on
    BLOCK = "block"  # the customer's own keyboards and mice do nothing


class Keep(msgspec.Struct, frozen=True, tag="keep"):
    parts: tuple[Part, ...] = ()


class State(msgspec.Struct, frozen=True, tag="state"):
    """What is in force now, whoever wanted it; of what is wanted and is not, why."""

    in_force: tuple[Part, ...] = ()
    cannot: dict[Part, str] = {}


Up = Keep
Down = State
SPEC: ChannelSpec[Up, Down] = ChannelSpec(
    "privacy", Permission.PRIVACY, Priority.URGENT, Up, Down, max_message=4 * 1024, window=16 * 1024
)
