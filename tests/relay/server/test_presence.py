from __future__ import annotations

import hashlib

from rs_relay.server import presence
from rs_relay.server.presence import Presence

HOST, OTHER = "a" * 32, "b" * 32
REJOIN, WRONG = "1" * 64, "2" * 64
KEY = "3" * 64
DOOR = hashlib.sha256(bytes.fromhex(KEY)).hexdigest()


def new() -> Presence:
    return Presence(memory=600.0, grace=60.0)


def test_first_come_registers_and_only_the_same_agent_comes_back() -> None:
    here = new()
    first = here.register(1, HOST, REJOIN, DOOR, "pc", 0.0)
    assert first is not None
    assert first.replaced is None
    assert here.register(2, HOST, WRONG, DOOR, "thief", 1.0) is None
    again = here.register(3, HOST, REJOIN, DOOR, "pc", 2.0)
    assert again is not None
    assert again.replaced == 1
    assert here.at(HOST).peer == 3  # type: ignore[union-attr]
    assert len(here) == 1


def test_the_socket_that_was_replaced_does_not_take_the_host_with_it() -> None:
    here = new()
    here.register(1, HOST, REJOIN, DOOR, "pc", 0.0)
    here.register(2, HOST, REJOIN, DOOR, "pc", 1.0)
    assert here.leave(1, 2.0) is None
    assert here.at(HOST).peer == 2  # type: ignore[union-attr]


def test_a_host_that_left_keeps_its_id_for_ten_minutes() -> None:
    here = new()
    here.register(1, HOST, REJOIN, DOOR, "pc", 0.0)
    here.leave(1, 10.0)
    assert here.register(2, HOST, WRONG, DOOR, "thief", 20.0) is None
    assert here.expire(69.9) == ((), ())
    assert here.expire(70.0) == ((HOST,), ())
    assert here.expire(610.0) == ((HOST,), (HOST,))
    assert here.register(3, HOST, WRONG, DOOR, "somebody", 611.0) is not None


def test_a_door_opens_with_its_key_only() -> None:
    here = new()
    here.register(1, HOST, REJOIN, DOOR, "pc", 0.0)
    here.register(2, OTHER, REJOIN, "", "without a door", 0.0)
    assert here.behind_door(HOST, KEY) is here.at(HOST)
    assert here.behind_door(HOST, WRONG) is None
    assert here.behind_door("c" * 32, KEY) is None
    assert here.behind_door(OTHER, KEY) is None, "no door, no way in"
    assert here.behind_door(HOST, DOOR) is None, "what is deposited is not the key"


def test_no_secret_is_kept_as_it_is() -> None:
    here = new()
    here.register(1, HOST, REJOIN, DOOR, "pc", 0.0)
    assert bytes.fromhex(REJOIN) not in vars(here.at(HOST)).values()


def test_what_is_remembered_is_bounded() -> None:
    presence_bound, presence.REMEMBERED = presence.REMEMBERED, 10
    try:
        here = new()
        for n in range(50):
            here.register(n, f"{n:032x}", REJOIN, DOOR, "pc", float(n))
            here.leave(n, float(n))
        assert len(here._hosts) == 10
        assert here.at(f"{49:032x}") is not None
        assert here.at(f"{0:032x}") is None
    finally:
        presence.REMEMBERED = presence_bound
