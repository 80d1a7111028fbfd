"""Many items in one message: the same items, in the same order, and never a message that is too large."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rs_relay.channels.files import SPEC
from rs_relay.errors import PeerBroke
from rs_relay.transfer import messages as m
from rs_relay.transfer.pack import packed, unpacked

SHA = hashlib.sha256(b"").digest()


def whole(item: int, size: int = 1000) -> m.Whole:
    return m.Whole(1, item, f"small/{item}", 1, SHA, memoryview(bytes(size)))


def flat(messages: list[Any]) -> list[Any]:
    return [part for message in messages for part in unpacked(message)]


ITEMS = st.one_of(
    st.builds(whole, st.integers(0, 9), st.integers(0, m.WHOLE_MAX)),
    st.builds(m.Folder, st.just(1), st.integers(0, 9), st.text(max_size=300), st.just("k")),
    st.builds(m.LeftOut, st.just(1), st.integers(0, 9), st.text(max_size=300), st.text(max_size=900)),
    st.builds(m.Piece, st.just(1), st.integers(0, 9), st.just(0), st.just(memoryview(bytes(m.PIECE_MAX)))),
    st.builds(m.Saved, st.just(1), st.integers(0, 9), st.text(max_size=1024)),
    st.builds(m.Failed, st.just(1), st.integers(0, 9), st.just("x"), st.text(max_size=900), st.text(max_size=900)),
    st.just(m.Last(1, 10)),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(ITEMS, max_size=30))
def test_what_is_packed_comes_out_in_order_and_fits(said: list[Any]) -> None:
    together = list(packed(said))
    assert flat(together) == said
    assert all(len(msgspec.msgpack.encode(message)) <= SPEC.max_message for message in together)


def test_small_files_share_a_message_and_a_piece_stays_alone() -> None:
    said = [whole(0), whole(1), m.Piece(1, 2, 0, memoryview(b"x")), whole(3)]
    kinds = [type(message) for message in packed(said)]
    assert kinds == [m.Pack, m.Piece, m.Whole]
    answers = [m.Saved(1, 0, "a"), m.Ack(1, 1, 0), m.Accept(1, 2, 0, b"")]
    assert [type(message) for message in packed(answers)] == [m.Answers, m.Accept]


def test_a_message_is_no_larger_than_the_line_likes() -> None:
    sizes = [m.weight(message) for message in packed([whole(i) for i in range(40)], 8192)]
    assert max(sizes) <= 8192
    assert len(sizes) > 4
    assert [m.weight(message) for message in packed([whole(0, 5000)], 4096)] == [5000]  # one goes as it is


def test_no_more_items_than_a_message_may_hold() -> None:
    said = [m.Folder(1, number, "d", "k") for number in range(m.PACK_ITEMS + 1)]
    first, last = packed(said)
    assert len(first.items) == m.PACK_ITEMS
    assert last == said[-1]
    with pytest.raises(PeerBroke):
        SPEC.decode_up(msgspec.msgpack.encode(m.Pack(1, said)))
    with pytest.raises(PeerBroke):
        SPEC.decode_up(msgspec.msgpack.encode(m.Pack(1, [])))


def test_an_envelope_holds_its_own_batch_alone() -> None:
    with pytest.raises(PeerBroke):
        list(unpacked(m.Pack(1, [m.Folder(1, 0, "d", "k"), m.Folder(2, 0, "d", "k")])))
    with pytest.raises(PeerBroke):
        list(unpacked(m.Answers(1, [m.Ack(2, 0, 0)])))
