"""Through real proxies, and past what stands in the way, each told in a sentence."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from websockets.asyncio.client import ClientConnection

from rs_relay.errors import SignInNeeded, Unreachable, UsageError
from rs_relay.link import dial, opening
from rs_relay.link.opening import Relay, check_proxy, explore
from rs_relay.way import tunnel
from rs_relay.way.memory import Memory
from rs_relay.way.ports import ports
from rs_relay.wire import messages
from tests.support import certificate, proxies
from tests.support.ports import free_port
from tests.support.proxies import PASSWORD, USER, Running
from tests.support.relay import running_relay

HELLO = messages.Hello(messages.VERSION, "a" * 32, "b" * 64)
KINDS: dict[str, tuple[str, Callable[[str, int], AbstractContextManager[Running]], str]] = {
    "tinyproxy": ("tinyproxy", lambda host, port: proxies.tinyproxy(host, port), "http://{place}"),
    "tinyproxy, basic": ("tinyproxy", lambda h, p: proxies.tinyproxy(h, p, log_in=True), f"http://{USER}:plainword@{{place}}"),
    "microsocks": ("microsocks", lambda host, port: proxies.microsocks(host, port), "socks5://{place}"),
    "microsocks, named": (
        "microsocks",
        lambda host, port: proxies.microsocks(host, port, log_in=True),
        f"socks5://{USER}:{quote(PASSWORD, safe='')}@{{place}}",
    ),
    "dante, 5": ("danted", lambda host, port: proxies.dante(host, port), "socks5://{place}"),
    "dante, 4": ("danted", lambda host, port: proxies.dante(host, port), "socks4a://{place}"),
}  # fmt: skip


@pytest.fixture(autouse=True)
def far(monkeypatch: pytest.MonkeyPatch) -> None:
    """This computer's own relay is treated as one that is far away: by way of proxies."""
    monkeypatch.setattr(opening, "is_loopback", lambda host: False)
    monkeypatch.setattr("rs_relay.way.finding.is_loopback", lambda host: False)


@pytest.mark.parametrize("kind", list(KINDS))
async def test_a_conversation_through_a_real_proxy(kind: str) -> None:
    program, run, address = KINDS[kind]
    if not proxies.there(program):
        pytest.skip(f"there is no {program} here")
    async with running_relay() as relay:
        with run("127.0.0.1", free_port()) as proxy:
            place = f"127.0.0.1:{proxy.port}"
            through = Relay(relay.url, address.format(place=place))
            conversation, _ = await dial.host(through, HELLO)
            assert (await conversation.ask_slot()).slot
            reached = await explore(through)
            assert (reached.error, reached.proxy, reached.source, reached.address) == (None, place, "settings", "")
            await conversation.close()


@pytest.mark.parametrize(
    ("program", "run", "address", "said"),
    [
        ("tinyproxy", lambda h, p: proxies.tinyproxy(h, p, log_in=True), "http://{place}", "wants a name"),
        ("tinyproxy", lambda h, p: proxies.tinyproxy(h, p, log_in=True), "http://me:no@{place}", "does not accept"),
        ("microsocks", lambda h, p: proxies.microsocks(h, p, log_in=True), "socks5://{place}", "wants a name"),
        ("microsocks", lambda h, p: proxies.microsocks(h, p, log_in=True), "socks5://me:no@{place}", "does not accept"),
        ("microsocks", lambda h, p: proxies.microsocks(h, p), "http://{place}", "does not speak as one"),
    ],
)
async def test_what_a_real_proxy_refuses(
    program: str, run: Callable[[str, int], AbstractContextManager[Running]], address: str, said: str
) -> None:
    if not proxies.there(program):
        pytest.skip(f"there is no {program} here")
    async with running_relay() as relay:
        with run("127.0.0.1", free_port()) as proxy:
            with pytest.raises(Unreachable, match=said) as told:
                await dial.look(Relay(relay.url, address.format(place=f"127.0.0.1:{proxy.port}")))
            assert told.value.hint


def _ports(monkeypatch: pytest.MonkeyPatch, *others: int) -> None:
    def every(url: str, first: int | None = None) -> tuple[int, ...]:
        own = ports(url)
        return tuple(dict.fromkeys((*([first] if first else []), *own, *others)))

    monkeypatch.setattr(opening, "ports", every)


async def _nothing() -> bool:
    return False


