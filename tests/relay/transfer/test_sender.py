"""The sending end: what is sent is one version of a file, and whatever breaks, it goes on."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rs_relay.errors import PeerBroke, TransferFailed
from rs_relay.transfer import messages as m
from rs_relay.transfer.receiver import Receiver
from rs_relay.transfer.sender import Found, Line, Sender
from tests.support.transfer import (
    LINE,
    Conversation,
    MemoryLanding,
    MemorySource,
    Told,
    conversation,
    opening,
    plan_of,
)

SIZES = st.one_of(st.just(0), st.integers(1, 600), st.integers(500, 5000))


def contents(sizes: list[int]) -> dict[str, bytes]:
    return {f"f{i}": bytes((i + at) % 251 for at in range(size)) for i, size in enumerate(sizes)}


def test_the_conversation_of_two_files() -> None:
    landing = MemoryLanding()
    small, large = b"hello", bytes(1500)
    talk, sent, received = conversation({"a": small, "b": large}, landing)
    talk.run()
    kinds = [type(message).__name__ for message in talk.said]
    assert kinds == ["Open", "Whole", "Offer", "Last", "Piece", "Piece", "Piece", "Done"]
    assert [type(answer).__name__ for answer in talk.answered] == ["Saved", "Accept", "Ack", "Ack", "Saved"]
    assert landing.final == {"a": small, "b": large}
    assert talk.sender.finished
    assert talk.receiver.finished
    assert [o.sha256 for o in sent.outcomes] == [hashlib.sha256(d).hexdigest() for d in (small, large)]
    assert [(o.name, o.sha256) for o in received.outcomes] == [(o.name, o.sha256) for o in sent.outcomes]
    assert talk.sender.progress.done == len(small) + len(large)


def test_nothing_to_send_is_finished_at_once() -> None:
    talk, sent, _ = conversation({}, MemoryLanding())
    talk.run()
    assert talk.sender.finished
    assert talk.receiver.finished
    assert sent.outcomes == []


@settings(max_examples=300, deadline=None)
@given(st.lists(SIZES, max_size=8), st.lists(st.integers(1, 40), max_size=6))
def test_links_may_break_between_any_two_messages(sizes: list[int], gaps: list[int]) -> None:
    files = contents(sizes)
    landing = MemoryLanding()
    talk, sent, received = conversation(files, landing)

    def nothing_half_written() -> None:
        for name, data in landing.final.items():
            assert data == files[name]

    for gap in gaps:
        for _ in range(gap):
            nothing_half_written()
            talk.step()
        talk.cut()
    talk.run(nothing_half_written)
    assert talk.sender.finished
    assert talk.receiver.finished
    assert landing.final == files
    assert {o.name for o in sent.outcomes} == {o.name for o in received.outcomes} == set(files)
    assert not sent.errors
    assert not received.errors
    assert len(sent.outcomes) == len(files)  # each settled exactly once


@settings(max_examples=150, deadline=None)
@given(st.lists(SIZES, min_size=1, max_size=4), st.lists(st.tuples(st.integers(1, 30), st.booleans()), max_size=5))
def test_either_program_may_be_killed(sizes: list[int], kills: list[tuple[int, bool]]) -> None:
    """A kill takes a machine with all it knew; the disk stays. A killed sender begins a new batch."""
    files = contents(sizes)
    landing = MemoryLanding()
    talk, _, _ = conversation(files, landing)
    for number, (gap, sender_dies) in enumerate(kills):
        for _ in range(gap):
            talk.step()
        key = f"batch {number}" if sender_dies else "k" * 32
        sender = Sender(opening(key=key, sending=key), plan_of(files), Told()) if sender_dies else talk.sender
        talk.cut()
        talk = Conversation(sender, Receiver(lambda opened: landing, Told()), LINE)
    talk.run()
    assert landing.final == files


def test_a_resumed_file_sends_only_what_is_missing() -> None:
    data = bytes(range(256)) * 40
    landing = MemoryLanding()
    talk, _, _ = conversation({"a": data}, landing)
    while not landing.parts or len(next(iter(landing.parts.values()))) < 6000:
        talk.step()
    there = len(next(iter(landing.parts.values())))
    again, sent, _ = conversation({"a": data}, landing)
    again.run()
    assert landing.final == {"a": data}
    assert sent.outcomes[0].resumed_from == there
    assert sum(m.weight(message) for message in again.said) == len(data) - there


def test_a_prefix_that_differs_starts_afresh() -> None:
    landing = MemoryLanding()
    data = bytes(3000)
    landing.parts[MemorySource(data, "a").key] = bytearray(b"something else")
    talk, sent, _ = conversation({"a": data}, landing)
    talk.run()
    assert m.Again(1, 0) in talk.said
    assert landing.final == {"a": data}
    assert sent.outcomes[0].resumed_from == 0


def test_a_file_that_grows_arrives_as_it_was_with_a_note() -> None:
    landing = MemoryLanding()
    source = MemorySource(bytes(2000), "log")
    talk, sent, received = conversation({"log": source}, landing)
    for _ in range(3):
        talk.step()
    source.data, source.changed = source.data + b"more", True
    talk.run()
    assert landing.final == {"log": bytes(2000)}
    assert "grew" in sent.outcomes[0].note
    assert received.outcomes[0].note == sent.outcomes[0].note


@pytest.mark.parametrize("data", [b"", bytes(700), b"x" * 2000, bytes(1999) + b"x", b"x" * 3000])
def test_a_file_that_changes_or_shrinks_never_arrives(data: bytes) -> None:
    landing = MemoryLanding()
    source = MemorySource(bytes(2000), "a")
    talk, sent, received = conversation({"a": source, "b": b"other"}, landing)
    while not any(isinstance(message, m.Piece) for message in talk.said):
        talk.step()
    source.data, source.changed = data, True
    talk.run()
    assert landing.final == {"b": b"other"}
    assert landing.parts == {}
    assert [type(e) for e in sent.errors] == [TransferFailed]
    assert [o.name for o in received.outcomes if o.error] == ["a"]
    assert talk.sender.finished
    assert talk.receiver.finished


def test_a_small_file_that_changes_while_it_is_read_never_arrives() -> None:
    class Turning(MemorySource):
        def read(self, offset: int, count: int) -> bytes:
            data = super().read(offset, count)
            self.data, self.changed = b"new!!", True
            return data

    landing = MemoryLanding()
    talk, sent, _ = conversation({"a": Turning(b"old..")}, landing)
    talk.run()
    assert landing.final == {}
    assert sent.errors


def test_what_cannot_be_read_is_told_and_the_others_arrive() -> None:
    def refuse() -> MemorySource:
        raise TransferFailed("It cannot be read (permission denied).")

    landing, sent, received = MemoryLanding(), Told(), Told()
    plan = iter(
        [
            Found("secret", open=refuse),
            Found("link", message="A symbolic link, which `--archive` would keep."),
            Found("bad", message="The file's name is too long.", code="transfer-failed"),
            Found("dir", key="d"),
            *plan_of({"dir/a": b"1"}),
        ]
    )
    talk = Conversation(Sender(opening(), plan, sent), Receiver(lambda opened: landing, received))
    talk.run()
    assert landing.final == {"dir/a": b"1"}
    assert landing.folders == {"dir"}
    for told in (sent, received):
        by_name = {o.name: o for o in told.outcomes}
        assert by_name["secret"].error
        assert by_name["bad"].error
        assert by_name["link"].skipped
        assert by_name["dir"].saved_as == "dir"


def test_offers_are_not_waited_for_and_stay_bounded() -> None:
    sender = Sender(opening(), plan_of({f"f{i}": b"x" for i in range(2 * m.AHEAD)}), Told())
    said = sender.step([], Line(room=10**6))
    assert sum(isinstance(message, m.Whole) for message in said) == m.AHEAD
    large = Sender(opening(), plan_of({f"f{i}": bytes(9000) for i in range(100)}), Told())
    assert sum(isinstance(x, m.Offer) for x in large.step([], LINE)) <= m.OFFERS_AHEAD


def test_a_step_says_no_more_than_the_line_has_room_for() -> None:

    class Endless(MemorySource):
        def __init__(self) -> None:
            super().__init__(b"", "huge")
            self.size = 1 << 50

        def read(self, offset: int, count: int) -> bytes:
            return bytes(count)

    landing = MemoryLanding()
    talk, _, _ = conversation({"huge": Endless()}, landing)
    for _ in range(300):
        before = len(talk.said)
        talk.step()
        assert sum(m.weight(message) for message in talk.said[before:]) <= LINE.room + LINE.piece
    assert landing.largest == LINE.piece


@pytest.mark.parametrize(
    "lie",
    [
        m.Accept(1, 7, 0, b""),
        m.Accept(1, 0, 10**9, b""),
        m.Accept(1, 0, -1, b""),
        m.Ack(1, 0, 10**9),
        m.Saved(1, 0, "x", 3),
        m.Saved(1, 99, "x", 3),
    ],
)
def test_answers_that_no_honest_end_gives(lie: m.FromReceiver) -> None:
    sender = Sender(opening(), plan_of({"a": bytes(2000)}), Told())
    sender.step([], LINE)
    with pytest.raises(PeerBroke):
        sender.step([lie], LINE)


def test_giving_up_closes_files_and_says_so() -> None:
    source = MemorySource(bytes(2000))
    sender = Sender(opening(), plan_of({"a": source}), Told())
    sender.step([], LINE)
    assert sender.give_up(TransferFailed("Cancelled.")) == m.Abort(1, "transfer-failed", "Cancelled.")
    assert source.closed
    assert sender.step([], LINE) == []


def test_holes_are_not_sent_and_arrive_as_zeros() -> None:
    hole = m.HOLE_MAX + 3 * m.HOLE_MIN
    data = b"head" * 1000 + bytes(hole) + b"tail" * 1000 + bytes(m.HOLE_MIN)
    source = MemorySource(data)
    source.holes = True
    landing = MemoryLanding()
    talk, sent, _ = conversation({"disk.img": source}, landing)
    talk.run()
    assert landing.final == {"disk.img": data}
    assert landing.holes > hole - 1024
    assert sum(m.weight(message) for message in talk.said) < 8000 + m.HOLE_MIN + 1024
    assert not sent.errors
