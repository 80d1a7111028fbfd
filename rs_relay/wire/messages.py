"""The outer protocol: all that the relay can read. JSON text messages on three kinds of websocket.

    /host      the customer's agent, for as long as it runs; anybody may open one
    /control   a technician's program; `Authorization: Bearer TOKEN` is checked before the upgrade (401)
    /link      one end of one link; the first message is Attach, then the relay only passes binary messages

    either     Hello ──▶            ◀── Welcome
    either     AskSlot(id) ──▶      ◀── Slot(id, slot, ttl)      the end that makes a code asks for its public number
    either     Retire(slot) ──▶                                  the code was used or cancelled
    either     Failed(slot) ──▶                                  a wrong secret was tried (the maker of the code counts)
    either     Join(id, slot) ──▶   ◀── Ticket(id, link, ticket) the end where a code was typed knocks
    technician Knock(id, host, door) ──▶ ◀── Ticket(…)           a further link of a session already paired
    technician Who(id, doors) ──▶   ◀── Presence(id, online)     which of these hosts are here now
    technician AskWaiting(id) ──▶   ◀── Waiting(id, customers)   agents that show a code now
    technician Enrol(id, host, proof, name) ──▶ ◀── Done(id)     a device joins the technician's list
    technician AskDevices(id, after) ──▶ ◀── Devices(id, devices, more)   the technician's own, and which are here
    technician ChangeDevice, RemoveDevice ──▶ ◀── Done(id)
    technician KnockDevice(id, host) ──▶ ◀── Ticket(…)           at a device itself, with its access code
               the end that is knocked at ◀── Knocked(link, ticket, slot, name)
    anybody    ◀── Refused(id, code, retry_after)                `code` is a code of the error tree
    anybody    ◀── Restarting(in_ms)                             come back then; the session goes on

    /link      Attach(ticket) ──▶   ◀── Joined()                 once both ends are there; or Refused and close

A slot held by a host is joined from a control socket, and the other way round; never by its own kind. `link` is 16
random bytes in hex, public, and bound into the handshake by both ends. `host` is chosen by the agent at random for
one run, by a device once for all; `rejoin` proves, to the relay only, that a second socket for it comes from the same
agent, `door` (whose SHA-256 the agent deposits) that a technician has been inside before. Neither opens anything end to
end. Another technician's device is answered as one that does not exist.
"""

from __future__ import annotations

import msgspec

VERSION = 1


class Hello(msgspec.Struct, frozen=True, tag="hello", forbid_unknown_fields=True):
    version: int
    host: str = ""  # 32 hex digits, hosts only
    rejoin: str = ""  # 64 hex digits, hosts only
    door: str = ""  # SHA-256 of the door key, 64 hex digits, hosts only
    name: str = ""  # what the customer's computer lets itself be called, at most 64 characters


class AskSlot(msgspec.Struct, frozen=True, tag="ask-slot", forbid_unknown_fields=True):
    id: int


class Retire(msgspec.Struct, frozen=True, tag="retire", forbid_unknown_fields=True):
    slot: str


class Failed(msgspec.Struct, frozen=True, tag="failed", forbid_unknown_fields=True):
    slot: str


class Join(msgspec.Struct, frozen=True, tag="join", forbid_unknown_fields=True):
    id: int
    slot: str


class Knock(msgspec.Struct, frozen=True, tag="knock", forbid_unknown_fields=True):
    id: int
    host: str
    door: str  # the door key itself, 64 hex digits


class Door(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    host: str
    door: str


class Who(msgspec.Struct, frozen=True, tag="who", forbid_unknown_fields=True):
    id: int
    doors: tuple[Door, ...]  # at most 20 in one message (it must fit in 4 KiB)


class AskWaiting(msgspec.Struct, frozen=True, tag="ask-waiting", forbid_unknown_fields=True):
    id: int


class Enrol(msgspec.Struct, frozen=True, tag="enrol", forbid_unknown_fields=True):
    id: int
    host: str
    proof: str  # SHA-256 of the device's `rejoin`, 64 hex digits
    name: str


class AskDevices(msgspec.Struct, frozen=True, tag="ask-devices", forbid_unknown_fields=True):
    id: int
    after: str = ""  # the host that the answer before this one ended with


class ChangeDevice(msgspec.Struct, frozen=True, tag="change-device", forbid_unknown_fields=True):
    id: int
    host: str
    name: str
    tags: tuple[str, ...]
    group: str


class RemoveDevice(msgspec.Struct, frozen=True, tag="remove-device", forbid_unknown_fields=True):
    id: int
    host: str


class KnockDevice(msgspec.Struct, frozen=True, tag="knock-device", forbid_unknown_fields=True):
    id: int
    host: str


class Attach(msgspec.Struct, frozen=True, tag="attach", forbid_unknown_fields=True):
    ticket: str


class Welcome(msgspec.Struct, frozen=True, tag="welcome"):
    version: int
    name: str = ""  # the technician's account, on /control
    relay: str = ""  # what the operator calls this relay
    slots: tuple[
        str, ...
    ] = ()  # on /host: the slots it still holds from before (a new socket, or none after a restart)


class Slot(msgspec.Struct, frozen=True, tag="slot"):
    id: int
    slot: str
    ttl: float  # seconds


class Ticket(msgspec.Struct, frozen=True, tag="ticket"):
    id: int
    link: str
    ticket: str


class Knocked(msgspec.Struct, frozen=True, tag="knocked"):
    link: str
    ticket: str
    slot: str  # '' for a further link of a session
    name: str  # who knocks, as the relay knows them
    device: bool = False  # at the device itself, with its access code, rather than at a session


class Presence(msgspec.Struct, frozen=True, tag="presence"):
    id: int
    online: tuple[bool, ...]


class Customer(msgspec.Struct, frozen=True):
    slot: str
    name: str
    since: float  # seconds ago


class Waiting(msgspec.Struct, frozen=True, tag="waiting"):
    id: int
    customers: tuple[Customer, ...]  # the newest 20


class Device(msgspec.Struct, frozen=True):
    host: str
    name: str
    tags: tuple[str, ...]
    group: str
    online: bool
    seen: float = -1.0  # seconds since it left, where the relay remembers


class Devices(msgspec.Struct, frozen=True, tag="devices"):
    id: int
    devices: tuple[Device, ...]
    more: bool


class Done(msgspec.Struct, frozen=True, tag="done"):
    id: int


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    id: int  # 0 when it answers no request
    code: str
    message: str
    retry_after: float = 0.0  # seconds


class Restarting(msgspec.Struct, frozen=True, tag="restarting"):
    in_ms: int


class Joined(msgspec.Struct, frozen=True, tag="joined"):
    pass


FromClient = (
    Hello
    | AskSlot
    | Retire
    | Failed
    | Join
    | Knock
    | Who
    | AskWaiting
    | Enrol
    | AskDevices
    | ChangeDevice
    | RemoveDevice
    | KnockDevice
    | Attach
)
FromRelay = Welcome | Slot | Ticket | Knocked | Presence | Waiting | Devices | Done | Refused | Restarting | Joined
