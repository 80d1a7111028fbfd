"""Two ends joined over transports made of memory: pace, goodbyes, silence. The real sockets are in test_app."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.protocol import CLIENT, Protocol

from rs_relay.server.config import Limits
from rs_relay.server.splice import BUFFER, LinkEnd, State
from rs_relay.wire import closing
from rs_relay.wire.messages import Refused

MASK = b"\x11\x22\x33\x44"


class Wire(asyncio.Transport):
    """A transport that sends when it is told to, and says everything it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.unsent = bytearray()
        self.sent = bytearray()
        self.reading = True
        self.closing = self.aborted = False
        self.end: Any = None
        self.high = self.low = 0
        self.full = False

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self.high, self.low = high or 0, low or 0

    def get_write_buffer_size(self) -> int:
        return len(self.unsent)

    def write(self, data: Any) -> None:
        if not self.closing:
            self.unsent += data
            if len(self.unsent) > self.high and not self.full:
                self.full = True
                self.end.pause_writing()

    def drain(self, size: int = 10**9) -> None:
        self.sent += self.unsent[:size]
        del self.unsent[:size]
        if self.full and len(self.unsent) <= self.low:
            self.full = False
            self.end.resume_writing()

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def is_reading(self) -> bool:
        return self.reading

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        self.closing = True

    def abort(self) -> None:
        self.closing = self.aborted = True
        self.unsent.clear()


class Bench:
    """Keeper of two ends; `at` is the time."""

    def __init__(self) -> None:
        self.at = 0.0
        self.openings: list[bytes] = []
        self.gone: list[LinkEnd] = []
        self.wires = (Wire(), Wire())
        self.ends = tuple(LinkEnd(self, wire, Limits(), i) for i, wire in enumerate(self.wires))
        for wire, end in zip(self.wires, self.ends, strict=True):
            wire.end = end
        self._clients = (Client(), Client())

    def now(self) -> float:
        return self.at

    def attach(self, end: LinkEnd, opening: bytes) -> None:
        self.openings.append(opening)
        end.wait()
        if len(self.openings) == 2:
            end.join(self.ends[1 - end.number])

    def parted(self, end: LinkEnd) -> None:
        self.gone.append(end)

    def join(self) -> None:
        for end in self.ends:
            end.data_received(masked(0x81, b"ticket"))

    def wait(self, seconds: float, step: float = 1.0) -> None:
        until = self.at + seconds
        while self.at < until:
            self.at += step
            for end in self.ends:
                if end not in self.gone:
                    end.tick(self.at)

    def heard(self, number: int) -> list[Frame]:
        """What the client at `number` has heard since the last call."""
        wire = self.wires[number]
        wire.drain()
        data = bytes(wire.sent)
        wire.sent.clear()
        return self._clients[number].hears(data)


class Client:
    def __init__(self) -> None:
        self._protocol = Protocol(CLIENT, max_size=None)

    def hears(self, data: bytes) -> list[Frame]:
        if data:
            self._protocol.receive_data(data)
        assert self._protocol.parser_exc is None
        return [event for event in self._protocol.events_received() if isinstance(event, Frame)]


def masked(first: int, payload: bytes) -> bytes:
    size = len(payload)
    length = bytes((0x80 | size,)) if size < 126 else bytes((0xFF,)) + size.to_bytes(8, "big")
    return bytes((first,)) + length + MASK + bytes(b ^ MASK[i & 3] for i, b in enumerate(payload))


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.join()
    for number in (0, 1):
        assert [f.opcode for f in bench.heard(number)] == [Opcode.TEXT]
    return bench


