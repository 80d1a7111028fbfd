"""Who is in a session: names told apart, keys of their own, who leads."""

from __future__ import annotations

from rs_agent.session.party import MOST, Party, Seat
from rs_relay.channels.consent import Grant
from rs_relay.link import keys
from rs_relay.link.spec import Permission

A, B, C = b"a" * 32, b"b" * 32, b"c" * 32


def test_two_of_one_name_are_told_apart_and_no_name_comes_twice() -> None:
    party = Party()
    first, second = party.admit("bob", A, 0.0), party.admit("Bob", B, 1.0)
    assert (first.name, second.name) == ("bob", "Bob (2)")
    party.dismiss(second)
    assert party.admit("bob", C, 2.0).name == "bob (3)"
    assert party.admit("bob (2)", C, 2.0).name == "bob (2) (2)"  # who calls themselves like another is not that one


def test_a_key_is_one_technicians_and_void_with_them() -> None:
    party = Party()
    alice, bob = party.admit("alice", A, 0.0), party.admit("bob", B, 1.0)
    assert party.find(keys.rid(A)) is alice
    assert party.find(keys.rid(B)) is bob
    assert party.find(keys.rid(C)) is None
    party.dismiss(bob)
    assert party.find(keys.rid(B)) is None
    assert bob not in party
    assert alice in party
    assert "b" * 8 not in repr(bob)


def test_who_leads() -> None:
    party = Party()
    assert party.leader is None
    alice, bob, carol = (party.admit(name, key, 0.0) for name, key in (("alice", A), ("bob", B), ("carol", C)))
    assert party.leader is alice
    party.hand_over(carol)
    assert party.leader is carol
    assert party.by_rank() == [carol, alice, bob]
    party.dismiss(carol)
    assert party.leader is alice  # who has been here longest
    party.hand_over(carol)
    assert party.leader is alice  # nobody who is gone
    for one in (alice, bob):
        party.dismiss(one)
    assert party.leader is None


def test_found_by_name_or_number() -> None:
    party = Party()
    alice, seven = party.admit("alice", A, 0.0), party.admit("1", B, 0.0)
    assert party.named(" ALICE ") is alice
    assert party.named("2") is seven
    assert party.named("1") is seven  # a name before a number
    assert party.named("²") is None
    assert party.named("") is None


def test_numbers_and_names_outlive_a_restart() -> None:
    party = Party()
    party.admit("alice", A, 0.0)
    bob = party.admit("bob", B, 1.0)
    seat = Seat.of(bob, {Permission.VIEW: Grant.GRANTED})
    assert "62626262" not in repr(seat)
    again = Party()
    back = again.admit(seat.name, bytes.fromhex(seat.key), seat.since, seat.number)
    assert (back.number, back.name, back.key) == (2, "bob", B)
    assert again.leader is back
    assert again.admit("carol", C, 2.0).number == 3


def test_a_party_is_full() -> None:
    party = Party()
    for number in range(MOST):
        assert not party.full
        party.admit(str(number), bytes([number]) * 32, 0.0)
    assert party.full
