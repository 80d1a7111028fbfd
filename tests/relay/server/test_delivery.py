"""Files over a real socket: whole, slowly to who is slow, and not for ever to who takes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from rs_relay.server.config import Limits
from tests.support.relay import RelayUnderTest, running_relay, until

BIG = bytes(range(256)) * 40_000  # 10 MB


@pytest.fixture
async def relay(tmp_path: Path) -> AsyncIterator[RelayUnderTest]:
    (tmp_path / "big.tar.xz").write_bytes(BIG)
    (tmp_path / "empty.tar.xz").write_bytes(b"")
    async with running_relay(agents=tmp_path, limits=Limits(stuck_after=1.0)) as relay:
        yield relay


async def _ask(relay: RelayUnderTest, path: str, extra: str = "") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    parts = urlsplit(relay.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=2**16)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n{extra}\r\n".encode())
    return reader, writer


async def _answer(relay: RelayUnderTest, path: str, extra: str = "") -> tuple[bytes, bytes]:
    reader, writer = await _ask(relay, path, extra)
    head, _, body = (await reader.read(-1)).partition(b"\r\n\r\n")
    writer.close()
    return head, body


async def test_a_file_arrives_whole(relay: RelayUnderTest) -> None:
    head, body = await _answer(relay, "/agents/big.tar.xz")
    assert head.startswith(b"HTTP/1.1 200")
    assert body == BIG
    assert (await _answer(relay, "/agents/empty.tar.xz"))[1] == b""
    await until(lambda: relay.relay.counts().sockets == 0)


async def test_what_is_not_there_is_not_found(relay: RelayUnderTest) -> None:
    assert (await _answer(relay, "/agents/nothing"))[0].startswith(b"HTTP/1.1 404")


async def test_the_page_has_its_headers(relay: RelayUnderTest) -> None:
    head, body = await _answer(relay, "/", "Accept-Language: fr\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert b"default-src 'none'" in head
    assert b'lang="fr"' in body


async def test_who_takes_nothing_is_let_go(relay: RelayUnderTest) -> None:
    _, writer = await _ask(relay, "/agents/big.tar.xz")
    await until(lambda: relay.relay.counts().sockets == 1)
    await until(lambda: relay.relay.counts().sockets == 0)
    writer.close()


async def test_a_client_that_leaves_leaves_nothing(relay: RelayUnderTest) -> None:
    reader, writer = await _ask(relay, "/agents/big.tar.xz")
    await reader.read(1000)
    writer.transport.abort()
    await until(lambda: relay.relay.counts().sockets == 0)
