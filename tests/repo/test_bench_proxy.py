"""The screen bench's proxy: rate, delay and counting, within bounds so wide that a busy machine keeps them."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.screen.lines import LINES, Line
from tests.bench.screen.proxy import Lane, Proxy


def test_a_lane_without_a_rate_only_delays() -> None:
    assert Lane(Line(rtt=0.2)).take(10**9, 5.0) == (5.1, 0.0)


def test_a_lane_sends_one_byte_after_the_other() -> None:
    lane = Lane(Line(8000, 0.2))
    assert lane.take(1000, 10.0)[0] == pytest.approx(11.1)
    assert lane.take(500, 10.0)[0] == pytest.approx(11.6)
    assert lane.take(1000, 100.0)[0] == pytest.approx(101.1), "a rest saves nothing up"


def test_who_fills_the_buffer_waits_until_there_is_room() -> None:
    lane = Lane(Line(8000))
    assert lane.take(8192, 0.0)[1] == 0.0
    assert lane.take(1000, 0.0)[1] == pytest.approx(1.0)


@given(st.floats(1e3, 1e9), st.lists(st.integers(1, 100_000), min_size=1, max_size=30))
def test_no_lane_is_quicker_than_its_rate(rate: float, sizes: list[int]) -> None:
    lane = Lane(Line(rate))
    due = [lane.take(size, 0.0)[0] for size in sizes]
    assert due == sorted(due)
    assert due[-1] == pytest.approx(sum(sizes) * 8 / rate)


@given(st.sampled_from(list(LINES.values())))
def test_a_slice_is_a_part_of_the_buffer(line: Line) -> None:
    assert 256 <= Lane(line).at_once <= 262144
    if line.slow:
        assert Lane(line).at_once <= 1024, "a letter waits for no more than that of another connection"


@contextmanager
def server(answer: bytes) -> Iterator[int]:
    """Answers each connection's first bytes with `answer`."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                end, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=one, args=(end,), daemon=True).start()

    def one(end: socket.socket) -> None:
        with end:
            if end.recv(100):
                end.sendall(answer)
                end.recv(100)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()


def ask(port: int, wanted: int) -> tuple[bytes, float]:
    """(what came, seconds until the last of it)."""
    with socket.create_connection(("127.0.0.1", port), 30) as end:
        begun = time.monotonic()
        end.sendall(b"?")
        got = b""
        while len(got) < wanted and (piece := end.recv(65536)):
            got += piece
        return got, time.monotonic() - begun


def test_bytes_are_handed_on_and_counted_each_way() -> None:
    answer = bytes(range(256)) * 4000
    with server(answer) as port, Proxy(port, LINES["lan"]) as proxy:
        ask(proxy.port, len(answer))  # its process is up
        assert proxy.quiet(0.2, 20)
        down, up = proxy.down, proxy.up
        before = time.perf_counter()
        got, _ = ask(proxy.port, len(answer))
        assert got == answer
        assert proxy.quiet(0.2, 20)
        assert (proxy.down - down, proxy.up - up) == (len(answer), 1)
        assert before <= proxy.began <= time.perf_counter()


def test_a_slow_line_takes_its_time_and_all_arrives() -> None:
    answer = b"x" * 20_000
    with server(answer) as port, Proxy(port, Line(160e3, 0.2)) as proxy:
        ask(proxy.port, 1)
        got, took = ask(proxy.port, len(answer))
        assert got == answer
        assert 1.1 < took < 15, "a second on the line, and there and back"


def test_two_connections_share_the_line() -> None:
    answer = b"x" * 20_000
    with server(answer) as port, Proxy(port, Line(160e3)) as proxy:
        ask(proxy.port, 1)
        took: list[float] = []
        both = [threading.Thread(target=lambda: took.append(ask(proxy.port, len(answer))[1])) for _ in range(2)]
        for one in both:
            one.start()
        for one in both:
            one.join()
        assert max(took) > 1.8, "two seconds for twice as much"


def test_the_end_of_one_side_is_the_end_of_the_other() -> None:
    with (
        server(b"x") as port,
        Proxy(port, LINES["rtt50"]) as proxy,
        socket.create_connection(("127.0.0.1", proxy.port), 30) as end,
    ):
        end.sendall(b"?")
        assert end.recv(10) == b"x"
        end.sendall(b"!")
        assert end.recv(10) == b""
