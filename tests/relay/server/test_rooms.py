from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rs_relay.server.admission import Technician
from rs_relay.server.rooms import Rooms

ANA = Technician("Ana", b"x" * 32)


def test_two_tickets_make_one_link() -> None:
    rooms: Rooms[str] = Rooms(ttl=30.0)
    pair = rooms.open(0.0, knocker=ANA, knocked=None)
    one = rooms.attach(pair.knocker, "one", 1.0)
    two = rooms.attach(pair.knocked, "two", 2.0)
    assert one is not None
    assert two is not None
    assert (one.link, one.technician, one.other) == (pair.link, ANA, None)
    assert (two.link, two.technician, two.other) == (pair.link, None, "one")
    assert len(rooms) == 0


def test_a_ticket_is_single_use_in_every_order() -> None:
    rooms: Rooms[str] = Rooms(ttl=30.0)
    pair = rooms.open(0.0, knocker=None, knocked=None)
    assert rooms.attach(pair.knocker, "one", 1.0) is not None
    assert rooms.attach(pair.knocker, "again", 1.0) is None
    assert rooms.attach(pair.knocked, "two", 1.0) is not None
    assert rooms.attach(pair.knocked, "again", 1.0) is None


def test_a_room_is_dissolved_after_its_time() -> None:
    rooms: Rooms[str] = Rooms(ttl=30.0)
    waited = rooms.open(0.0, knocker=None, knocked=None)
    empty = rooms.open(0.0, knocker=None, knocked=None)
    rooms.attach(waited.knocker, "one", 29.0)
    assert rooms.attach(empty.knocker, "late", 30.0) is None
    assert rooms.expire(30.0) == ("one",)
    assert rooms.attach(waited.knocked, "two", 30.0) is None
    assert len(rooms) == 0


def test_who_waited_and_left_takes_the_room_along() -> None:
    rooms: Rooms[str] = Rooms(ttl=30.0)
    pair = rooms.open(0.0, knocker=None, knocked=None)
    rooms.attach(pair.knocker, "one", 1.0)
    rooms.leave("one")
    assert rooms.attach(pair.knocked, "two", 2.0) is None
    assert rooms.expire(99.0) == ()


def test_tickets_and_links_are_long_and_all_different() -> None:
    rooms: Rooms[str] = Rooms(ttl=30.0)
    pairs = [rooms.open(0.0, knocker=None, knocked=None) for _ in range(200)]
    tickets = {t for p in pairs for t in (p.knocker, p.knocked)}
    assert len(tickets) == 400
    assert {len(bytes.fromhex(t)) for t in tickets} == {32}
    assert {len(bytes.fromhex(p.link)) for p in pairs} == {16}
    assert not tickets & {ticket.hex() for ticket in rooms._by_ticket}, "tickets are kept as hashes only"


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=40))
def test_no_order_of_arrivals_joins_ends_of_different_rooms(arrivals: list[tuple[int, bool]]) -> None:
    rooms: Rooms[int] = Rooms(ttl=30.0)
    pairs = [rooms.open(0.0, knocker=None, knocked=None) for _ in range(6)]
    came: dict[int, int] = {}  # end -> room
    for end, (room, first) in enumerate(arrivals):
        place = rooms.attach(pairs[room].knocker if first else pairs[room].knocked, end, 1.0)
        if place is not None:
            came[end] = room
            assert place.link == pairs[room].link
            assert place.other is None or came[place.other] == room
