"""The receiving end: every item is answered once, damage is caught, and what breaks the rules ends the batch."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rs_relay.errors import Damaged, DiskFull, PeerBroke, RsError, TransferFailed
from rs_relay.transfer import messages as m
from rs_relay.transfer.receiver import Receiver
from tests.support.transfer import MemoryLanding, Told, conversation, opening

DATA = bytes(range(256)) * 8
SHA = hashlib.sha256(DATA).digest()


def receiver(landing: MemoryLanding | None = None) -> tuple[Receiver, Told]:
    told = Told()
    here = landing or MemoryLanding()
    made = Receiver(lambda opened: here, told)
    made.step([opening()])
    return made, told


def offer(item: int = 0, name: str = "a", size: int = len(DATA)) -> m.Offer:
    return m.Offer(1, item, name, size, 1, f"key {item}")


def piece(offset: int, data: bytes, item: int = 0, ack: bool = True) -> m.Piece:
    return m.Piece(1, item, offset, memoryview(data), ack)


def test_the_disk_full_at_any_write_fails_that_file_alone() -> None:
    files = {"a": bytes(4000), "b": b"small", "c": bytes(3000)}
    for room in range(0, 8000, 100):
        landing = MemoryLanding(room=room)
        talk, sent, received = conversation(files, landing)
        talk.run()
        assert talk.sender.finished
        assert talk.receiver.finished
        for name, data in landing.final.items():
            assert data == files[name]
        missing = set(files) - set(landing.final)
        assert {o.name for o in sent.outcomes if o.error} == missing
        assert all(isinstance(e, DiskFull) for e in sent.errors + received.errors)
        landing.room = None  # somebody frees space: sent again, it goes on
        again, sent_again, _ = conversation(files, landing)
        again.run()
        assert landing.final == files
        assert not sent_again.errors


def test_a_flipped_byte_is_sent_again_once() -> None:
    landing = MemoryLanding()
    talk, sent, received = conversation({"a": DATA}, landing)
    flipped = False
    while talk.step():
        if not flipped and landing.parts and (part := next(iter(landing.parts.values()))):
            part[0] ^= 1
            flipped = True
    assert landing.final == {"a": DATA}
    assert not sent.errors
    assert [o.repaired for o in sent.outcomes + received.outcomes] == [1, 1]
    assert sum(isinstance(message, m.Back) for message in talk.said) == 1


def test_a_file_that_is_always_damaged_fails_and_leaves_nothing() -> None:
    landing = MemoryLanding()
    here, told = receiver(landing)
    here.step([offer(), piece(0, DATA)])
    lie = m.Done(1, 0, len(DATA), b"x" * 32)
    for _ in range(m.REPAIRS):
        assert here.step([lie]) == [m.Ack(1, 0, len(DATA), SHA)]
    answers = here.step([lie, m.Last(1, 1)])
    assert isinstance(answers[-1], m.Failed)
    assert answers[-1].code == Damaged.code
    assert [type(e) for e in told.errors] == [Damaged]
    assert landing.final == landing.parts == {}
    assert here.finished


def test_a_damaged_small_file_is_not_saved() -> None:
    landing = MemoryLanding()
    here, _ = receiver(landing)
    said: list[m.FromSender] = [m.Whole(1, 0, "a", 1, b"x" * 32, memoryview(b"data")), m.Last(1, 1)]
    for _ in range(m.REPAIRS):
        assert [type(answer) for answer in here.step(said)] == [m.Accept]
        assert not here.finished
    (answer,) = here.step(said)
    assert isinstance(answer, m.Failed)
    assert answer.code == Damaged.code
    assert landing.final == {}
    assert here.finished


LIES: list[list[m.FromSender]] = [
    [piece(0, b"x")],
    [m.Done(1, 0, 0, SHA)],
    [m.Again(1, 0)],
    [offer(m.AHEAD + 1)],
    [offer(-1)],
    [offer(), offer()],
    [offer(), piece(1, b"x")],
    [offer(), piece(0, b"x"), piece(0, b"x")],
    [offer(size=3), piece(0, b"abcd")],
    [offer(size=-2)],
    [m.Hole(1, 0, 0, 5)],
    [offer(), m.Hole(1, 0, 1, 5)],
    [offer(), m.Hole(1, 0, 0, 0)],
    [offer(), m.Hole(1, 0, 0, len(DATA) + 1)],
    [offer(size=2**40), m.Hole(1, 0, 0, m.HOLE_MAX + 1)],
    [offer(size=m.UNKNOWN), m.Hole(1, 0, 0, 5)],
    [offer(), piece(0, b"x"), m.Done(1, 0, 1, SHA)],
    [offer(), piece(0, b"x"), m.Done(1, 0, len(DATA), SHA)],
    [offer(), m.Last(1, 0)],
    [offer(i) for i in range(2 * m.OFFERS_AHEAD + 1)],
    [m.Whole(1, m.AHEAD + 1, "a", 1, SHA, memoryview(b""))],
    [offer(), m.Whole(1, 0, "b", 1, SHA, memoryview(DATA))],
    [m.Folder(1, m.AHEAD + 1, "d", "k")],
    [m.Finish(1, 0, "d", 1), m.Finish(1, 0, "d", 1)],
    [m.LeftOut(1, m.AHEAD + 1, "d", "why")],
]


@pytest.mark.parametrize("said", LIES)
def test_what_no_honest_sender_says(said: list[m.FromSender]) -> None:
    landing = MemoryLanding()
    here, _ = receiver(landing)
    with pytest.raises(PeerBroke):
        here.step(said)
    assert landing.final == {}


def test_nothing_may_be_said_before_open() -> None:
    with pytest.raises(PeerBroke):
        Receiver(lambda opened: MemoryLanding(), Told()).step([offer()])


def test_pieces_on_their_way_to_a_failed_file_are_dropped() -> None:
    here, _ = receiver(MemoryLanding(room=100))
    (_, failed) = here.step([offer(), piece(0, bytes(200))])
    assert isinstance(failed, m.Failed)
    assert here.step([piece(200, b"x"), m.Done(1, 0, len(DATA), SHA)]) == []


def test_a_settled_item_said_again_is_answered_again_and_told_once() -> None:
    here, told = receiver()
    whole = m.Whole(1, 0, "a", 1, SHA, memoryview(DATA))
    left = m.LeftOut(1, 1, "b", "A symbolic link.")
    first, again = here.step([whole, left]), here.step([opening(), whole, left])
    assert {answer.item: answer for answer in first} == {answer.item: answer for answer in again}
    assert len(told.outcomes) == 2


def test_a_sender_that_began_anew_counts_anew() -> None:
    landing = MemoryLanding()
    here, _ = receiver(landing)
    here.step([m.Whole(1, 0, "a", 1, SHA, memoryview(DATA)), offer(1, "b")])
    fresh = opening(sending="another")
    answers = here.step([fresh, offer(0, "b"), piece(0, DATA), m.Done(1, 0, len(DATA), SHA), m.Last(1, 1)])
    assert isinstance(answers[-1], m.Saved)
    assert here.finished


def test_too_many_files_end_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(m, "ITEMS_MAX", 3)
    here, _ = receiver()
    with pytest.raises(RsError, match="More than 3 files"):
        here.step([m.Folder(1, i, f"d{i}", "k") for i in range(4)])


def test_an_abort_ends_it() -> None:
    here, _ = receiver()
    assert here.step([offer(), m.Abort(1, "transfer-failed", "Cancelled."), piece(0, b"x")])[1:] == []
    assert isinstance(here.aborted, TransferFailed)
    assert here.give_up(TransferFailed("x")).code == "transfer-failed"


MESSAGES = st.one_of(
    st.builds(offer, st.integers(-1, 3), st.sampled_from(["a", "b"]), st.integers(-2, 9)),
    st.builds(piece, st.integers(-1, 9), st.binary(max_size=9), st.integers(-1, 3)),
    st.builds(m.Done, st.just(1), st.integers(-1, 3), st.integers(-1, 9), st.just(SHA)),
    st.builds(m.Again, st.just(1), st.integers(-1, 3)),
    st.builds(m.Folder, st.just(1), st.integers(-1, 3), st.just("d"), st.just("k")),
    st.builds(m.LeftOut, st.just(1), st.integers(-1, 3), st.just("a"), st.just("why")),
    st.builds(m.Last, st.just(1), st.integers(-1, 4)),
    st.just(opening()),
)


@settings(max_examples=400, deadline=None)
@given(st.lists(MESSAGES, max_size=12))
def test_any_sequence_ends_in_answers_or_in_one_typed_error(said: list[m.FromSender]) -> None:
    landing = MemoryLanding()
    here, _ = receiver(landing)
    try:
        here.step(said)
    except RsError:
        pass
    for data in landing.final.values():
        assert hashlib.sha256(data).digest() == SHA or data == b""


def test_a_directory_is_finished_when_no_file_in_it_is_open_any_more() -> None:
    landing = MemoryLanding()
    here, _ = receiver(landing)
    done = m.Finish(1, 1, "d", 5)
    answers = here.step([offer(0, "d/a"), done, m.Finish(1, 2, "e", 5), m.Last(1, 3)])
    assert [type(a) for a in answers] == [m.Accept, m.Ack]
    assert (landing.done, here.finished) == (["e"], False)
    answers = here.step([piece(0, DATA), m.Done(1, 0, len(DATA), SHA)])
    assert [type(a) for a in answers[-2:]] == [m.Saved, m.Ack]
    assert (landing.done, here.finished) == (["e", "d"], True)
    assert here.step([opening(), done]) == [m.Ack(1, 1, 0)]
    assert landing.done == ["e", "d"]


def test_what_is_remembered_does_not_grow_with_the_number_of_files() -> None:
    here, _ = receiver(MemoryLanding(room=0))
    for number in range(6 * m.AHEAD):
        here.step([m.Whole(1, number, "a", 1, SHA, memoryview(DATA))])
    assert len(here._settled) <= 2 * m.AHEAD + 1
    assert len(here._failed) <= 2 * m.AHEAD + 1
    here.step([m.Last(1, 6 * m.AHEAD)])
    assert here.finished
