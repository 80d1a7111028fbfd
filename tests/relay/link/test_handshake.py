"""The first handshake as a conversation with a relay that may do anything: both ends agree, or both end in Abort."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rs_relay.link import handshake
from rs_relay.link.codes import MAX_WRONG
from rs_relay.link.handshake import REFUSED, Abort, Attempts, Holder, Joiner, Role, State, WrongSecret
from tests.support.two_ends import SECRET, SESSION, opened_pair


def _ends(joiner_secret: str = SECRET, attempts: Attempts | None = None) -> tuple[Joiner, Holder]:
    return (
        Joiner(joiner_secret, SESSION, Role.TECHNICIAN, "alice"),
        Holder(SECRET, SESSION, Role.AGENT, attempts or Attempts()),
    )


def _messages() -> tuple[Joiner, Holder, list[bytes]]:
    i, r = _ends()
    m1 = i.start()
    m2 = r.receive(m1)
    m3 = i.receive(m2)
    assert m3
    return i, r, [m1, m2, m3, r.receive(m3)]


def test_sizes_are_as_written_down() -> None:
    _, _, messages = _messages()
    assert [len(m) for m in messages] == [1309, 1173, 93 + len("alice"), 37]


@pytest.mark.parametrize("joiner", list(Role))
def test_both_ends_agree_and_nothing_repeats(joiner: Role) -> None:
    technician, agent = opened_pair(joiner)
    assert (technician.i2r, technician.r2i, technician.resume) == (agent.i2r, agent.r2i, agent.resume)
    assert technician.joiner is (joiner is Role.TECHNICIAN)
    assert technician.joiner is not agent.joiner
    assert technician.identity == agent.identity == "alice"
    again, _ = opened_pair(joiner)
    assert len({technician.i2r, technician.r2i, technician.resume, again.i2r, again.r2i, again.resume}) == 6


def test_a_wrong_secret_is_seen_by_the_holder_first_and_counted() -> None:
    attempts = Attempts()
    for n in range(1, MAX_WRONG + 1):
        i, r = _ends("915734", attempts)
        m3 = i.receive(r.receive(i.start()))
        with pytest.raises(WrongSecret):
            r.receive(m3 or b"")
        assert attempts.failures == n
        with pytest.raises(WrongSecret):
            i.receive(REFUSED)
        assert i.opened is None
        assert r.opened is None
    i, r = _ends(attempts=attempts)
    with pytest.raises(Abort):
        r.receive(i.start())


def test_a_code_is_used_once() -> None:
    attempts = Attempts()
    i, r = _ends(attempts=attempts)
    m3 = i.receive(r.receive(i.start()))
    i.receive(r.receive(m3 or b""))
    assert i.state is r.state is State.OPEN
    i, r = _ends(attempts=attempts)
    with pytest.raises(Abort):
        r.receive(i.start())


def test_a_hundred_parallel_joins_get_no_more_than_three_looks() -> None:
    attempts = Attempts()
    verified = 0
    for _ in range(100):
        pairs = [_ends("000000", attempts) for _ in range(5)]
        for i, r in pairs:
            try:
                m2 = r.receive(i.start())
            except Abort:
                continue
            with pytest.raises(Abort):
                r.receive(i.receive(m2) or b"")
            verified += 1
    assert verified == MAX_WRONG


def test_a_run_that_is_given_up_makes_room_for_the_next() -> None:
    attempts = Attempts()
    i, r = _ends(attempts=attempts)
    r.receive(i.start())
    i2, r2 = _ends(attempts=attempts)
    with pytest.raises(Abort):
        r2.receive(i2.start())
    r.abandon()
    i3, r3 = _ends(attempts=attempts)
    m3 = i3.receive(r3.receive(i3.start()))
    r3.receive(m3 or b"")
    assert r3.opened
    assert attempts.failures == 0


@settings(deadline=None, max_examples=150)
@given(st.integers(0, 3), st.integers(min_value=0), st.sampled_from(["flip", "cut", "grow", "empty"]))
def test_any_change_to_any_message_ends_in_abort(which: int, place: int, how: str) -> None:
    attempts = Attempts()
    i, r = _ends(attempts=attempts)

    def tamper(n: int, data: bytes) -> bytes:
        if n != which:
            return data
        if how == "flip":
            bit = place % (len(data) * 8)
            changed = bytearray(data)
            changed[bit // 8] ^= 1 << bit % 8
            return bytes(changed)
        return {"cut": data[: place % len(data)], "grow": data + b"\0", "empty": b""}[how]

    with pytest.raises(Abort):
        m2 = r.receive(tamper(0, i.start()))
        m3 = i.receive(tamper(1, m2)) or b""
        m4 = r.receive(tamper(2, m3))
        i.receive(tamper(3, m4))
    # whatever was changed, the joiner never opens; the holder only if it was the very last message that was changed
    assert i.opened is None
    assert (r.opened is None) is (which != 3)


def test_every_message_in_every_state_but_the_legal_one_aborts() -> None:
    _, _, (m1, m2, m3, m4) = _messages()
    legal_joiner = {(State.SENT1, "m2"), (State.SENT3, "m4")}
    legal_holder = {(State.START, "m1"), (State.SENT2, "m3")}
    foreign = {"m1": m1, "m2": m2, "m3": m3, "m4": m4, "refused": REFUSED, "none": b""}

    def joiner_in(state: State) -> Joiner:
        i, r = _ends()
        if state is not State.START:
            m = i.start()
            if state in (State.SENT3, State.OPEN):
                proof = i.receive(r.receive(m))
                if state is State.OPEN:
                    i.receive(r.receive(proof or b""))
        return i

    def holder_in(state: State) -> Holder:
        i, r = _ends()
        if state is not State.START:
            m = r.receive(i.start())
            if state is State.OPEN:
                r.receive(i.receive(m) or b"")
        return r

    for state, (name, data) in itertools.product((State.START, State.SENT1, State.SENT3, State.OPEN), foreign.items()):
        i = joiner_in(state)
        assert i.state is state
        if (state, name) in legal_joiner:
            # of the right kind but from another run: only a confirmation can tell, and it does
            if name == "m4":
                with pytest.raises(WrongSecret):
                    i.receive(data)
            continue
        with pytest.raises(Abort):
            i.receive(data)
        assert i.state is State.DEAD
    for state, (name, data) in itertools.product((State.START, State.SENT2, State.OPEN), foreign.items()):
        r = holder_in(state)
        if (state, name) in legal_holder:
            if name == "m3":
                with pytest.raises(Abort):
                    r.receive(data)
            continue
        with pytest.raises(Abort):
            r.receive(data)
        assert r.state is State.DEAD


def test_two_of_the_same_role_never_agree() -> None:
    # technician ↔ technician: the same secret, the same session, both believe the other is the agent
    i = Joiner(SECRET, SESSION, Role.TECHNICIAN, "alice")
    r = Holder(SECRET, SESSION, Role.TECHNICIAN, Attempts())
    with pytest.raises(Abort):
        r.receive(i.receive(r.receive(i.start())) or b"")
    # own messages echoed
    i = Joiner(SECRET, SESSION, Role.TECHNICIAN, "alice")
    with pytest.raises(Abort):
        i.receive(i.start())


def test_another_session_with_the_same_digits_never_agrees() -> None:
    i = Joiner(SECRET, bytes(16), Role.TECHNICIAN, "alice")
    r = Holder(SECRET, SESSION, Role.AGENT, Attempts())
    with pytest.raises(Abort):
        r.receive(i.start())


def test_a_relay_in_the_middle_without_the_code_fails_at_both_ends() -> None:
    attempts = Attempts()
    i, r = _ends(attempts=attempts)
    to_joiner = Holder("000000", SESSION, Role.AGENT, Attempts())
    to_holder = Joiner("000000", SESSION, Role.TECHNICIAN, "alice")
    m3 = i.receive(to_joiner.receive(i.start()))
    with pytest.raises(WrongSecret):
        to_joiner.receive(m3 or b"")
    m3 = to_holder.receive(r.receive(to_holder.start()))
    with pytest.raises(WrongSecret):
        r.receive(m3 or b"")
    assert attempts.failures == 1
    assert i.opened is None


def test_the_holders_own_point_sent_back_is_refused() -> None:
    i, r = _ends()
    m2 = r.receive(i.start())
    y_r = handshake.parse(m2, 2, (32, 32, 1088, 0, 0))[1]
    with pytest.raises(Abort):
        r.receive(handshake.message(3, y_r, bytes(20), bytes(32)))


def test_the_relay_never_sees_a_digit_of_the_secret() -> None:
    for _ in range(20):
        _, _, messages = _messages()
        assert all(SECRET.encode() not in m for m in messages)


def test_names_are_cut_not_refused() -> None:
    i = Joiner(SECRET, SESSION, Role.TECHNICIAN, "ö" * 400)
    r = Holder(SECRET, SESSION, Role.AGENT, Attempts())
    r.receive(i.receive(r.receive(i.start())) or b"")
    assert r.opened
    assert r.opened.identity == "ö" * 128
