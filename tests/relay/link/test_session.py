"""Two cores back to back; then one of them hostile: every breach is the same typed end, none a hang or a forgery."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rs_relay.errors import NotAllowed, PeerBroke
from rs_relay.link import frames
from rs_relay.link.frames import BadFrame, Kind
from rs_relay.link.handshake import Role
from rs_relay.link.seal import BadRecord, Sealer
from rs_relay.link.session import FIRST, MAX_CHANNELS, Accepted, Asked, Bye, Gone, Heard, HelloHeard, LinkSession, Pong
from rs_relay.link.spec import Priority
from tests.support.two_ends import cores, drain, opened_pair

WINDOW, LIMIT = 1000, 5000


def _pass(sender: LinkSession, receiver: LinkSession, limit: int = 256 * 1024) -> list[object]:
    return [event for record in drain(sender, limit) for event in receiver.receive(record)]


def _opened() -> tuple[LinkSession, LinkSession, int]:
    technician, agent = cores()
    number = technician.open("chat", Priority.TALK, WINDOW, LIMIT)
    assert _pass(technician, agent) == [Asked(number, "chat")]
    assert agent.accept(number, Priority.TALK, WINDOW, LIMIT)
    assert _pass(agent, technician) == [Accepted(number)]
    return technician, agent, number


def test_a_whole_conversation() -> None:
    technician, agent, n = _opened()
    agent.hello(b"facts")
    assert technician.send(n, b"ping")
    assert agent.send(n, b"pong")
    assert _pass(agent, technician) == [HelloHeard(b"facts"), Heard(n, b"pong", 4)]
    assert _pass(technician, agent) == [Heard(n, b"ping", 4)]
    technician.ping(77)
    _pass(technician, agent)
    assert _pass(agent, technician) == [Pong(77)]
    agent.close(n, NotAllowed("withdrawn"))
    (gone,) = _pass(agent, technician)
    assert isinstance(gone, Gone)
    assert isinstance(gone.error, NotAllowed)
    assert not technician.send(n, b"too late")
    technician.bye("done")
    assert _pass(technician, agent) == [Bye("done")]


def test_a_message_larger_than_the_window_flows_by_credit() -> None:
    technician, agent, n = _opened()
    technician.send(n, b"x" * LIMIT)
    heard: list[object] = []
    for _ in range(20):
        heard += _pass(technician, agent, 300)
        _pass(agent, technician)
    assert [e.data for e in heard if isinstance(e, Heard)] == [b"x" * LIMIT]


def test_credit_comes_back_only_for_what_was_consumed() -> None:
    technician, agent, n = _opened()
    for _ in range(30):
        technician.send(n, b"x" * 100)
    first = _pass(technician, agent)
    assert len(first) == WINDOW // 100
    assert _pass(agent, technician) == []
    assert _pass(technician, agent) == []
    for event in first:
        assert isinstance(event, Heard)
        due = agent.consumed(n, event.cost)
        assert due is not agent.idle, "credit is said when it is worth a frame"
        _pass(agent, technician)
        assert agent.idle
    # granted in steps of a quarter of the window: the last 100 bytes are still owed
    assert len(_pass(technician, agent)) == 9


def test_a_message_over_the_channels_limit_closes_the_channel_and_not_the_link() -> None:
    technician, agent, n = _opened()
    technician.send(n, b"x" * (LIMIT + 1))
    events: list[object] = []
    for _ in range(20):
        events += _pass(technician, agent, 300)
        _pass(agent, technician)
    (gone,) = events
    assert isinstance(gone, Gone)
    assert isinstance(gone.error, PeerBroke)
    again = technician.open("chat", Priority.TALK, WINDOW, LIMIT)
    assert _pass(technician, agent) == [Asked(again, "chat")]


def test_closing_from_both_ends_at_once_and_data_that_crosses_it() -> None:
    technician, agent, n = _opened()
    technician.send(n, b"on its way")
    records = drain(technician)
    agent.close(n)
    assert [e for r in records for e in agent.receive(r)] == []
    technician.close(n)
    assert _pass(technician, agent) == []
    assert _pass(agent, technician) == []


class _Hostile:
    """Holds the technician's keys, says anything."""

    def __init__(self) -> None:
        technician, opened = opened_pair()
        self.sealer = Sealer(technician.i2r if technician.joiner else technician.r2i, "i2r", 0.0)
        self.agent = LinkSession(opened, Role.AGENT, 0.0)

    def say(self, plaintext: bytes) -> list[object]:
        return list(self.agent.receive(bytes(self.sealer.seal(plaintext, 0.0))))

    def open_channel(self) -> None:
        self.say(frames.encode(Kind.OPEN, 1, b"chat"))
        self.agent.accept(1, Priority.TALK, WINDOW, LIMIT)


