"""The link socket's frames, however they are cut up; and what is no frame of ours."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.server import ServerProtocol

from rs_relay.link.websocket import BINARY, CLOSE, PING, TEXT, Broken, Inward, RecordSocket, header
from rs_relay.wire.limits import LINK_MESSAGE


def _frame(opcode: int, payload: bytes) -> bytes:
    """As a relay frames it, by another implementation."""
    return Frame(Opcode(opcode), payload).serialize(mask=False)


def _feed(inward: Inward, data: bytes, sizes: list[int]) -> list[tuple[int, bytes]]:
    messages, at, turn = [], 0, 0
    while at < len(data):
        room = inward.room()
        size = min(sizes[turn % len(sizes)], len(room), len(data) - at)
        room[:size] = data[at : at + size]
        messages += inward.came(size)
        at, turn = at + size, turn + 1
    return messages


class _Transport(asyncio.Transport):
    """Takes all at once; `told` is the protocol that was put on it."""

    def __init__(self) -> None:
        super().__init__()
        self.aborted = False

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.told = protocol

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...

    def resume_reading(self) -> None: ...

    def abort(self) -> None:
        self.aborted = True


def _socket() -> tuple[RecordSocket, _Transport, Callable[[bytes], None]]:
    transport = _Transport()
    made = RecordSocket(transport)

    def arrive(data: bytes) -> None:
        made.get_buffer(-1)[: len(data)] = data
        made.buffer_updated(len(data))

    return made, transport, arrive


async def test_each_record_is_handed_over_as_it_comes_after_those_that_were_there() -> None:
    made, _, arrive = _socket()
    heard: list[bytes] = []
    arrive(_frame(BINARY, b"early") + _frame(BINARY, b"too"))
    hearing = asyncio.create_task(made.each(heard.append))
    await asyncio.sleep(0)
    assert heard == [b"early", b"too"]
    arrive(_frame(BINARY, b"one") + _frame(BINARY, b"two")[:3])
    assert heard[2:] == [b"one"]
    arrive(_frame(BINARY, b"two")[3:])
    assert heard[3:] == [b"two"]
    made.eof_received()
    with pytest.raises(ConnectionResetError):
        await hearing


async def test_what_was_there_is_heard_also_when_the_socket_has_ended_since() -> None:
    made, _, arrive = _socket()
    heard: list[bytes] = []
    arrive(_frame(BINARY, b"last words"))
    made.eof_received()
    with pytest.raises(ConnectionResetError):
        await made.each(heard.append)
    assert heard == [b"last words"]


async def test_who_hears_what_should_not_be_ends_the_socket_and_is_told_why() -> None:
    made, transport, arrive = _socket()

    def hear(record: bytes) -> None:
        raise ValueError("not a record of ours")

    hearing = asyncio.create_task(made.each(hear))
    await asyncio.sleep(0)
    arrive(_frame(BINARY, b"x") + _frame(BINARY, b"y"))
    with pytest.raises(ValueError, match="not a record"):
        await hearing
    assert transport.aborted


async def test_a_relay_that_speaks_where_records_should_be() -> None:
    made, transport, arrive = _socket()
    hearing = asyncio.create_task(made.each(lambda record: None))
    await asyncio.sleep(0)
    arrive(_frame(TEXT, b"{}"))
    with pytest.raises(ConnectionResetError, match="text"):
        await hearing
    assert transport.aborted


_message = st.one_of(
    st.tuples(st.just(BINARY), st.binary(max_size=400)),
    st.tuples(st.just(BINARY), st.integers(100, 70_000).map(bytes)),
    st.tuples(st.just(TEXT), st.binary(max_size=200)),
    st.tuples(st.sampled_from([CLOSE, PING]), st.binary(max_size=125)),
)


@settings(deadline=None)
@given(st.lists(_message, max_size=8), st.lists(st.integers(1, 5000), min_size=1, max_size=6))
def test_messages_arrive_whole_however_they_are_cut_up(messages: list[tuple[int, bytes]], sizes: list[int]) -> None:
    data = b"".join(_frame(*m) for m in messages)
    assert _feed(Inward(), data, sizes) == messages


def test_the_largest_record_again_and_again_in_one_buffer() -> None:
    inward = Inward()
    record = bytes(range(256)) * (LINK_MESSAGE // 256)
    data = _frame(BINARY, record) * 12
    assert _feed(inward, data, [65_536, 200_000, 1]) == [(BINARY, record)] * 12


@pytest.mark.parametrize(
    "data",
    [
        b"\x02\x01x",  # not the last piece
        b"\x82\x81\0\0\0\0x",  # masked
        b"\xc2\x01x",  # a reserved bit
        b"\x83\x01x",  # an unknown opcode
        b"\x80\x01x",  # a continuation of nothing
        _frame(BINARY, bytes(LINK_MESSAGE + 1))[:10],  # larger than a link carries: told by its header alone
        b"\x82\x7f" + b"\xff" * 8,
        b"\x81\x7e\xff\xff",  # a text larger than the relay says
        b"\x89\x7e\x00\x7e",  # a ping larger than a ping
    ],
)
def test_what_is_no_message_of_a_link(data: bytes) -> None:
    with pytest.raises(Broken):
        _feed(Inward(), data, [1])


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_messages_or_one_error(data: bytes) -> None:
    try:
        _feed(Inward(), data, [7])
    except Broken:
        pass


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 262_000])
def test_what_we_send_is_read_by_another_implementation(size: int) -> None:
    payload = bytes(size)
    server = ServerProtocol(max_size=None)
    server.receive_data(
        b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    (request,) = server.events_received()
    server.send_response(server.accept(request))  # type: ignore[arg-type]
    server.receive_data(header(BINARY, size) + payload)
    (frame,) = server.events_received()
    assert isinstance(frame, Frame)
    assert (frame.opcode, bytes(frame.data), frame.fin) == (Opcode.BINARY, payload, True)
