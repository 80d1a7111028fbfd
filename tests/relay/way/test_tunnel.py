"""The first that works, and nothing left open; proxies that say nonsense, little, or nothing."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from rs_relay.way import tunnel
from rs_relay.way.proxy import Proxy
from rs_relay.way.tunnel import in_turn, race
from rs_relay.way.words import Closed, Why

NEVER = 3600.0


def _late(seconds: float, what: object) -> Callable[[], Awaitable[Any]]:
    async def answer() -> Any:
        await asyncio.sleep(seconds)
        if isinstance(what, Exception):
            raise what
        return what

    return answer


async def test_the_first_that_works_wins_whatever_began_first() -> None:
    assert await race([_late(NEVER, 1), _late(0, OSError()), _late(0.01, 3)], 0.02) == 3


async def test_a_failure_starts_the_next_at_once() -> None:
    async with asyncio.timeout(5):
        assert await race([_late(0, OSError()), _late(0, OSError()), _late(0, 3)], NEVER) == 3


async def test_what_comes_late_is_let_go() -> None:
    async def stubborn() -> int:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(NEVER)
        return 2

    lost: list[int] = []
    assert await race([stubborn, _late(0, 1)], 0.01, lost.append) == 1
    assert lost == [2]


async def test_all_errors_are_told_in_order_and_a_final_one_alone() -> None:
    with pytest.raises(ExceptionGroup) as all_of_them:
        await race([_late(0.05, OSError(1)), _late(0, OSError(2))], 0.01)
    assert [e.args[0] for e in all_of_them.value.exceptions] == [1, 2]
    with pytest.raises(OSError, match="7"):
        await race([_late(0, OSError(7)), _late(0, 1)], NEVER, ends=lambda e: True)


def test_the_families_in_turn() -> None:
    four, six = socket.AF_INET, socket.AF_INET6
    places: list[Any] = [(six, ("a",)), (six, ("b",)), (six, ("c",)), (four, ("d",))]
    assert [address[0] for _, address in in_turn(places)] == ["a", "d", "b", "c"]


async def test_a_name_that_is_none() -> None:
    for name in ("no-such-name.invalid", "a..b"):
        with pytest.raises(Closed) as closed:
            await tunnel.connect(name, 443)
        assert closed.value.why is Why.NO_NAME


@contextlib.asynccontextmanager
async def _proxy(*answers: bytes, then: str = "") -> AsyncIterator[Proxy]:
    """Gives one answer to each thing that it is told, each on a connection of its own when `then` is 'close'."""
    left = list(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.read(4096) and left:
                for byte in left.pop(0):  # one byte at a time: the network may
                    writer.write(bytes([byte]))
                    await writer.drain()
                if then == "close":
                    break
            if then == "silence":
                await asyncio.sleep(NEVER)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield Proxy("http", "127.0.0.1", server.sockets[0].getsockname()[1], "me", "pw")
    finally:
        server.close()


async def _why(proxy: Proxy) -> Why:
    with pytest.raises(Closed) as closed:
        (await tunnel.through(proxy, "relay.test", 443)).close()
    return closed.value.why


async def test_a_way_is_open_after_a_refusal_that_was_answered() -> None:
    asked = b'HTTP/1.1 407 X\r\nProxy-Authenticate: Basic realm="x"\r\nContent-Length: 9\r\n\r\n<p>no</p>'
    async with _proxy(asked, b"HTTP/1.1 200 OK\r\n\r\n", then="close") as proxy:
        (await tunnel.through(proxy, "relay.test", 443)).close()


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ((b"",), Why.PROXY_BROKE),
        ((b"HTTP/1.1 2",), Why.PROXY_BROKE),
        ((b"x" * 20000,), Why.PROXY_BROKE),
        ((b"HTTP/1.1 403 No\r\n\r\n",), Why.PROXY_FORBIDS),
    ],
)
async def test_a_proxy_that_is_none(answers: tuple[bytes, ...], why: Why) -> None:
    async with _proxy(*answers, then="close") as proxy:
        assert await _why(proxy) is why


async def test_a_proxy_that_is_away_or_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await _why(Proxy("http", "127.0.0.1", 1)) is Why.PROXY_AWAY
    monkeypatch.setattr(tunnel, "SECONDS", 0.2)
    async with _proxy(then="silence") as proxy:
        assert await _why(proxy) is Why.PROXY_AWAY


def test_certificates_in_words() -> None:
    error = ssl.SSLCertVerificationError()
    for code, why in ((10, Why.CERTIFICATE), (62, Why.CERTIFICATE_NAME), (19, Why.INSPECTED), (20, Why.INSPECTED)):
        error.verify_code = code
        assert tunnel.closed(error) is why
    assert tunnel.closed(ssl.SSLError()) is Why.NO_TLS
    assert tunnel.closed(ConnectionResetError()) is Why.UNREACHABLE
    assert tunnel.closed(Closed(Why.SCRIPT)) is Why.SCRIPT


@pytest.mark.parametrize(
    ("answer", "page"),
    [
        ("302 Found\r\nLocation: http://login.hotel.example/?from=relay.test", True),
        ("511 Network Authentication Required", True),
        ("301 Moved\r\nLocation: https://127.0.0.1/", False),
        ("302 Found\r\nLocation: /login", False),
        ("200 OK\r\nContent-Type: text/html", False),
    ],
)
async def test_a_log_in_page(answer: str, page: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    async with _proxy(f"HTTP/1.1 {answer}\r\n\r\n".encode(), then="close") as server:
        real = tunnel.connect
        monkeypatch.setattr(tunnel, "connect", lambda host, port: real(host, server.port))
        assert await tunnel.log_in_page("127.0.0.1") is page
