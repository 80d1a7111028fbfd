"""The handshake of further links: the session's key and nothing less."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rs_relay.link.handshake import Abort, State
from rs_relay.link.keys import rid
from rs_relay.link.resume import UNKNOWN, Initiator, Responder, UnknownKey

KEY, OTHER = b"k" * 32, b"o" * 32


def _find(name: bytes) -> bytes | None:
    return KEY if name == rid(KEY) else None


def _messages() -> tuple[bytes, bytes, bytes]:
    i, r = Initiator(KEY), Responder(_find)
    r1 = i.start()
    r2 = r.receive(r1)
    assert r2
    return r1, r2, i.receive(r2)


def test_both_agree_on_fresh_keys_each_time() -> None:
    seen = set()
    for _ in range(3):
        i, r = Initiator(KEY), Responder(_find)
        r.receive(i.receive(r.receive(i.start()) or b""))
        assert i.opened
        assert r.opened
        assert (i.opened.i2r, i.opened.r2i, i.opened.resume) == (r.opened.i2r, r.opened.r2i, r.opened.resume)
        seen |= {i.opened.i2r, i.opened.r2i}
    assert len(seen) == 6


def test_another_key_is_not_known() -> None:
    with pytest.raises(UnknownKey):
        Responder(_find).receive(Initiator(OTHER).start())
    i = Initiator(OTHER)
    i.start()
    with pytest.raises(UnknownKey):
        i.receive(UNKNOWN)


def test_the_right_name_with_the_wrong_key_aborts() -> None:
    i = Initiator(KEY)
    r = Responder(lambda _: OTHER)
    r2 = r.receive(i.start())
    with pytest.raises(Abort):
        i.receive(r2 or b"")


@settings(deadline=None, max_examples=150)
@given(st.integers(0, 2), st.integers(min_value=0), st.booleans())
def test_any_change_aborts(which: int, place: int, cut: bool) -> None:
    i, r = Initiator(KEY), Responder(_find)

    def tamper(n: int, data: bytes) -> bytes:
        if n != which:
            return data
        if cut:
            return data[: place % len(data)]
        changed = bytearray(data)
        changed[place // 8 % len(data)] ^= 1 << place % 8
        return bytes(changed)

    with pytest.raises(Abort):
        r3 = i.receive(tamper(1, r.receive(tamper(0, i.start())) or b""))
        r.receive(tamper(2, r3))
    assert r.opened is None


def test_every_message_out_of_turn_aborts() -> None:
    r1, r2, r3 = _messages()
    for data in (r1, r3, b""):
        i = Initiator(KEY)
        i.start()
        with pytest.raises(Abort):
            i.receive(data)
        assert i.state is State.DEAD
    for first, second in itertools.product((r1, r2, r3, UNKNOWN, b""), (r1, r2, r3, UNKNOWN)):
        r = Responder(_find)
        with pytest.raises(Abort):
            r.receive(first)
            r.receive(second)  # even the right kind: it is of another run
        assert r.opened is None


def test_a_replayed_conversation_opens_nothing() -> None:
    r1, _, r3 = _messages()
    r = Responder(_find)
    r.receive(r1)
    with pytest.raises(Abort):
        r.receive(r3)
    assert r.opened is None
