"""Where what a peer asked for is done: hosts are registered, slots given out, joins and knocks paired.

Law: every refusal that could tell whether a code or a host exists is the same words after the same random delay, and
costs who asked a try. What is refused to somebody who may know is said at once and plainly.

The desk knows peers by number and speaks to them through `Mouth`; it holds no socket. The clock comes with each call.
Names that strangers chose pass `_shown` before anybody else sees them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from rs_relay.server.admission import Technician
from rs_relay.server.config import Limits
from rs_relay.server.devices import Devices, Row
from rs_relay.server.peer import Kind
from rs_relay.server.presence import Presence
from rs_relay.server.rooms import Pair
from rs_relay.server.slots import Held, Slots
from rs_relay.server.throttle import Rule, Throttle
from rs_relay.wire import closing, codec, messages
from rs_relay.wire.limits import CONTROL_MESSAGE
from rs_relay.wire.messages import (
    VERSION,
    AskDevices,
    AskSlot,
    AskWaiting,
    ChangeDevice,
    Customer,
    Done,
    Enrol,
    Failed,
    FromClient,
    FromRelay,
    Hello,
    Join,
    Knock,
    KnockDevice,
    Knocked,
    Refused,
    RemoveDevice,
    Retire,
    Slot,
    Ticket,
    Waiting,
    Welcome,
    Who,
)

SHOWN_CUSTOMERS = 20
ALARM = Rule(4, 60.0, pause=600.0)  # more than 3 wrong codes a minute over the whole relay (SECURITY-DESIGN 2.1)


@dataclass(frozen=True)
class Visitor:
    """Who speaks: the number of the peer, and what its limits are counted under ('' for nobody's)."""

    number: int
    kind: Kind
    technician: Technician | None
    limited_as: str

    @property
    def account(self) -> str:
        return self.technician.name if self.technician is not None else ""

    @property
    def said_as(self) -> str:
        """In the record: the account, or which kind of stranger."""
        return self.account or self.kind.value


class Mouth(Protocol):
    def say(self, number: int, message: FromRelay) -> None: ...
    def close(self, number: int, code: int, reason: str) -> None: ...
    def later(self, number: int, message: FromRelay) -> None:
        """Say it after the delay of refusals."""


class Opens(Protocol):
    def open(self, now: float, *, knocker: Technician | None, knocked: Technician | None) -> Pair: ...


Record = Callable[..., None]  # record(event, **details)


class Desk:
    def __init__(
        self,
        limits: Limits,
        rooms: Opens,
        mouth: Mouth,
        record: Record,
        *,
        name: str = "",
        devices: Devices | None = None,
    ) -> None:
        self.presence = Presence(memory=limits.host_memory, grace=limits.slot_grace)
        self.slots = Slots(ttl=limits.slot_ttl, failures=limits.slot_failures, joins=limits.slot_joins)
        self.devices = devices if devices is not None else Devices()
        self._limits = limits
        self._rooms = rooms
        self._mouth = mouth
        self._record = record
        self._name = name
        self._controls: dict[int, Visitor] = {}
        self._joins = Throttle(Rule(limits.joins_per_minute, 60.0), Rule(limits.joins_per_hour, 3600.0))
        self._wrong = Throttle(
            Rule(limits.failures_before_pause, limits.failure_pause, pause=limits.failure_pause),
        )
        self._slot_asks = Throttle(Rule(limits.slots_per_minute, 60.0))
        self._alarm = Throttle(ALARM)

    def perform(self, visitor: Visitor, message: FromClient, now: float) -> None:
        """Do what the peer asked for; its state machine has said that it may ask."""
        match message:
            case Hello():
                self._hello(visitor, message, now)
            case AskSlot():
                self._ask_slot(visitor, message, now)
            case Retire():
                if self.slots.retire(message.slot, self._holder(visitor)):
                    self._record("code-retired", slot=message.slot)
            case Failed():
                self._failed(visitor, message.slot, now)
            case Join():
                self._join(visitor, message, now)
            case Knock():
                self._knock(visitor, message, now)
            case Who():
                hosts = [self.presence.behind_door(d.host, d.door) for d in message.doors]
                online = tuple(host is not None and host.peer is not None for host in hosts)
                self._mouth.say(visitor.number, messages.Presence(message.id, online))
            case AskWaiting():
                self._mouth.say(visitor.number, self._waiting(message.id, now))
            case Enrol():
                self._enrol(visitor, message, now)
            case AskDevices():
                self._mouth.say(visitor.number, self._list_devices(visitor.account, message, now))
            case ChangeDevice(id, host, name, tags, group):
                shown = tuple(_shown(tag) for tag in tags)
                known = self.devices.change(visitor.account, host, _shown(name), shown, _shown(group))
                self._done(visitor, id, known)
            case RemoveDevice(id, host):
                known = self.devices.remove(visitor.account, host)
                if known:
                    self._record("device-removed", host=host, by=visitor.said_as)
                self._done(visitor, id, known)
            case KnockDevice():
                self._knock_device(visitor, message, now)
            case _:
                raise TypeError(f"nobody performs {type(message).__name__}")

    def left(self, visitor: Visitor, now: float) -> None:
        if visitor.kind is Kind.HOST:
            self.presence.leave(visitor.number, now)
        elif self._controls.pop(visitor.number, None) is not None:
            self.slots.drop_all(self._holder(visitor))

    def expire(self, now: float) -> None:
        past_grace, _ = self.presence.expire(now)
        for host in past_grace:
            self.slots.drop_all(f"host:{host}")
        for slot in self.slots.expire(now):
            self._record("code-expired", slot=slot)

    def _hello(self, visitor: Visitor, hello: Hello, now: float) -> None:
        if visitor.kind is Kind.CONTROL:
            self._controls[visitor.number] = visitor
            self._mouth.say(visitor.number, Welcome(VERSION, visitor.account, self._name))
            return
        name = _shown(hello.name)
        registered = None
        if self.devices.proves(hello.host, hello.rejoin):
            registered = self.presence.register(visitor.number, hello.host, hello.rejoin, hello.door, name, now)
        if registered is None:
            self._mouth.say(visitor.number, Refused(0, "not-allowed", "Another agent is here under that name."))
            self._mouth.close(visitor.number, closing.NOT_ADMITTED, "not yours")
            return
        self._mouth.say(visitor.number, Welcome(VERSION, "", self._name, self.slots.of(f"host:{hello.host}")))
        if registered.replaced is not None:
            self._mouth.close(registered.replaced, closing.REPLACED, "replaced by another socket")

    def _ask_slot(self, visitor: Visitor, ask: AskSlot, now: float) -> None:
        if visitor.limited_as and self._holds_enough(visitor):
            self._mouth.say(visitor.number, Refused(ask.id, "error", "You hold as many unused codes as one may."))
            return
        wait = self._slot_asks.spend(visitor.limited_as, now) if visitor.limited_as else 0.0
        if wait:
            self._mouth.say(visitor.number, Refused(ask.id, "error", "Too many codes were asked for.", wait))
            return
        held = self.slots.allocate(self._holder(visitor), now)
        if held is None:
            self._record("limit", what="slots")
            self._mouth.say(visitor.number, Refused(ask.id, "unreachable", "The relay has no free codes now.", 60.0))
            return
        self._record("code-allocated", slot=held.slot, by=visitor.said_as)
        self._mouth.say(visitor.number, Slot(ask.id, held.slot, held.until - now))

    def _failed(self, visitor: Visitor, slot: str, now: float) -> None:
        held = self.slots.fail(slot, self._holder(visitor))
        if held is None:
            return
        self._record("code-failed", slot=held.slot, failures=held.failures)
        self._count_wrong(held.joiners.pop() if held.joiners else "", now)

    def _join(self, visitor: Visitor, join: Join, now: float) -> None:
        key = visitor.limited_as
        wait = max(self._wrong.wait(key, now), self._joins.spend(key, now)) if key else 0.0
        if wait:
            self._record("limit", what="joins", by=visitor.said_as)
            self._mouth.say(
                visitor.number, Refused(join.id, "wrong-code", "Too many codes were tried from here.", wait)
            )
            return
        held = self.slots.peek(join.slot, now)
        if held is None or held.holder.startswith(visitor.kind.value):
            self._record("code-unknown", by=visitor.said_as)
            self._count_wrong(key, now)
            self._mouth.later(visitor.number, Refused(join.id, "wrong-code", "That code is not valid any more."))
            return
        holder = self._peer_of(held)
        if holder is None:
            away = "The other end has lost its connection for a moment; try again."
            self._mouth.later(visitor.number, Refused(join.id, "unreachable", away, 2.0))
            return
        # A technician answers for their account; only who joins from a host socket is blamed by address.
        self.slots.join(held.slot, key if visitor.kind is Kind.HOST else "", now)
        self._record("code-joined", slot=held.slot, by=visitor.said_as)
        self._pair(visitor, holder, join.id, held.slot, now)

    def _knock(self, visitor: Visitor, knock: Knock, now: float) -> None:
        host = self.presence.behind_door(knock.host, knock.door)
        if host is None:
            self._mouth.later(visitor.number, Refused(knock.id, "not-found", "No such session is here."))
        elif host.peer is None:
            away = "The customer's computer is not connected now."
            self._mouth.say(visitor.number, Refused(knock.id, "unreachable", away, 2.0))
        else:
            self._pair(visitor, host.peer, knock.id, "", now)

    def _enrol(self, visitor: Visitor, enrol: Enrol, now: float) -> None:
        host = self.presence.at(enrol.host)
        if host is not None and host.rejoin.hex() != enrol.proof:
            self._no_device(visitor, enrol.id)
            return
        row = Row(visitor.account, enrol.host, enrol.proof, _shown(enrol.name), added=time.time())
        why_not = self.devices.enrol(row)
        if why_not == "too many":
            self._mouth.say(visitor.number, Refused(enrol.id, "error", "You have as many devices as one may."))
        elif why_not:
            self._no_device(visitor, enrol.id)
        else:
            self._record("device-enrolled", host=enrol.host, by=visitor.said_as)
            self._mouth.say(visitor.number, Done(enrol.id))

    def _list_devices(self, account: str, ask: AskDevices, now: float) -> messages.Devices:
        rows = [row for row in self.devices.of(account) if row.host > ask.after]
        answer = messages.Devices(ask.id, (), bool(rows))
        for at, row in enumerate(rows, 1):
            longer = messages.Devices(ask.id, (*answer.devices, self._device(row, now)), at < len(rows))
            if len(codec.encode(longer).encode()) > CONTROL_MESSAGE:
                break
            answer = longer
        return answer

    def _device(self, row: Row, now: float) -> messages.Device:
        host = self.presence.at(row.host)
        online = host is not None and host.peer is not None
        seen = now - host.since if host is not None and not online else -1.0
        return messages.Device(row.host, row.name, row.tags, row.group, online, seen)

    def _knock_device(self, visitor: Visitor, knock: KnockDevice, now: float) -> None:
        host = self.presence.at(knock.host)
        if self.devices.find(visitor.account, knock.host) is None:
            self._no_device(visitor, knock.id)
        elif host is None or host.peer is None:
            self._mouth.say(visitor.number, Refused(knock.id, "unreachable", "The device is not connected now.", 2.0))
        else:
            self._record("device-knocked", host=knock.host, by=visitor.said_as)
            self._pair(visitor, host.peer, knock.id, "", now, device=True)

    def _done(self, visitor: Visitor, request: int, known: bool) -> None:
        if known:
            self._mouth.say(visitor.number, Done(request))
        else:
            self._no_device(visitor, request)

    def _no_device(self, visitor: Visitor, request: int) -> None:
        """Another's device and none at all: the same words after the same delay."""
        self._mouth.later(visitor.number, Refused(request, "not-found", "You have no such device."))

    def _pair(self, visitor: Visitor, other: int, request: int, slot: str, now: float, *, device: bool = False) -> None:
        control = self._controls.get(other)
        pair = self._rooms.open(now, knocker=visitor.technician, knocked=control.technician if control else None)
        self._mouth.say(other, Knocked(pair.link, pair.knocked, slot, self._name_of(visitor), device))
        self._mouth.say(visitor.number, Ticket(request, pair.link, pair.knocker))

    def _waiting(self, request: int, now: float) -> Waiting:
        customers: list[Customer] = []
        for held in self.slots.newest("host:", now):
            host = self.presence.at(held.holder.removeprefix("host:"))
            if host is not None and host.peer is not None:
                customers.append(Customer(held.slot, host.name, now - held.made))
            if len(customers) == SHOWN_CUSTOMERS:
                break
        answer = Waiting(request, tuple(customers))
        while len(codec.encode(answer).encode()) > CONTROL_MESSAGE:
            answer = Waiting(request, answer.customers[:-1])
        return answer

    def _count_wrong(self, key: str, now: float) -> None:
        if key:
            self._wrong.fail(key, now)
        alarmed = self._alarm.wait("", now) > 0
        self._alarm.fail("", now)
        if not alarmed and self._alarm.wait("", now) > 0:
            self._record("alarm", what="many wrong codes; 12-digit codes are advised")

    def _holds_enough(self, visitor: Visitor) -> bool:
        if visitor.kind is Kind.HOST:
            return len(self.slots.of(self._holder(visitor))) >= self._limits.slots_per_host
        same = [v for v in self._controls.values() if v.limited_as == visitor.limited_as]
        return sum(len(self.slots.of(self._holder(v))) for v in same) >= self._limits.slots_per_technician

    def _holder(self, visitor: Visitor) -> str:
        if visitor.kind is Kind.CONTROL:
            return f"control:{visitor.number}"
        host = self.presence.of_peer(visitor.number)
        return f"host:{host.id}" if host is not None else ""

    def _peer_of(self, held: Held) -> int | None:
        kind, _, name = held.holder.partition(":")
        if kind == Kind.CONTROL:
            return int(name)
        host = self.presence.at(name)
        return host.peer if host is not None else None

    def _name_of(self, visitor: Visitor) -> str:
        host = self.presence.of_peer(visitor.number)
        return host.name if host is not None else visitor.account


def _shown(name: str) -> str:
    """Nothing that moves a cursor or turns the direction of writing reaches another person through the relay."""
    return "".join(c if c.isprintable() else "\ufffd" for c in name)
