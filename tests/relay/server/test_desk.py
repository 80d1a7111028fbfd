"""The desk as conversations: who says what, and who hears what, with no socket and no clock."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from rs_relay.server.admission import Technician
from rs_relay.server.config import Limits
from rs_relay.server.desk import Desk, Visitor
from rs_relay.server.peer import Kind
from rs_relay.server.rooms import Rooms
from rs_relay.wire import closing, codec
from rs_relay.wire.limits import CONTROL_MESSAGE
from rs_relay.wire.messages import (
    AskDevices,
    AskSlot,
    AskWaiting,
    ChangeDevice,
    Done,
    Door,
    Enrol,
    Failed,
    FromClient,
    FromRelay,
    Hello,
    Join,
    Knock,
    KnockDevice,
    Knocked,
    Presence,
    Refused,
    RemoveDevice,
    Retire,
    Slot,
    Ticket,
    Waiting,
    Welcome,
    Who,
)

KEY = "3" * 64
DOOR = hashlib.sha256(bytes.fromhex(KEY)).hexdigest()
REJOIN = "1" * 64


class Room:
    """A desk and its visitors. `at` is the time."""

    def __init__(self, **limits: Any) -> None:
        self.at = 0.0
        self.heard: list[tuple[int, FromRelay]] = []
        self.delayed: list[tuple[int, FromRelay]] = []
        self.closed: list[tuple[int, int]] = []
        self.record: list[tuple[str, dict[str, object]]] = []
        self.desk = Desk(Limits(**limits), Rooms(ttl=30.0), self, self._record, name="the relay")
        self.visitors: dict[int, Visitor] = {}

    def _record(self, event: str, **details: object) -> None:
        self.record.append((event, details))

    def say(self, number: int, message: FromRelay) -> None:
        self.heard.append((number, message))

    def later(self, number: int, message: FromRelay) -> None:
        self.delayed.append((number, message))

    def close(self, number: int, code: int, reason: str) -> None:
        self.closed.append((number, code))

    def host(self, number: int, *, host: str = "a" * 32, rejoin: str = REJOIN, address: str = "192.0.2.1") -> Any:
        self.visitors[number] = Visitor(number, Kind.HOST, None, address)
        return self.ask(number, Hello(1, host, rejoin, DOOR, f"pc {number}"))

    def control(self, number: int, name: str = "Ana", address: str = "") -> Any:
        technician = Technician(name, name.encode()) if name else None
        self.visitors[number] = Visitor(number, Kind.CONTROL, technician, f"technician {name}" if name else address)
        return self.ask(number, Hello(1))

    def ask(self, number: int, message: FromClient) -> Any:
        """What `number` hears at once, None for nothing."""
        before = len(self.heard)
        self.desk.perform(self.visitors[number], message, self.at)
        return next((said for to, said in self.heard[before:] if to == number), None)

    def leave(self, number: int) -> None:
        self.desk.left(self.visitors[number], self.at)

    def wait(self, seconds: float) -> None:
        self.at += seconds
        self.desk.expire(self.at)

    def last(self, number: int, where: str = "heard") -> Any:
        return [message for to, message in getattr(self, where) if to == number][-1]


def test_a_technician_joins_a_customer() -> None:
    room = Room()
    assert room.host(1) == Welcome(1, "", "the relay")
    assert room.control(2) == Welcome(1, "Ana", "the relay")
    slot = room.ask(1, AskSlot(5))
    assert slot == Slot(5, slot.slot, 900.0)
    ticket = room.ask(2, Join(6, slot.slot))
    assert isinstance(ticket, Ticket)
    knocked = room.last(1)
    assert knocked == Knocked(ticket.link, knocked.ticket, slot.slot, "Ana")
    assert knocked.ticket != ticket.ticket


def test_a_customer_joins_a_technician() -> None:
    room = Room()
    room.host(1)
    room.control(2)
    slot = room.ask(2, AskSlot(1))
    ticket = room.ask(1, Join(1, slot.slot))
    assert room.last(2) == Knocked(ticket.link, room.last(2).ticket, slot.slot, "pc 1")


@pytest.mark.parametrize("kinds", ["hosts", "controls"])
def test_two_of_a_kind_are_never_joined(kinds: str) -> None:
    room = Room()
    for number in (1, 2):
        room.host(number, host=f"{number:032x}") if kinds == "hosts" else room.control(number)
    slot = room.ask(1, AskSlot(1))
    assert room.ask(2, Join(2, slot.slot)) is None
    assert room.last(2, "delayed").code == "wrong-code"


def test_unknown_expired_used_up_and_retired_codes_are_answered_alike() -> None:
    answers = set()
    for case in ("unknown", "expired", "failed", "retired", "worn out", "not a slot"):
        room = Room(joins_per_minute=100)
        room.host(1)
        room.control(2)
        slot = room.ask(1, AskSlot(1)).slot
        if case == "expired":
            room.at += 900.0
        for _ in range(3 if case == "failed" else 0):
            room.ask(1, Failed(slot))
        if case == "retired":
            room.ask(1, Retire(slot))
        for _ in range(10 if case == "worn out" else 0):
            assert isinstance(room.ask(2, Join(1, slot)), Ticket)
        asked = {"unknown": "12345", "not a slot": "٣\x00"}.get(case, slot)
        assert room.ask(2, Join(3, asked)) is None, case
        answers.add(room.last(2, "delayed"))
    assert answers == {Refused(3, "wrong-code", "That code is not valid any more.")}


def test_a_second_technician_with_the_id_but_without_the_door_learns_nothing() -> None:
    room = Room()
    room.host(1)
    room.control(2, "Ben")
    for request, (host, door) in enumerate([("a" * 32, "4" * 64), ("f" * 32, KEY), ("a" * 32, DOOR)], start=1):
        assert room.ask(2, Knock(request, host, door)) is None
        assert room.last(2, "delayed") == Refused(request, "not-found", "No such session is here.")
    assert room.ask(2, Who(9, (Door("a" * 32, "4" * 64), Door("f" * 32, KEY)))) == Presence(9, (False, False))


def test_who_has_been_inside_knocks_and_sees_who_is_here() -> None:
    room = Room()
    room.host(1)
    room.control(2)
    assert room.ask(2, Who(1, (Door("a" * 32, KEY),))) == Presence(1, (True,))
    ticket = room.ask(2, Knock(2, "a" * 32, KEY))
    assert room.last(1) == Knocked(ticket.link, room.last(1).ticket, "", "Ana")
    room.leave(1)
    assert room.ask(2, Who(3, (Door("a" * 32, KEY),))) == Presence(3, (False,))
    assert room.ask(2, Knock(4, "a" * 32, KEY)).code == "unreachable"


def test_the_same_agent_on_a_new_socket_keeps_its_codes_and_replaces_the_old_one() -> None:
    room = Room()
    room.host(1)
    slot = room.ask(1, AskSlot(1)).slot
    assert room.host(2) == Welcome(1, "", "the relay", (slot,))
    assert room.closed == [(1, closing.REPLACED)]
    room.leave(1)
    room.control(3)
    room.ask(3, Join(1, slot))
    assert room.last(2).slot == slot


def test_somebody_else_under_the_same_id_is_refused() -> None:
    room = Room()
    room.host(1)
    assert room.host(2, rejoin="9" * 64).code == "not-allowed"
    assert room.closed == [(2, closing.NOT_ADMITTED)]
    room.ask(1, AskSlot(1))


def test_a_code_survives_its_host_for_a_minute_and_a_technician_not_at_all() -> None:
    room = Room()
    room.host(1)
    room.control(2)
    slot, gone = room.ask(1, AskSlot(1)).slot, room.ask(2, AskSlot(1)).slot
    room.leave(1)
    room.leave(2)
    room.control(3)
    room.host(4, host="b" * 32)
    room.wait(59.0)
    assert room.ask(3, Join(1, slot)) is None
    assert room.last(3, "delayed").code == "unreachable"
    room.ask(4, Join(1, gone))
    assert room.last(4, "delayed").code == "wrong-code"
    room.wait(2.0)
    room.ask(3, Join(2, slot))
    assert room.last(3, "delayed").code == "wrong-code"


def test_only_the_holder_of_a_code_counts_its_failures_and_ends_it() -> None:
    room = Room()
    room.host(1)
    room.host(2, host="b" * 32)
    room.control(3)
    slot = room.ask(1, AskSlot(1)).slot
    for _ in range(5):
        room.ask(2, Failed(slot))
    room.ask(2, Retire(slot))
    assert isinstance(room.ask(3, Join(1, slot)), Ticket)


def test_three_wrong_codes_from_an_address_are_a_pause_for_that_address() -> None:
    room = Room()
    for number, address in ((1, "192.0.2.1"), (2, "192.0.2.2")):
        room.host(number, host=f"{number:032x}", address=address)
    room.control(3)
    slot = room.ask(3, AskSlot(1)).slot
    for request in (1, 2, 3):
        assert room.ask(1, Join(request, "99999")) is None
    refused = room.ask(1, Join(4, slot))
    assert refused.code == "wrong-code"
    assert 899.0 <= refused.retry_after <= 900.0
    assert isinstance(room.ask(2, Join(1, slot)), Ticket), "another address is not concerned"
    room.wait(899.0)
    assert isinstance(room.ask(1, Join(5, slot)), Refused)


def test_a_wrong_secret_counts_against_who_typed_it() -> None:
    room = Room()
    room.host(1)
    room.control(2)
    for request in (1, 2, 3):
        slot = room.ask(2, AskSlot(request)).slot
        assert isinstance(room.ask(1, Join(request, slot)), Ticket)
        room.ask(2, Failed(slot))
    assert room.ask(1, Join(4, slot)).retry_after > 0


def test_a_customer_cannot_have_a_technician_paused() -> None:
    room = Room(joins_per_minute=100)
    room.host(1)
    room.control(2)
    for request in range(1, 5):
        slot = room.ask(1, AskSlot(request)).slot
        assert isinstance(room.ask(2, Join(request, slot)), Ticket)
        room.ask(1, Failed(slot))
        room.ask(1, Retire(slot))


def test_joins_are_rationed_by_minute_and_hour() -> None:
    room = Room(slot_joins=1000)
    room.host(1)
    room.control(2)
    slot = room.ask(2, AskSlot(1)).slot
    assert all(isinstance(room.ask(1, Join(n, slot)), Ticket) for n in range(1, 6))
    assert room.ask(1, Join(6, slot)).retry_after == pytest.approx(60.0)


def test_who_is_spared_has_no_limit() -> None:
    room = Room()
    room.host(1, address="")
    for request in range(1, 20):
        assert room.ask(1, Join(request, "99999")) is None


@pytest.mark.parametrize(("kind", "most"), [("host", 4), ("technician", 8)])
def test_nobody_hoards_codes(kind: str, most: int) -> None:
    room = Room(slots_per_minute=100)
    room.host(1) if kind == "host" else room.control(1)
    slots = [room.ask(1, AskSlot(n)) for n in range(1, most + 2)]
    assert [type(s) for s in slots] == [Slot] * most + [Refused]
    room.ask(1, Retire(slots[0].slot))
    assert isinstance(room.ask(1, AskSlot(99)), Slot)


def test_a_technician_hoards_no_more_over_two_sockets() -> None:
    room = Room(slots_per_minute=100)
    room.control(1)
    room.control(2)
    room.control(3, "Ben")
    assert all(isinstance(room.ask(1, AskSlot(n)), Slot) for n in range(1, 9))
    assert isinstance(room.ask(2, AskSlot(1)), Refused)
    assert isinstance(room.ask(3, AskSlot(1)), Slot)


def test_codes_are_rationed_by_minute() -> None:
    room = Room()
    room.host(1)
    for n in range(1, 11):
        room.ask(1, Retire(room.ask(1, AskSlot(n)).slot))
    assert room.ask(1, AskSlot(11)).retry_after == pytest.approx(60.0)


def test_the_waiting_room_shows_the_newest_customers_who_are_there() -> None:
    room = Room()
    room.control(99)
    for number in range(1, 26):
        room.host(number, host=f"{number:032x}", address="")
        room.ask(number, AskSlot(1))
        room.wait(1.0)
    room.leave(25)
    waiting = room.ask(99, AskWaiting(1))
    assert isinstance(waiting, Waiting)
    assert [c.name for c in waiting.customers] == [f"pc {n}" for n in range(24, 4, -1)]
    assert waiting.customers[0].since == pytest.approx(2.0)


def test_the_waiting_room_fits_in_one_message_whatever_customers_call_themselves() -> None:
    room = Room()
    room.control(99)
    for number in range(1, 21):
        room.visitors[number] = Visitor(number, Kind.HOST, None, "")
        room.ask(number, Hello(1, f"{number:032x}", REJOIN, "", "\U0001f600" * 64))
        room.ask(number, AskSlot(1))
    waiting = room.ask(99, AskWaiting(1))
    assert 10 <= len(waiting.customers) < 20
    assert len(codec.encode(waiting).encode()) <= CONTROL_MESSAGE


def test_a_name_reaches_nobody_with_anything_that_moves_a_cursor() -> None:
    room = Room()
    room.visitors[1] = Visitor(1, Kind.HOST, None, "")
    room.ask(1, Hello(1, "a" * 32, REJOIN, "", "\x1b[2Jpc\u202e\x07"))
    room.control(2)
    room.ask(1, AskSlot(1))
    assert room.ask(2, AskWaiting(1)).customers[0].name == "\ufffd[2Jpc\ufffd\ufffd"


def test_many_wrong_codes_over_the_whole_relay_raise_one_alarm() -> None:
    room = Room()
    for number in range(1, 8):
        room.host(number, host=f"{number:032x}", address=f"192.0.2.{number}")
        room.ask(number, Join(1, "99999"))
    assert [event for event, _ in room.record].count("alarm") == 1


def test_the_record_names_events_and_never_a_ticket_or_a_key() -> None:
    room = Room()
    room.host(1)
    room.control(2)
    slot = room.ask(1, AskSlot(1)).slot
    ticket = room.ask(2, Join(1, slot))
    knocked = room.last(1)
    room.ask(2, Knock(2, "a" * 32, KEY))
    room.ask(1, Failed(slot))
    room.ask(1, Retire(slot))
    said = repr(room.record)
    assert [event for event, _ in room.record] == ["code-allocated", "code-joined", "code-failed", "code-retired"]
    assert not any(secret in said for secret in (ticket.ticket, knocked.ticket, KEY, DOOR, REJOIN))


DEVICE = "d" * 32
PROOF = hashlib.sha256(bytes.fromhex(REJOIN)).hexdigest()


def _with_a_device() -> Room:
    room = Room()
    room.host(1, host=DEVICE)
    room.control(2)
    assert room.ask(2, Enrol(1, DEVICE, PROOF, "till")) == Done(1)
    return room


def test_a_device_is_listed_named_and_knocked_at_by_its_technician() -> None:
    room = _with_a_device()
    assert room.ask(2, ChangeDevice(2, DEVICE, "till 1", ("shop",), "Lyon")) == Done(2)
    (device,) = room.ask(2, AskDevices(3)).devices
    assert (device.name, device.tags, device.group, device.online) == ("till 1", ("shop",), "Lyon", True)
    ticket = room.ask(2, KnockDevice(4, DEVICE))
    knocked = room.last(1)
    assert knocked == Knocked(ticket.link, knocked.ticket, "", "Ana", True)
    room.leave(1)
    room.wait(30.0)
    assert room.ask(2, KnockDevice(5, DEVICE)).code == "unreachable"
    (device,) = room.ask(2, AskDevices(6)).devices
    assert (device.online, device.seen) == (False, 30.0)
    assert room.ask(2, RemoveDevice(7, DEVICE)) == Done(7)
    assert room.ask(2, AskDevices(8)).devices == ()


def test_anothers_device_is_one_that_does_not_exist() -> None:
    room = _with_a_device()
    room.control(3, "Ben")
    assert room.ask(3, AskDevices(1)).devices == ()
    answers = set()
    for host in (DEVICE, "e" * 32):
        for ask in (KnockDevice(9, host), ChangeDevice(9, host, "x", (), ""), RemoveDevice(9, host)):
            assert room.ask(3, ask) is None
            answers.add(room.last(3, "delayed"))
    assert answers == {Refused(9, "not-found", "You have no such device.")}
    assert not any(isinstance(m, Knocked) for to, m in room.heard if to == 1)


def test_a_device_is_enrolled_only_by_who_knows_how_it_proves_itself() -> None:
    room = _with_a_device()
    room.control(3, "Ben")
    assert room.ask(3, Enrol(1, DEVICE, "0" * 64, "mine")) is None
    assert room.last(3, "delayed").code == "not-found"
    assert room.ask(3, Enrol(1, DEVICE, PROOF, "mine too")) == Done(1)
    assert room.ask(2, Enrol(2, DEVICE, PROOF, "another name")) == Done(2)
    assert room.ask(2, AskDevices(3)).devices[0].name == "till"


def test_nobody_else_takes_a_devices_place_however_long_it_is_away() -> None:
    room = _with_a_device()
    room.leave(1)
    room.wait(10_000.0)
    refused = room.host(4, host=DEVICE, rejoin="2" * 64)
    assert refused.code == "not-allowed"
    assert isinstance(room.host(5, host=DEVICE), Welcome)


def test_a_long_list_comes_in_pages_that_fit() -> None:
    room = Room()
    room.control(2)
    for n in range(60):
        room.ask(2, Enrol(1, f"{n:032x}", PROOF, "é" * 64))
        room.ask(2, ChangeDevice(1, f"{n:032x}", "é" * 64, ("t" * 32,) * 8, "g" * 32))
    found: list[str] = []
    while True:
        page = room.ask(2, AskDevices(3, found[-1] if found else ""))
        assert len(codec.encode(page).encode()) <= CONTROL_MESSAGE
        assert page.devices
        found += [device.host for device in page.devices]
        if not page.more:
            break
    assert found == [f"{n:032x}" for n in range(60)]