def _breaches() -> dict[str, bytes]:
    f = frames.encode
    return {
        "empty": b"",
        "short": b"\x06\0\0",
        "unknown kind": bytes([99]) + bytes(4),
        "hello from the technician": f(Kind.HELLO, 0, b"me"),
        "accept of nothing": f(Kind.ACCEPT, 7),
        "refusal of nothing": f(Kind.REFUSE, 7),
        "accept of its own": f(Kind.ACCEPT, 1),
        "channel opened twice": f(Kind.OPEN, 1, b"chat"),
        "channel number skipped": f(Kind.OPEN, 9, b"chat"),
        "channel zero opened": f(Kind.OPEN, 0, b"chat"),
        "long name": f(Kind.OPEN, 2, b"n" * 65),
        "name not ascii": f(Kind.OPEN, 2, b"\xff"),
        "long first message": f(Kind.OPEN, 2, b"chat\0" + b"x" * (FIRST + 1)),
        "long name before a first message": f(Kind.OPEN, 2, b"n" * 65 + b"\0x"),
        "data nowhere": f(Kind.DATA, 5, b"x"),
        "part nowhere": f(Kind.MORE, 5, b"x"),
        "data on the link": f(Kind.DATA, 0, b"x"),
        "more than granted": f(Kind.DATA, 1, b"x" * (WINDOW + 1)),
        "credit nowhere": f(Kind.CREDIT, 5, bytes(4)),
        "credit malformed": f(Kind.CREDIT, 1, bytes(3)),
        "close of nothing": f(Kind.CLOSE, 5),
        "ping malformed": f(Kind.PING, 0, b"x"),
        "pong malformed": f(Kind.PONG, 0),
        "padding of another size": f(Kind.PADDED, 1, bytes(10)),
        "padding that lies": f(Kind.PADDED, 1, b"\xff\xff" + bytes(57)),
    }


@pytest.mark.parametrize("name", list(_breaches()))
def test_every_breach_of_the_links_rules_is_one_typed_end(name: str) -> None:
    hostile = _Hostile()
    hostile.open_channel()
    with pytest.raises(BadFrame):
        hostile.say(_breaches()[name])


def test_data_before_the_customer_has_accepted_is_a_breach() -> None:
    hostile = _Hostile()
    hostile.say(frames.encode(Kind.OPEN, 1, b"control"))
    with pytest.raises(BadFrame):
        hostile.say(frames.encode(Kind.DATA, 1, b"key"))


def test_a_first_message_goes_along_with_the_request_for_a_channel() -> None:
    technician, agent = cores()
    number = technician.open("chat", Priority.TALK, WINDOW, LIMIT, b"hello\0")
    assert _pass(technician, agent) == [Asked(number, "chat", b"hello\0")]
    again = technician.open("chat", Priority.TALK, WINDOW, LIMIT, b"x" * FIRST)
    assert _pass(technician, agent) == [Asked(again, "chat", b"x" * FIRST)]


def test_channels_without_end_are_a_breach() -> None:
    hostile = _Hostile()
    for n in range(1, MAX_CHANNELS + 1):
        hostile.say(frames.encode(Kind.OPEN, n, b"chat"))
    with pytest.raises(BadFrame):
        hostile.say(frames.encode(Kind.OPEN, MAX_CHANNELS + 1, b"chat"))


@settings(deadline=None)
@given(st.lists(st.binary(max_size=80), max_size=20))
def test_whatever_a_hostile_technician_says_ends_in_events_or_one_error(said: list[bytes]) -> None:
    hostile = _Hostile()
    hostile.open_channel()
    for plaintext in said:
        try:
            hostile.say(plaintext)
        except BadFrame:
            return


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_hostile_relay_gets_nothing_through(data: st.DataObject) -> None:
    """Records flipped, dropped, repeated, reordered or reflected: what was heard is a prefix of what was said."""
    technician, agent, n = _opened()
    said = [f"message {k}".encode() for k in range(8)]
    for text in said:
        technician.send(n, text)
        agent.send(n, b"other " + text)
    records, backward = drain(technician), drain(agent)
    heard: list[bytes] = []
    for k, record in enumerate(records):
        act = data.draw(st.sampled_from(["pass", "pass", "pass", "flip", "drop", "twice", "swap", "reflect", "cut"]))
        delivered = {
            "pass": [record], "drop": [], "twice": [record, record], "cut": [record[:-3]],
            "swap": [records[(k + 1) % len(records)], record], "reflect": [backward[k % len(backward)]],
            "flip": [record[:15] + bytes([record[15] ^ 4]) + record[16:]],
        }[act]  # fmt: skip
        try:
            for one in delivered:
                heard += [e.data for e in agent.receive(one) if isinstance(e, Heard)]
        except BadRecord:
            break
    assert heard == said[: len(heard)]


def test_no_key_and_nonce_are_used_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    from rs_relay.link import seal

    monkeypatch.setattr(seal, "REKEY_RECORDS", 50)
    seen: set[tuple[int, bytes]] = set()
    honest = Sealer.seal

    def watched(self: Sealer, plaintext: bytes, now: float, headroom: int = 0) -> bytearray:
        record = honest(self, plaintext, now, headroom)
        mark = (id(self), bytes(record[:13]))
        assert mark not in seen
        seen.add(mark)
        return record

    monkeypatch.setattr(Sealer, "seal", watched)
    technician, agent, n = _opened()
    for _ in range(1000):
        technician.send(n, b"x")
        for event in _pass(technician, agent):
            assert isinstance(event, Heard)
            agent.consumed(n, event.cost)
        _pass(agent, technician)
    assert len(seen) > 1000
