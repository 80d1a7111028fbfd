"""Who may send next: priority, turns, credit, parts, and what may replace what."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rs_relay.link import frames
from rs_relay.link.flow import Flow
from rs_relay.link.frames import Kind
from rs_relay.link.spec import Priority

BIG = 256 * 1024


def _next(flow: Flow, limit: int = BIG) -> frames.Frame | None:
    made = flow.next_frame(BIG, limit)
    return frames.decode(made[0]) if made else None


def _sent(flow: Flow, limit: int = BIG) -> list[tuple[int, bytes]]:
    out = []
    while frame := _next(flow, limit):
        out.append((frame.channel, bytes(frame.body)))
    return out


def test_what_is_urgent_passes_between_the_parts_of_what_is_large() -> None:
    flow = Flow()
    bulk, input_ = flow.add(1, Priority.BULK, 10**6), flow.add(2, Priority.URGENT, 10**6)
    bulk.put(b"f" * 1000, "")
    assert _next(flow, 400) == (Kind.MORE, 1, b"f" * 400)
    input_.put(b"key", "")
    assert _next(flow, 400) == (Kind.DATA, 2, b"key")
    assert _next(flow, 400) == (Kind.MORE, 1, b"f" * 400)
    assert _next(flow, 400) == (Kind.DATA, 1, b"f" * 200)
    assert _next(flow) is None


def test_equals_take_turns() -> None:
    flow = Flow()
    for n in (1, 2, 3):
        flow.add(n, Priority.BULK, 10**6).put(b"x" * 20, "")
    assert [c for c, _ in _sent(flow, 10)] == [1, 2, 3, 1, 2, 3]


def test_never_more_in_flight_than_granted() -> None:
    flow = Flow()
    out = flow.add(1, Priority.BULK, 100)
    out.put(b"x" * 250, "")
    assert _next(flow) == (Kind.MORE, 1, b"x" * 100)
    assert _next(flow) is None
    out.credit += 100
    assert _next(flow) == (Kind.MORE, 1, b"x" * 100)
    out.credit += 100
    assert _next(flow) == (Kind.DATA, 1, b"x" * 50)
    assert out.credit == 50


def test_a_successor_replaces_only_the_last_and_only_unsent() -> None:
    flow = Flow()
    out = flow.add(1, Priority.URGENT, 10**6)
    out.put(b"move 1", "move")
    out.put(b"move 2", "move")
    out.put(b"press", "")
    out.put(b"move 3", "move")
    out.put(b"move 4", "move")
    assert [b for _, b in _sent(flow)] == [b"move 2", b"press", b"move 4"]
    out.put(b"m" * 100, "move")
    assert _next(flow, 40) is not None
    assert out.queued == 0


def test_closing_comes_after_what_is_queued_and_removes_the_channel() -> None:
    flow = Flow()
    out = flow.add(1, Priority.TALK, 10**6)
    out.put(b"last words", "")
    out.closing = True
    assert _next(flow) == (Kind.DATA, 1, b"last words")
    assert _next(flow) == (Kind.CLOSE, 1, b"")
    assert flow.get(1) is None
    assert _next(flow) is None


def test_short_urgent_messages_all_look_alike() -> None:
    flow = Flow()
    out = flow.add(1, Priority.URGENT, 10**6)
    sizes = set()
    for body in (b"", b"a", b"x" * 57):
        out.put(body, "")
        made = flow.next_frame(BIG, BIG)
        assert made
        sizes.add(len(made[0]))
        assert frames.decode(made[0]) == (Kind.DATA, 1, body)
    assert sizes == {64}


@given(st.lists(st.tuples(st.integers(1, 4), st.binary(max_size=300)), max_size=30), st.integers(1, 100))
def test_each_channel_hears_its_messages_whole_and_in_order(said: list[tuple[int, bytes]], limit: int) -> None:
    flow = Flow()
    for n in range(1, 5):
        flow.add(n, Priority(n - 1), 10**6)
    heard: dict[int, list[bytes]] = {n: [] for n in range(1, 5)}
    parts: dict[int, bytes] = dict.fromkeys(range(1, 5), b"")
    for n, body in said:
        out = flow.get(n)
        assert out
        out.put(body, "")
    while frame := _next(flow, limit):
        parts[frame.channel] += frame.body
        if frame.kind is Kind.DATA:
            heard[frame.channel].append(parts[frame.channel])
            parts[frame.channel] = b""
    assert heard == {n: [b for m, b in said if m == n] for n in range(1, 5)}


def test_idle_until_there_is_something_to_say_and_again_when_all_was_said() -> None:
    flow = Flow()
    out = flow.add(1, Priority.BULK, credit=2)
    assert flow.idle
    flow.own(frames.encode(Kind.PING, 0, bytes(8)))
    assert not flow.idle
    assert _next(flow) == (Kind.PING, 0, bytes(8))
    out.put(b"four", "")
    assert _next(flow) == (Kind.MORE, 1, b"fo")
    assert not flow.idle, "it waits for credit"
    out.credit = 2
    assert _next(flow) == (Kind.DATA, 1, b"ur")
    assert flow.idle
    out.closing = True
    assert not flow.idle
    assert _next(flow) == (Kind.CLOSE, 1, b"")
    assert flow.idle
