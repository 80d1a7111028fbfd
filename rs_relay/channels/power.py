"""A restart of the customer's computer, from the countdown to the return into the same session.

    technician                                   agent
    Reboot(id, delay, …)      ─────────────▶     the customer reads who restarts what, and when
                              ◀─────────────     Counting(id, left)    at the start and each second
    CallOff(id)               ─────────────▶
                              ◀─────────────     Over(id, code, …)     it does not happen, and why; a link later, too
                              ◀─────────────     Going(id, window)     it goes down; it has `window` seconds to be back
                        ─ ─ the link breaks ─ ─
    Reboot(id, …), as before  ─────────────▶     the agent that came back knows the id
                              ◀─────────────     Back(id, away, restarted)

`id` is the technician's, random: who says it again on a later link means the same restart, never another one. A channel
that ends before `Going` calls the restart off.
"""

from __future__ import annotations

import msgspec

from rs_relay.link.spec import ChannelSpec, Permission, Priority

WINDOW = 600.0  # seconds from the restart until both ends give the session up
LEAST, DELAY, MOST = (
    5.0,
    15.0,
    3600.0,
)  # seconds of the countdown; at least so many for the customer to read and stop it
# For a person, where a safe start goes wrong; who comes back has it undone already.
BY_HAND = "To undo a safe start by hand: bcdedit /deletevalue {current} safeboot, or boot.ini.bak over boot.ini."
MAX_ID, MAX_REASON = 64, 200  # characters


class Reboot(msgspec.Struct, frozen=True, tag="reboot"):
    id: str
    delay: float = DELAY
    reason: str = ""  # for the customer
    safe_mode: bool = False


class CallOff(msgspec.Struct, frozen=True, tag="call-off"):
    id: str


class Counting(msgspec.Struct, frozen=True, tag="counting"):
    id: str
    left: float


class Going(msgspec.Struct, frozen=True, tag="going"):
    id: str
    window: float


class Back(msgspec.Struct, frozen=True, tag="back"):
    id: str
    away: float  # seconds since it went
    restarted: bool  # the computer; else only the program was started again
    note: str = ""  # what the technician should know: what became of the boot configuration


class Over(msgspec.Struct, frozen=True, tag="over"):
    id: str
    code: str
    message: str
    hint: str = ""


Up = Reboot | CallOff
Down = Counting | Going | Back | Over
SPEC: ChannelSpec[Up, Down] = ChannelSpec(
    "power", Permission.POWER, Priority.TALK, Up, Down, max_message=4 * 1024, window=16 * 1024
)
