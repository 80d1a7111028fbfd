"""Strangers at each of the relay's sockets, while a session is going on: they are closed, nobody else notices."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import websockets

from rs_relay.link import dial
from rs_relay.wire import codec, limits
from rs_relay.wire.messages import VERSION, Attach, Hello
from tests.support.hostile_technician import entry
from tests.support.stage import Memory, RsStage
from tests.support.xdesktop import until

MiB = 1024 * 1024
PATIENCE = 15.0

MESSAGES: dict[str, bytes | str] = {
    "binary noise": os.urandom(2000),
    "text noise": "\x00\x1b[31m not json",
    "nested": "[" * 4000,
    "no such message": '{"type":"shutdown"}',
    "the wrong types": '{"type":"hello","version":"one"}',
    "oversized": "x" * (limits.CONTROL_MESSAGE + 1),
    "very oversized": bytes(8 * MiB),
}
HELLO = codec.encode(Hello(VERSION))


def _host_hello() -> str:
    host, rejoin, door = os.urandom(16).hex(), os.urandom(32).hex(), hashlib.sha256(b"x").hexdigest()
    return codec.encode(Hello(VERSION, host, rejoin, door, "stranger"))


async def _closed(connection: websockets.ClientConnection) -> None:
    """The relay closes it."""
    async with asyncio.timeout(PATIENCE):
        with contextlib.suppress(websockets.ConnectionClosed):
            while True:
                await connection.recv()


async def _say(url: str, path: str, *said: bytes | str) -> None:
    connection = await websockets.connect(url + path, proxy=None, compression=None, open_timeout=PATIENCE)
    with contextlib.suppress(websockets.ConnectionClosed):
        for message in said:
            await connection.send(message)
    await _closed(connection)


async def _in_a_link(stage: RsStage, *said: bytes | str, together: bool) -> None:
    """A link socket that was joined properly, and then says this behind the relay's Joined."""
    held = entry(stage)
    relay = dial.Relay(stage.url)
    conversation, _ = await dial.control(relay)
    ticket = await conversation.knock(held["host"], held["door"])
    await conversation.close()
    connection = await websockets.connect(stage.url + "/link", proxy=None, compression=None)
    await connection.send(codec.encode(Attach(ticket.ticket)))
    with contextlib.suppress(websockets.ConnectionClosed):
        if not together:
            await connection.recv()
        for message in said:
            await connection.send(message)
    await _closed(connection)


def _raw(url: str, data: bytes) -> None:
    """Bytes that are no websocket, until the relay hangs up."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), PATIENCE) as tcp, contextlib.suppress(OSError):
        tcp.sendall(data)
        while tcp.recv(65536):
            pass


UPGRADE = (
    "GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
FRAMES: dict[str, bytes] = {
    "noise": b"\xff" * 300,
    "unmasked": b"\x81\x05hello",
    "a frame of 2^62 bytes": b"\x82\xff" + (1 << 62).to_bytes(8, "big") + b"mask" + bytes(1000),
    "reserved bits": b"\xf1\x85mask12345",
    "a long ping": b"\x89\xfe\x01\x00mask" + bytes(256),
    "a continuation of nothing": b"\x80\x85mask12345",
}
HEADS: dict[str, bytes] = {
    "noise": os.urandom(500),
    "endless head": b"GET / HTTP/1.1\r\n" + b"X: " + b"y" * (64 * 1024),
    "a post": b"POST /host HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n" + bytes(1000),
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + os.urandom(200),
    "split": b"GET /host HTTP/1.1\r\n\r\n\r\n\x00",
}


@pytest.fixture
def busy(joined: RsStage) -> Callable[[], None]:
    """A session in which a talk goes on; called, it proves that it still does."""
    following = joined.begin("chat", joined.session, "--history", "--follow", "--json")
    said = 0

    def prove() -> None:
        nonlocal said
        said += 1
        joined.run("chat", joined.session, f"line {said}")
        joined.agent.wait_for(f"line {said}\\b")
        assert following.stdout
        while f"line {said}" not in following.stdout.readline():
            assert following.poll() is None, "the session that went on has been cut"

    until(lambda: following.poll() is None, "the talk")
    return prove


def test_strangers_are_closed_and_the_session_goes_on(joined: RsStage, busy: Callable[[], None]) -> None:
    async def attack() -> None:
        for path, hello in (("/host", _host_hello()), ("/control", HELLO), ("/link", None)):
            for message in MESSAGES.values():
                await _say(joined.url, path, message)
                if hello:
                    await _say(joined.url, path, hello, message)
            await asyncio.gather(*(_say(joined.url, path, bytes(4 * MiB)) for _ in range(10)))
        await _say(joined.url, "/link", codec.encode(Attach("0" * 64)))
        for _ in range(5):  # a flood of what is allowed one by one
            await _say(joined.url, "/control", HELLO, *['{"type":"ask-slot","id":1}'] * 500)

    busy()
    with Memory(relay=joined.relay.pid) as memory:
        asyncio.run(attack())
        heads = [UPGRADE.format(path=path).encode() for path in ("/host", "/control", "/link")]
        with ThreadPoolExecutor(8) as strangers:  # some are left to their time-out
            list(strangers.map(partial(_raw, joined.url), [h + f for h in heads for f in FRAMES.values()]))
            list(strangers.map(partial(_raw, joined.url), HEADS.values()))
    busy()
    assert joined.relay.poll() is None
    assert memory.peak["relay"] < 150
    assert "Traceback" not in (joined.folder / "relay.log").read_text(errors="replace")


@pytest.mark.parametrize("together", [False, True], ids=["after Joined", "before Joined"])
def test_garbage_in_a_joined_link_ends_that_link_alone(
    joined: RsStage, busy: Callable[[], None], together: bool
) -> None:
    async def attack() -> None:
        for said in (
            (os.urandom(500),),
            ("text",),
            (b"",),
            (bytes(limits.LINK_MESSAGE + 1),),
            (bytes(16 * MiB),),
            tuple(os.urandom(limits.LINK_MESSAGE) for _ in range(20)),
        ):
            await _in_a_link(joined, *said, together=together)

    busy()
    with Memory(relay=joined.relay.pid, agent=joined.agent.process.pid) as memory:
        asyncio.run(attack())
    busy()
    assert joined.relay.poll() is None
    assert max(memory.peak.values()) < 150
    log = (joined.folder / "relay.log").read_text(errors="replace")
    log += (Path(joined.customer["RS_STATE_DIR"]) / "agent.log").read_text(errors="replace")
    assert "Traceback" not in log
