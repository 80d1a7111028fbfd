from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rs_relay.server.admission import Admission


def new(total: int = 10, strangers: int = 4, per_address: int = 2) -> Admission:
    return Admission(total=total, strangers=strangers, per_address=per_address)


def test_strangers_are_few_and_make_room_by_becoming_known() -> None:
    door = new()
    assert [door.enter(n) for n in range(5)] == [True] * 4 + [False]
    door.settle(0)
    assert door.enter(5)


def test_the_whole_is_bounded_whoever_comes() -> None:
    door = new()
    for n in range(10):
        assert door.enter(n)
        door.vouch(n)
    assert not door.enter(10)
    door.leave(3)
    assert door.enter(11)


def test_an_address_has_its_own_bound_and_a_token_or_ticket_frees_a_place() -> None:
    door = new()
    for n in range(4):
        door.enter(n)
    assert door.identify(0, "a")
    assert door.identify(1, "a")
    assert not door.identify(2, "a")
    assert door.identify(2, "b")
    assert door.identify(3, ""), "an address that is not limited"
    door.settle(0)
    assert not door.identify(3, "a"), "a host still counts"
    door.vouch(1)
    assert door.identify(3, "a")


@given(st.lists(st.tuples(st.sampled_from(["enter", "identify", "settle", "vouch", "leave"]), st.integers(0, 8))))
def test_nothing_is_left_behind_when_all_are_gone(steps: list[tuple[str, int]]) -> None:
    door = new()
    for what, number in steps:
        if what == "identify":
            door.identify(number, f"address {number % 2}")
        elif what != "enter" or number not in door._inside:
            getattr(door, what)(number)
    for number in range(9):
        door.leave(number)
    assert (len(door), door.strangers, dict(door._of_address), door._address) == (0, 0, {}, {})