def test_what_is_said_while_waiting_is_kept_and_bounded() -> None:
    bench = Bench()
    one, two = bench.ends
    one.data_received(masked(0x81, b"first") + masked(0x82, b"early") + masked(0x89, b"still there"))
    assert one.state is State.WAITING
    assert bench.wires[0].reading, "a goodbye would be heard"
    assert [f.data for f in bench.heard(0)] == [b"still there"]
    for _ in range(2):
        one.data_received(masked(0x82, bytes(200_000)))
    assert not bench.wires[0].reading
    two.data_received(masked(0x81, b"second") + masked(0x82, b"quick"))
    assert bench.openings == [b"first", b"second"]
    assert [f.data for f in bench.heard(1)] == [b'{"type":"joined"}', b"early", bytes(200_000), bytes(200_000)]
    assert [f.data for f in bench.heard(0)] == [b'{"type":"joined"}', b"quick"]
    assert all(wire.reading for wire in bench.wires)


def test_one_who_waits_may_leave() -> None:
    bench = Bench()
    bench.ends[0].data_received(masked(0x81, b"first"))
    bench.ends[0].data_received(masked(0x88, (1000).to_bytes(2, "big")))
    assert bench.ends[0].state is State.CLOSING
    assert bench.wires[0].closing


def test_a_slow_reader_pauses_the_other_end_and_bounds_what_waits(bench: Bench) -> None:
    message = masked(0x82, bytes(200_000))
    sent = 0
    while bench.wires[0].reading:
        bench.ends[0].data_received(message)
        sent += 1
        assert sent < 10, "nothing stops the sender"
    assert len(bench.wires[1].unsent) <= BUFFER + len(message)
    assert bench.wires[1].reading, "the other direction flows on"
    bench.wires[1].drain(len(bench.wires[1].unsent) - BUFFER // 2)
    assert not bench.wires[0].reading
    bench.wires[1].drain()
    assert bench.wires[0].reading
    assert len(bench.heard(1)) == sent


def test_a_reader_that_makes_no_progress_for_half_a_minute_is_let_go(bench: Bench) -> None:
    for _ in range(2):
        bench.ends[0].data_received(masked(0x82, bytes(200_000)))
    bench.wait(29)
    assert bench.ends[1].state is State.JOINED
    bench.wires[1].drain(1000)
    bench.wait(29)
    assert bench.ends[1].state is State.JOINED, "a slow reader is not a stuck one"
    bench.wait(3)
    assert bench.ends[1].state is State.CLOSING
    assert bench.heard(0)[-1].data[:2] == closing.GONE.to_bytes(2, "big")
    bench.wait(4)
    assert bench.wires[1].aborted


def test_a_client_that_says_goodbye_takes_the_other_along_in_its_own_words(bench: Bench) -> None:
    bench.ends[0].data_received(masked(0x82, b"last words") + masked(0x88, (4321).to_bytes(2, "big") + b"why"))
    assert [f.opcode for f in bench.heard(0)] == [Opcode.CLOSE]
    assert bench.wires[0].closing
    last, goodbye = bench.heard(1)
    assert last.data == b"last words"
    assert goodbye.data[:2] == (4321).to_bytes(2, "big")
    assert not bench.wires[1].closing, "it may still answer"
    bench.ends[1].data_received(masked(0x88, (4321).to_bytes(2, "big")))
    assert bench.wires[1].closing


@pytest.mark.parametrize(("said", "passed_on"), [(1000, 1000), (1001, 1001), (1006, 1000), (1002, 1000), (5000, 1000)])
def test_only_close_codes_that_a_client_may_say_are_passed_on(bench: Bench, said: int, passed_on: int) -> None:
    bench.ends[0].data_received(masked(0x88, said.to_bytes(2, "big")))
    assert bench.heard(1)[0].data[:2] == passed_on.to_bytes(2, "big")


def test_a_socket_that_breaks_is_told_to_the_other(bench: Bench) -> None:
    bench.ends[0].connection_lost(OSError())
    assert bench.heard(1)[0].data[:2] == closing.GONE.to_bytes(2, "big")
    assert bench.gone == [bench.ends[0]]


def test_no_close_frame_is_written_inside_a_frame(bench: Bench) -> None:
    half = masked(0x82, b"a long message")[:10]
    bench.ends[0].data_received(half)
    bench.ends[0].connection_lost(None)
    assert bench.heard(1) == []
    assert bench.wires[1].closing


def test_a_ping_is_answered_between_frames_and_the_latest_only(bench: Bench) -> None:
    message = masked(0x82, b"a long message")
    bench.ends[1].data_received(message[:10])
    bench.ends[0].data_received(masked(0x89, b"one") + masked(0x89, b"two"))
    assert bench.heard(0) == []
    bench.ends[1].data_received(message[10:])
    data, pong = bench.heard(0)
    assert (data.data, pong.opcode, pong.data) == (b"a long message", Opcode.PONG, b"two")


def test_a_flood_of_pings_from_one_that_does_not_read_does_not_grow_anything(bench: Bench) -> None:
    for _ in range(3):
        bench.ends[1].data_received(masked(0x82, bytes(200_000)))
    before = len(bench.wires[0].unsent)
    for _ in range(10_000):
        bench.ends[0].data_received(masked(0x89, b"x" * 125))
    assert len(bench.wires[0].unsent) == before


def test_silence_is_asked_about_and_a_dead_end_is_let_go(bench: Bench) -> None:
    bench.wait(21)
    assert [f.opcode for f in bench.heard(0)] == [Opcode.PING]
    assert [f.opcode for f in bench.heard(1)] == [Opcode.PING]
    bench.ends[0].data_received(masked(0x8A, b""))
    bench.wait(20)
    assert bench.wires[1].aborted
    assert bench.heard(0)[-1].data[:2] == closing.GONE.to_bytes(2, "big")


def test_no_ticket_in_time(bench: Bench) -> None:
    late = Bench()
    late.wait(6)
    assert all(end.state is State.CLOSING for end in late.ends)
    late.wait(4)
    assert all(wire.aborted for wire in late.wires)


def test_a_refusal_is_said_in_words_and_then_the_socket_closes() -> None:
    bench = Bench()
    bench.ends[0].wait()
    bench.ends[0].refuse(Refused(0, "unreachable", "The other end did not come."), closing.NOT_ADMITTED)
    text, close = bench.heard(0)
    assert b"did not come" in text.data
    assert close.data[:2] == closing.NOT_ADMITTED.to_bytes(2, "big")


def test_a_client_that_breaks_the_rules_is_told_why_and_the_other_that_it_is_gone(bench: Bench) -> None:
    bench.ends[0].data_received(masked(0x82, b"good") + masked(0x81, b"text"))
    assert bench.heard(0)[0].data[:2] == closing.NOT_BINARY.to_bytes(2, "big")
    good, close = bench.heard(1)
    assert good.data == b"good"
    assert close.data[:2] == closing.GONE.to_bytes(2, "big")


@given(st.lists(st.tuples(st.integers(0, 1), st.binary(max_size=300), st.integers(1, 400)), max_size=20))
def test_both_ways_at_once_in_any_chunks(said: list[tuple[int, bytes, int]]) -> None:
    """Each end sends its messages in chunks of its own, pings in between; what is heard is what was said."""
    bench = Bench()
    bench.join()
    streams = [bytearray(), bytearray()]
    for number, payload, _ in said:
        streams[number] += masked(0x89, b"ping") + masked(0x82, payload)
    sizes = [size for _, _, size in said] or [1]
    heard: list[list[bytes]] = [[], []]
    turn = 0
    while any(streams):
        number, size = turn % 2, sizes[turn % len(sizes)]
        chunk = bytes(streams[number][:size])
        del streams[number][:size]
        if chunk:
            bench.ends[number].data_received(chunk)
        for n in (0, 1):
            heard[n] += [f.data for f in bench.heard(n) if f.opcode is Opcode.BINARY]
        turn += 1
    for number in (0, 1):
        assert heard[1 - number] == [payload for sender, payload, _ in said if sender == number]
