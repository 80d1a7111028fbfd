"""A socket of the relay seen from outside, as bytes: what is answered, and how soon it is let go."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rs_relay.server.config import Limits
from rs_relay.server.peer import Kind
from rs_relay.wire import closing
from rs_relay.wire.messages import VERSION, AskSlot, Hello, Slot
from tests.support.relay import PATIENCE, RelayUnderTest, running_relay, until

UPGRADE = (
    "Host: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)


class Clock:
    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@contextlib.asynccontextmanager
async def raw(relay: RelayUnderTest) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    host, port = relay.url.removeprefix("ws://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def answer(relay: RelayUnderTest, request: bytes, size: int = -1) -> bytes:
    """All that comes back for `request` until the relay closes, or its first `size` bytes."""
    async with raw(relay) as (reader, writer):
        writer.write(request)
        reading = reader.read() if size < 0 else reader.read(size)
        return await asyncio.wait_for(reading, PATIENCE)


def get(path: str, extra: str = UPGRADE) -> bytes:
    return f"GET {path} HTTP/1.1\r\n{extra}\r\n".encode()


async def still_serves(relay: RelayUnderTest) -> None:
    async with relay.host() as host:
        await host.ask(AskSlot(1), Slot)


@pytest.mark.parametrize("path", ["/host", "/control", "/link", "/healthz", "/nothing"])
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "", "http://127.0.0.1"])
async def test_no_page_of_a_browser_gets_in(path: str, origin: str) -> None:
    async with running_relay() as relay:
        assert (await answer(relay, get(path, f"{UPGRADE}Origin: {origin}\r\n"))).startswith(b"HTTP/1.1 403 ")


async def test_without_an_origin_it_is_let_in_and_no_extension_is_accepted() -> None:
    async with running_relay() as relay:
        offer = UPGRADE + "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
        for path in ("/host", "/control", "/link"):
            head = await answer(relay, get(path, offer), 400)
            assert head.startswith(b"HTTP/1.1 101 ")
            assert b"extensions" not in head.lower()
            assert b"server:" not in head.lower()


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (get("/"), 200),
        (get("/host/"), 404),
        (get("/HOST"), 404),
        (get("/host?token=rst_x"), 404),
        (get("/%68ost"), 404),
        (get("/../host"), 404),
        (get("/host", "Host: x\r\n"), 426),
        (get("/host", UPGRADE.replace("13", "12")), 400),
        (b"POST /host HTTP/1.1\r\n" + UPGRADE.encode() + b"\r\n", 405),
        (b"GET /host HTTP/1.0\r\n" + UPGRADE.encode() + b"\r\n", 505),
        (b"POST /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400),
        (b"GET /host HTTP/1.1\r\nX: " + b"x" * 20_000, 431),
    ],
)
async def test_what_is_answered_to_what_is_no_upgrade(request_: bytes, status: int) -> None:
    async with running_relay() as relay:
        assert (await answer(relay, request_)).startswith(b"HTTP/1.1 %d " % status)


async def test_health_is_told_to_anybody_and_counts_to_this_computer_only() -> None:
    async with running_relay() as relay, relay.host():
        _, _, body = (await answer(relay, get("/healthz", "Host: x\r\n"))).partition(b"\r\n\r\n")
        assert json.loads(body)["counts"]["hosts"] == 1
        proxied = get("/healthz", "Host: x\r\nX-Forwarded-For: 203.0.113.9\r\n")
        assert set(json.loads((await answer(relay, proxied)).partition(b"\r\n\r\n")[2])) == {"status", "protocol"}


@pytest.mark.parametrize("begun", [b"", b"G", b"GET /host HTTP/1.1\r\nHost: x\r\nX-Slow: "])
async def test_a_head_that_does_not_come_to_an_end_is_let_go(begun: bytes) -> None:
    clock = Clock()
    async with running_relay(clock=clock) as relay, raw(relay) as (reader, writer):
        writer.write(begun)
        await until(lambda: relay.relay.counts().sockets == 1)
        clock.at += 4.9
        relay.relay.sweep()
        writer.write(b"x")
        clock.at += 0.2
        relay.relay.sweep()
        assert (await asyncio.wait_for(reader.read(), PATIENCE)).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("path", ["/host", "/control", "/link"])
async def test_one_who_says_nothing_after_the_upgrade_is_let_go(path: str) -> None:
    clock = Clock()
    async with running_relay(clock=clock) as relay, relay.socket(path) as talker:
        clock.at += 5.1
        relay.relay.sweep()
        assert await talker.closed() == closing.POLICY


async def test_a_silent_host_is_asked_and_kept_as_long_as_it_answers() -> None:
    clock = Clock()
    async with running_relay(clock=clock) as relay, relay.host() as host:
        for _ in range(50):
            clock.at += 20.1
            relay.relay.sweep()
            heard = relay.relay.now()
            connection = next(iter(relay.relay._connections.values()))
            await until(lambda at=heard, c=connection: c._heard == at)  # type: ignore[misc]
        await host.ask(AskSlot(1), Slot)


async def test_a_dead_host_is_let_go() -> None:
    clock = Clock()
    async with running_relay(clock=clock) as relay, raw(relay) as (reader, writer):
        writer.write(get("/host"))
        await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
        text = b'{"type":"hello","version":1,"host":"%s","rejoin":"%s"}' % (b"a" * 32, b"b" * 64)
        writer.write(b"\x81\xfe" + len(text).to_bytes(2, "big") + b"\0\0\0\0" + text)
        await until(lambda: len(relay.relay.desk.presence) == 1)
        for _ in range(2):
            clock.at += 20.1
            relay.relay.sweep()
        await until(lambda: relay.relay.counts().sockets == 0)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("garbage", closing.POLICY),
        ('{"type":"welcome","version":1}', closing.POLICY),
        ('{"type":"attach","ticket":"x"}', closing.POLICY),
        ('{"type":"ask-slot","id":0}', closing.POLICY),
        ("[" * 4000, closing.POLICY),
        (b"\x00binary", closing.NOT_BINARY),
        ("x" * 4097, closing.TOO_BIG),
        ("x" * 2_000_000, closing.TOO_BIG),
        (["x" * 3000, "x" * 3000], closing.TOO_BIG),
    ],
)
async def test_what_breaks_the_protocol_ends_that_socket_with_its_code(
    kind: Kind, message: str | bytes | list[str], code: int
) -> None:
    async with running_relay() as relay:
        enter = relay.host() if kind is Kind.HOST else relay.control()
        async with enter as talker:
            with contextlib.suppress(Exception):
                await talker.connection.send(message)
            assert await talker.closed() == code
        await still_serves(relay)


async def test_a_message_in_fragments_is_one_message() -> None:
    async with running_relay() as relay, relay.host() as host:
        await host.connection.send(['{"type":"ask', '-slot","id":', "4}"])
        assert (await host.hear(Slot)).id == 4


async def test_one_who_does_not_read_is_cut_off_before_it_costs_anything() -> None:
    async with running_relay(limits=Limits(messages_per_second=1e6, message_burst=10**6)) as relay:
        async with raw(relay) as (reader, writer):
            writer.write(get("/control"))
            await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
            hello = b'{"type":"hello","version":%d}' % VERSION
            ask = b'{"type":"ask-waiting","id":1}'
            writer.write(b"".join(bytes((0x81, 0x80 | len(t))) + b"\0\0\0\0" + t for t in (hello, *([ask] * 200_000))))
            reader._transport.pause_reading()  # type: ignore[attr-defined]
            await until(lambda: relay.relay.counts().sockets == 0)
        await still_serves(relay)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.sampled_from(["/host", "/control", "/link", ""]), garbage=st.binary(min_size=1, max_size=300))
async def test_garbage_to_any_socket_hurts_nobody_else(path: str, garbage: bytes) -> None:
    async with running_relay() as relay, relay.host() as bystander:
        async with raw(relay) as (reader, writer):
            if path:
                writer.write(get(path))
                await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
            writer.write(garbage)
            writer.write_eof()
            await asyncio.wait_for(reader.read(), PATIENCE)
        await bystander.ask(AskSlot(1), Slot)


async def test_a_flood_of_strangers_is_bounded_and_known_ones_stay() -> None:
    limits = Limits(strangers=5)
    async with running_relay(limits=limits) as relay, relay.host() as host, contextlib.AsyncExitStack() as stack:
        for _ in range(5):
            await stack.enter_async_context(raw(relay))
        await until(lambda: relay.relay.counts().sockets == 6)
        assert (await answer(relay, b"")).startswith(b"HTTP/1.1 503 ")
        await host.ask(AskSlot(1), Slot)


async def test_an_address_has_its_own_bound_and_the_forwarded_one_counts() -> None:
    options = {"limits": Limits(connections_per_ip=2), "spare_loopback": False}
    async with running_relay(**options) as relay, relay.host(), relay.host(host="c" * 32):
        assert (await answer(relay, get("/host"))).startswith(b"HTTP/1.1 429 ")
        spoofed = get("/host", f"{UPGRADE}X-Forwarded-For: 203.0.113.9\r\n")
        assert (await answer(relay, spoofed)).startswith(b"HTTP/1.1 429 "), "nobody is trusted to say who they are"


async def test_an_open_relay_serves_no_technician_from_behind_a_proxy() -> None:
    async with running_relay() as relay:
        proxied = get("/control", f"{UPGRADE}X-Forwarded-For: 127.0.0.1\r\n")
        assert (await answer(relay, proxied)).startswith(b"HTTP/1.1 403 ")


async def test_hello_with_the_id_of_another_is_refused_in_words() -> None:
    async with running_relay() as relay, relay.host(), relay.socket("/host") as thief:
        await thief.say(Hello(VERSION, "a" * 32, "f" * 64, "", "thief"))
        assert (await thief.hear()).code == "not-allowed"
        assert await thief.closed() == closing.NOT_ADMITTED


async def test_a_message_and_what_breaks_the_rules_in_one_piece(caplog: pytest.LogCaptureFixture) -> None:
    hello = json.dumps({"type": "hello", "version": VERSION}).encode()
    good = bytes([0x81, 0x80 | len(hello)]) + bytes(4) + hello
    async with running_relay() as relay:
        for bad in (b"\xf1\x85" + bytes(9), b"\x81\x05hello", b"\x88\x80" + bytes(4), b"\x82\xff" + b"\x7f" * 8):
            heard = await answer(relay, get("/control") + good + bad)
            assert b" 101 " in heard
        await still_serves(relay)
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
