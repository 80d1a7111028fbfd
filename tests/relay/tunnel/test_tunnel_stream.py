"""What a socket says is kept in bounds, cut and joined without loss."""

from __future__ import annotations

import asyncio
import random

import pytest

from rs_relay.tunnel.stream import AHEAD, AHEAD_MIN, TOGETHER, Stream, share


class FakeTransport(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.reading = True

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def is_closing(self) -> bool:
        return False


class Holder:
    def __init__(self) -> None:
        self.calls: list[str] = []

    def said(self, stream: Stream) -> None:
        self.calls.append("said")

    def drained(self, stream: Stream) -> None:
        self.calls.append("drained")

    def lost(self, stream: Stream) -> None:
        self.calls.append("lost")


def test_nothing_is_read_before_the_start_nor_beyond_what_may_wait() -> None:
    transport, stream, holder = FakeTransport(), Stream(), Holder()
    stream.connection_made(transport)
    assert not transport.reading
    stream.start(holder)
    assert transport.reading
    stream.data_received(bytes(AHEAD))
    assert not transport.reading
    while stream.waiting:
        assert stream.take(64 * 1024)
    assert transport.reading
    stream.connection_lost(None)
    assert holder.calls == ["said", "lost"]


@pytest.mark.parametrize("limit", [1, 7, 1000, 128 * 1024])
def test_pieces_are_what_was_read(limit: int) -> None:
    stream, given = Stream(), random.Random(limit)
    stream.adopt(FakeTransport(), b"first")
    whole = b"first"
    for size in (0, 1, 5, 999, 1000, 1001, 30_000):
        chunk = given.randbytes(size)
        stream.data_received(chunk)
        whole += chunk
    pieces = []
    while stream.waiting:
        pieces.append(bytes(stream.take(limit)))
    assert b"".join(pieces) == whole
    assert max(map(len, pieces)) <= limit
    assert stream.take(limit) == b""


def test_a_start_hears_what_came_before_it() -> None:
    stream, holder = Stream(), Holder()
    stream.adopt(FakeTransport(), b"early")
    stream.start(holder)
    assert holder.calls == ["said"]


def test_what_many_may_have_read_is_bounded_together() -> None:
    assert share(1) == share(64) == AHEAD
    assert all(streams * share(streams) <= TOGETHER for streams in range(64, 513))
    assert share(512) >= AHEAD_MIN