@contextlib.asynccontextmanager
async def _answering(answer: bytes) -> AsyncIterator[int]:
    """The port of somebody who says `answer` to whatever they are told, and nothing where it is empty."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while await reader.read(4096) and answer:
                writer.write(answer)
                await writer.drain()
                break
            else:
                await asyncio.sleep(3600)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def test_another_port_is_found_remembered_and_begun_with(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async with running_relay() as relay:
        real = int(relay.url.rpartition(":")[2])
        _ports(monkeypatch, real)
        there = Relay("ws://127.0.0.1:9", memory=Memory(tmp_path))
        reached = await explore(there)
        assert (reached.error, reached.port, reached.address) == (None, real, "127.0.0.1")
        assert [(one.port, one.error is None) for one in reached.tries] == [(9, False), (real, True)]
        again = await explore(Relay(there.url, memory=Memory(tmp_path)))
        assert [one.port for one in again.tries] == [real]


async def test_a_port_that_says_nothing_holds_up_nobody_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "PATIENCE", 0.1)
    async with running_relay() as relay, _answering(b"") as silent:
        _ports(monkeypatch, int(relay.url.rpartition(":")[2]))
        assert (await explore(Relay(f"ws://127.0.0.1:{silent}"))).error is None


async def test_the_relays_own_port_goes_before_one_that_answers_sooner(monkeypatch: pytest.MonkeyPatch) -> None:
    dialled, spoken = tunnel.connect, opening._Connect
    taken, answered = asyncio.Event(), asyncio.Event()
    async with running_relay() as own, running_relay() as other:
        real = int(own.url.rpartition(":")[2])
        _ports(monkeypatch, int(other.url.rpartition(":")[2]))

        async def connect(host: str, port: int) -> socket.socket:
            if port != real:
                await taken.wait()
            one = await dialled(host, port)
            taken.set()
            return one

        async def speak(url: str, **options: Any) -> ClientConnection:
            if url.startswith(own.url):
                await answered.wait()
            there = await spoken(url, **options)
            asyncio.get_running_loop().call_later(0.05, answered.set)
            return there

        monkeypatch.setattr(opening, "STAGGER", 0.0)
        monkeypatch.setattr(opening, "PATIENCE", 60.0)
        monkeypatch.setattr(tunnel, "connect", connect)
        monkeypatch.setattr(opening, "_Connect", speak)
        assert (await explore(Relay(own.url))).port == real
        assert answered.is_set()


async def test_no_token_is_told_where_no_relay_is(monkeypatch: pytest.MonkeyPatch) -> None:
    heard = bytearray()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.extend(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 404 Not Found\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    _ports(monkeypatch, server.sockets[0].getsockname()[1])
    with pytest.raises(Unreachable):
        await dial.control(Relay("ws://127.0.0.1:9"), "rst_secret")
    server.close()
    assert b"GET /host" in heard
    assert b"secret" not in heard


async def test_a_refused_sign_in_is_final(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running_relay() as other, _answering(b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n") as port:
        _ports(monkeypatch, int(other.url.rpartition(":")[2]))
        with pytest.raises(SignInNeeded):
            await dial.control(Relay(f"ws://127.0.0.1:{port}"), "rst_nobody")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi", "A web page answers"),
        (
            b"HTTP/1.1 302 Found\r\nLocation: http://login.hotel.example/\r\nContent-Length: 0\r\n\r\n",
            "A web page answers",
        ),
        (b"HTTP/1.1 511 No\r\nContent-Length: 0\r\n\r\n", "A web page answers"),
        (b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", "no rs relay at that address"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "cannot be reached"),
    ],
)
async def test_what_answers_in_the_relays_place(answer: bytes, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tunnel, "log_in_page", lambda host: _nothing())
    async with _answering(answer) as port:
        with pytest.raises(Unreachable, match=said):
            await dial.look(Relay(f"ws://127.0.0.1:{port}"))


@pytest.mark.parametrize(
    ("trusted", "name", "days", "said"),
    [
        (False, "localhost", (-1, 1), "nobody that this computer trusts"),
        (True, "localhost", (-2, -1), "expired"),
        (True, "other.test", (-1, 1), "not valid for its address"),
    ],
)
async def test_certificates_in_words(
    trusted: bool, name: str, days: tuple[int, int], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tunnel, "log_in_page", lambda host: _nothing())
    monkeypatch.setattr(opening, "ports", lambda url, first=None: ports(url)[:1])
    cert, key = certificate.make(tmp_path, name, days)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    async with running_relay(tls_cert=cert, tls_key=key) as relay:
        with pytest.raises(Unreachable, match=said):
            await dial.look(Relay(relay.url.replace("127.0.0.1", "localhost")))


async def test_what_speaks_no_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tunnel, "log_in_page", lambda host: _nothing())
    async with _answering(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        with pytest.raises(Unreachable, match="does not speak TLS"):
            await dial.look(Relay(f"wss://127.0.0.1:{port}"))


async def test_a_script_is_named_where_there_is_no_way_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tunnel, "log_in_page", lambda host: _nothing())
    monkeypatch.setattr(opening.finding, "find", lambda *_: opening.Found(None, "GNOME", script=True))
    with pytest.raises(Unreachable, match="script"):
        await dial.look(Relay("ws://127.0.0.1:9"))


def test_settings_that_name_no_proxy() -> None:
    for text in ("", "direct", "proxy:3128", "socks5://a:b@proxy"):
        check_proxy(text)
    with pytest.raises(UsageError) as told:
        Relay.parse("wss://relay.test", "ftp://me:secret@proxy")
    assert "secret" not in told.value.message + told.value.hint
    assert "secret" not in repr(Relay.parse("wss://relay.test", "http://me:secret@proxy"))


async def test_nothing_is_left_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tunnel, "log_in_page", lambda host: _nothing())
    made: list[socket.socket] = []
    real = tunnel._connect

    async def counted(family: int, address: tuple[object, ...]) -> socket.socket:
        made.append(one := await real(family, address))
        return one

    monkeypatch.setattr(tunnel, "_connect", counted)
    async with _answering(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n") as one, _answering(b"") as two:
        _ports(monkeypatch, two)
        monkeypatch.setattr(opening, "OPEN_TIMEOUT", 0.5)
        with pytest.raises(Unreachable):
            await dial.look(Relay(f"ws://127.0.0.1:{one}"))
        await asyncio.sleep(0.1)
        assert len(made) == 2
        assert all(each.fileno() == -1 for each in made)
