"""The customer's agent as a service of their computer, from within a session: set up, looked at, taken away.

    technician                                  agent
    Install(user)            ─────────────▶     the permission was the customer's yes
                             ◀─────────────     Asked()        the system asks there for its administrator's password
                             ◀─────────────     Told(system, user), and the channel closes
    Status() | Remove(user)  ─────────────▶
                             ◀─────────────     Told(…)

`user`: a service with the customer's own rights, which nobody has to be asked for. The session stays where it is, in
the program that the customer sees.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from rs_relay.link.spec import ChannelSpec, Permission, Priority

State = Literal["missing", "stopped", "running", "impossible"]


class Install(msgspec.Struct, frozen=True, tag="install"):
    user: bool = False


class Remove(msgspec.Struct, frozen=True, tag="remove"):
    user: bool = False


class Status(msgspec.Struct, frozen=True, tag="status"):
    pass


class Asked(msgspec.Struct, frozen=True, tag="asked"):
    pass


class Told(msgspec.Struct, frozen=True, tag="told"):
    system: State  # of the whole computer's service
    user: State  # of the customer's own


Up = Install | Remove | Status
Down = Asked | Told
SPEC: ChannelSpec[Up, Down] = ChannelSpec(
    "agent-service", Permission.UNATTENDED, Priority.TALK, Up, Down, max_message=1024, window=16 * 1024
)
