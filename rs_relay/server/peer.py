"""One host or control socket as a state machine: messages in, commands out.

What may be said, by whom and when, is TABLE; a message that the table does not hold closes the socket with 1008, and
so does one whose fields no honest program sends. A command is either said (`Say`), or ends the socket (`Close`), or is
a message that passed every check here and is now the app's to perform (`Do`). No socket, no clock of its own.

Link sockets are not here: they say one message (Attach) and then are cut through (splice.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from rs_relay.wire.closing import POLICY
from rs_relay.wire.limits import NAME, TAG, TAGS
from rs_relay.wire.messages import (
    VERSION,
    AskDevices,
    AskSlot,
    AskWaiting,
    ChangeDevice,
    Enrol,
    Failed,
    FromClient,
    FromRelay,
    Hello,
    Join,
    Knock,
    KnockDevice,
    Refused,
    RemoveDevice,
    Retire,
    Who,
)

DOORS = 20  # in one Who: what fits in 4 KiB
LARGEST_ID = 2**53 - 1  # what every JSON library can hold


class Kind(StrEnum):
    HOST = "host"
    CONTROL = "control"


class State(StrEnum):
    NEW = "new"
    READY = "ready"
    GONE = "gone"


@dataclass(frozen=True)
class Say:
    message: FromRelay


@dataclass(frozen=True)
class Close:
    code: int
    reason: str


@dataclass(frozen=True)
class Do:
    message: FromClient


Command = Say | Close | Do


class Peer:
    def __init__(self, kind: Kind, *, rate: float, burst: int) -> None:
        self.kind = kind
        self.state = State.NEW
        self._rate = rate
        self._burst = burst
        self._tokens = float(burst)
        self._filled: float | None = None

    def hear(self, message: FromClient, now: float) -> tuple[Command, ...]:
        if self.state is State.GONE:
            return ()
        if not self._within_rate(now):
            return self._end("too many messages")
        known = TABLE.get((self.kind, self.state, type(message)))
        if known is None:
            return self._end("that may not be said here")
        check, after = known
        fault = check(message)
        if fault:
            return self._end(fault)
        if isinstance(message, Hello) and message.version != VERSION:
            refused = Refused(
                0, "usage", f"This relay speaks version {VERSION} of its protocol, not {message.version}. Update rs."
            )
            return (Say(refused), *self._end("version"))
        self.state = after
        return (Do(message),)

    def gone(self) -> None:
        self.state = State.GONE

    def _end(self, reason: str) -> tuple[Command, ...]:
        self.state = State.GONE
        return (Close(POLICY, reason),)

    def _within_rate(self, now: float) -> bool:
        if self._filled is not None:
            self._tokens = min(self._burst, self._tokens + (now - self._filled) * self._rate)
        self._filled = now
        self._tokens -= 1.0
        return self._tokens >= 0.0


# Checks: '' if every field is what an honest program may send, else what is wrong with it.

_HEX32 = re.compile("[0-9a-f]{32}")
_HEX64 = re.compile("[0-9a-f]{64}")


def _host_hello(hello: Hello) -> str:
    if not _HEX32.fullmatch(hello.host) or not _HEX64.fullmatch(hello.rejoin):
        return "a host needs an id and a rejoin secret"
    if hello.door and not _HEX64.fullmatch(hello.door):
        return "a door is 64 hex digits"
    return _name(hello.name)


def _control_hello(hello: Hello) -> str:
    if hello.host or hello.rejoin or hello.door:
        return "a technician is not a host"
    return _name(hello.name)


def _name(name: str) -> str:
    return "the name is too long" if len(name) > NAME else ""


def _request(message: AskSlot | AskWaiting | Join) -> str:
    return "" if 0 < message.id <= LARGEST_ID else "a request needs an id"


def _knock(message: Knock) -> str:
    if not _HEX32.fullmatch(message.host) or not _HEX64.fullmatch(message.door):
        return "a knock needs a host and a door"
    return "" if 0 < message.id <= LARGEST_ID else "a request needs an id"


def _who(message: Who) -> str:
    if len(message.doors) > DOORS:
        return "too many doors"
    if not all(_HEX32.fullmatch(d.host) and _HEX64.fullmatch(d.door) for d in message.doors):
        return "a door needs a host and a key"
    return "" if 0 < message.id <= LARGEST_ID else "a request needs an id"


def _enrol(message: Enrol) -> str:
    if not _HEX64.fullmatch(message.proof):
        return "a device needs a proof"
    return _named(message.name) or _device(message)


def _ask_devices(message: AskDevices) -> str:
    if message.after and not _HEX32.fullmatch(message.after):
        return "no such page"
    return "" if 0 < message.id <= LARGEST_ID else "a request needs an id"


def _change(message: ChangeDevice) -> str:
    if len(message.tags) > TAGS or not all(_worded(tag, TAG) for tag in message.tags) or len(message.group) > TAG:
        return "too many or too long words"
    return _named(message.name) or _device(message)


def _named(name: str) -> str:
    return "" if _worded(name, NAME) else "a device needs a name"


def _worded(text: str, longest: int) -> bool:
    return 0 < len(text) <= longest


def _device(message: Enrol | ChangeDevice | RemoveDevice | KnockDevice) -> str:
    if not _HEX32.fullmatch(message.host):
        return "that names no device"
    return "" if 0 < message.id <= LARGEST_ID else "a request needs an id"


def _anything(_: Retire | Failed) -> str:
    return ""


Check = Callable[..., str]

TABLE: dict[tuple[Kind, State, type[FromClient]], tuple[Check, State]] = {
    (Kind.HOST, State.NEW, Hello): (_host_hello, State.READY),
    (Kind.HOST, State.READY, AskSlot): (_request, State.READY),
    (Kind.HOST, State.READY, Retire): (_anything, State.READY),
    (Kind.HOST, State.READY, Failed): (_anything, State.READY),
    (Kind.HOST, State.READY, Join): (_request, State.READY),
    (Kind.CONTROL, State.NEW, Hello): (_control_hello, State.READY),
    (Kind.CONTROL, State.READY, AskSlot): (_request, State.READY),
    (Kind.CONTROL, State.READY, Retire): (_anything, State.READY),
    (Kind.CONTROL, State.READY, Failed): (_anything, State.READY),
    (Kind.CONTROL, State.READY, Join): (_request, State.READY),
    (Kind.CONTROL, State.READY, Knock): (_knock, State.READY),
    (Kind.CONTROL, State.READY, Who): (_who, State.READY),
    (Kind.CONTROL, State.READY, AskWaiting): (_request, State.READY),
    (Kind.CONTROL, State.READY, Enrol): (_enrol, State.READY),
    (Kind.CONTROL, State.READY, AskDevices): (_ask_devices, State.READY),
    (Kind.CONTROL, State.READY, ChangeDevice): (_change, State.READY),
    (Kind.CONTROL, State.READY, RemoveDevice): (_device, State.READY),
    (Kind.CONTROL, State.READY, KnockDevice): (_device, State.READY),
}
