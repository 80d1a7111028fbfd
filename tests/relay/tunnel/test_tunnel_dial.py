"""Connecting and listening: what goes wrong is told as what it is."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import pytest

from rs_relay.channels.tunnel import Why
from rs_relay.errors import PeerBroke
from rs_relay.tunnel import dial
from rs_relay.tunnel.dial import NoConnection, Place, addresses_of, check, connect, listen, listen_at, loopback
from rs_relay.tunnel.stream import Stream
from tests.support.ports import free_port
from tests.support.tunnels import server


async def why(place: Place) -> Why:
    with pytest.raises(NoConnection) as failed:
        await connect(place, Stream)
    assert failed.value.text.endswith(".")
    return failed.value.why


async def test_why_there_is_no_connection(tmp_path: Path) -> None:
    assert await why(Place("127.0.0.1", free_port())) is Why.REFUSED
    assert await why(Place("no-such-host.invalid", 80)) is Why.NAME
    assert await why(Place(path=str(tmp_path / "none"))) is Why.NAME


async def test_no_answer_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(host: str) -> list[str]:
        import time

        time.sleep(0.3)
        return []

    monkeypatch.setattr(dial, "_resolve", slow)
    monkeypatch.setattr(dial, "RESOLVING", 0.05)
    assert await why(Place("slow.example", 80)) is Why.NAME


async def test_the_second_address_of_a_name_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dial, "_resolve", lambda host: ["127.0.0.2", "127.0.0.1"])
    made: list[Stream] = []

    def make() -> Stream:
        made.append(Stream())
        return made[-1]

    async with server() as port:
        await connect(Place("two.example", port), make)
        made[-1].cut()


async def test_one_port_on_both_loopbacks_and_closed_at_once() -> None:
    listener = await listen(addresses_of(""), 0, asyncio.Protocol)
    for host in ("127.0.0.1", "::1"):
        _, writer = await asyncio.open_connection(host, listener.port)
        writer.close()
    with pytest.raises(OSError):
        await listen(addresses_of("localhost"), listener.port, asyncio.Protocol)
    listener.close()
    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", listener.port)


async def test_an_address_that_is_not_here_is_left_out_if_there_is_another() -> None:
    listener = await listen(("192.0.2.1", "127.0.0.1"), 0, asyncio.Protocol)
    listener.close()
    with pytest.raises(OSError):
        await listen(("192.0.2.1",), 0, asyncio.Protocol)


async def test_a_socket_in_the_file_system_is_this_users_alone(tmp_path: Path) -> None:
    path = tmp_path / "door"
    listener = await listen_at(str(path), asyncio.Protocol)
    assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
    listener.close()


@pytest.mark.parametrize("host", ["", "localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_loopback(host: str) -> None:
    assert loopback(host)


@pytest.mark.parametrize("host", ["*", "0.0.0.0", "::", "10.0.0.1", "example.org", "localhost.example.org"])
def test_not_loopback(host: str) -> None:
    assert not loopback(host)


@pytest.mark.parametrize(
    ("host", "port", "path"),
    [
        ("", 80, ""), ("a", 0, ""), ("a", 65536, ""), ("a", -1, ""), ("a" * 256, 80, ""), ("a b", 80, ""),
        ("a\n", 80, ""), ("a", 80, "/x"), ("", 0, "/\0x"), ("", 0, "/" * 300),
    ],
)  # fmt: skip
def test_no_place(host: str, port: int, path: str) -> None:
    with pytest.raises(PeerBroke):
        check(host, port, path)


def test_a_place_as_text() -> None:
    assert [str(Place("::1", 80)), str(Place("a", 80)), str(Place(path="/x"))] == ["[::1]:80", "a:80", "/x"]
