"""Both ends of a tunnel with real sockets on both sides, and a channel in memory between them."""

from __future__ import annotations

import asyncio
import hashlib
import os
import socket
import struct
import time
from pathlib import Path

import pytest

from rs_cli.features import tunnel as module
from rs_cli.features.tunnel import Tunnel
from rs_cli.tunnel.forwarding import Rule, Way, local, reverse, socks
from rs_relay.errors import LocalProblem
from rs_relay.tunnel.dial import Place
from tests.support.channels import break_off
from tests.support.customer import until
from tests.support.tunnels import joined, server, socks5, talk


async def test_half_closed_and_answered_both_ways() -> None:
    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers only when the other has ended."""
        writer.write(b"%d bytes" % len(await reader.read()))
        writer.close()

    async with server(count) as port, joined(local(f"0:localhost:{port}"), reverse(f"0:localhost:{port}")) as both:
        assert await talk(both.port(Way.LOCAL), b"x" * 300_000) == b"300000 bytes"
        assert await talk(both.port(Way.LOCAL), b"", "::1") == b"0 bytes"
        assert await talk(both.port(Way.REVERSE), b"four") == b"4 bytes"


async def test_the_far_end_may_close_its_half_first() -> None:
    async def first(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"that was all")
        writer.write_eof()
        heard.append(await reader.read())
        writer.close()

    heard: list[bytes] = []
    async with server(first) as port, joined(local(f"0:127.0.0.1:{port}")) as both:
        reader, writer = await asyncio.open_connection("127.0.0.1", both.port(Way.LOCAL))
        assert await reader.read() == b"that was all"
        writer.write(b"still here")
        writer.close()
        await until(lambda: heard)
        assert heard == [b"still here"]


async def test_two_hundred_at_once() -> None:
    async with server() as port, joined(local(f"0:127.0.0.1:{port}")) as both:
        texts = [os.urandom(2000) for _ in range(200)]
        heard = await asyncio.gather(*(talk(both.port(Way.LOCAL), text) for text in texts))
        assert heard == texts
        assert len([n for n in both.face.notices if "connects through" in n]) <= 1  # collected


@pytest.mark.parametrize("size", [int(os.environ.get("RS_TUNNEL_MIB", "24")) * 1024 * 1024])
async def test_much_arrives_whole(size: int) -> None:
    """RS_TUNNEL_MIB=1024 is the long run."""

    async def give(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        block, left = bytes(range(256)) * 1024, size
        while left:
            writer.write(block[:left])
            await writer.drain()
            left -= len(block[:left])
        writer.close()

    async with server(give) as port, joined(local(f"0:127.0.0.1:{port}")) as both:
        reader, writer = await asyncio.open_connection("127.0.0.1", both.port(Way.LOCAL))
        got, sha = 0, hashlib.sha256()
        while data := await reader.read(1 << 20):
            got += len(data)
            sha.update(data)
        writer.close()
        whole = hashlib.sha256()
        for _ in range(size // (256 * 1024)):
            whole.update(bytes(range(256)) * 1024)
        assert (got, sha.digest()) == (size, whole.digest())


async def test_a_stalled_reader_holds_up_nobody() -> None:
    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await reader.read(1) == b"s":
            while True:
                writer.write(bytes(65536))
                await writer.drain()
                poured.append(65536)
        writer.write(bytes(5_000_000))
        writer.close()

    poured: list[int] = []
    async with server(pour) as port, joined(local(f"0:127.0.0.1:{port}")) as both:
        stalled = socket.create_connection(("127.0.0.1", both.port(Way.LOCAL)))
        stalled.sendall(b"s")
        await until(lambda: poured)
        last = -1
        while last != len(poured):  # until all buffers between are full
            last = len(poured)
            await asyncio.sleep(0.2)
        assert len(await talk(both.port(Way.LOCAL), b"q")) == 5_000_000
        assert len(poured) <= last + 1
        stalled.close()


def break_off_now(writer: asyncio.StreamWriter) -> None:
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


async def test_a_reset_is_passed_on_both_ways() -> None:
    ends: list[str] = []

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        kind = await reader.read(1)
        if kind == b"r":
            break_off_now(writer)
            return
        writer.write(b"here")
        try:
            await reader.read()
            ends.append("end")
        except ConnectionResetError:
            ends.append("reset")

    async with server(wait) as port, joined(local(f"0:127.0.0.1:{port}")) as both:
        reader, writer = await asyncio.open_connection("127.0.0.1", both.port(Way.LOCAL))
        writer.write(b"w")
        assert await reader.read(4) == b"here"
        break_off_now(writer)
        await until(lambda: ends)
        assert ends == ["reset"]
        reader, writer = await asyncio.open_connection("127.0.0.1", both.port(Way.LOCAL))
        writer.write(b"r")
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(reader.read(), 10)


async def test_refused_is_closed_and_said_in_a_line() -> None:
    async with joined(local("0:127.0.0.1:1"), local("0:no-such-host.invalid:80")) as both:
        for index in (0, 1):
            reader, writer = await asyncio.open_connection("127.0.0.1", both.port(Way.LOCAL, index))
            assert await reader.read() == b""
            writer.close()
        await until(lambda: len(both.troubles) == 2)
        assert both.troubles == ["The connection was refused.", "There is no host of that name."]


async def test_socks_says_what_became_of_it() -> None:
    async with server() as port, joined(socks("0")) as both:
        proxy = both.port(Way.SOCKS)
        code, reader, writer = await socks5(proxy, b"localhost", port)
        writer.write(b"through")
        assert (code, await reader.readexactly(7)) == (0, b"through")
        writer.close()
        for host, to, expected in ((b"localhost", 1, 5), (b"no-such-host.invalid", 80, 4)):
            code, reader, writer = await socks5(proxy, host, to)
            assert (code, await reader.read()) == (expected, b"")
            writer.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        assert await reader.read() == b""
        writer.close()


async def test_a_server_that_speaks_first_comes_after_the_reply() -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-x\r\n")
        writer.close()

    async with server(greet) as port, joined(socks("0")) as both:
        code, reader, writer = await socks5(both.port(Way.SOCKS), b"127.0.0.1", port)
        assert (code, await reader.read()) == (0, b"SSH-2.0-x\r\n")
        writer.close()


async def test_sockets_in_the_file_system(tmp_path: Path) -> None:
    far, here = tmp_path / "far", tmp_path / "here"

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        writer.close()

    started = await asyncio.start_unix_server(greet, far)
    async with joined(local(f"{here}:{far}")):
        reader, writer = await asyncio.open_unix_connection(here)
        assert await reader.read() == b"hello"
        writer.close()
    assert not here.exists()
    started.close()


async def test_a_lost_link_breaks_connections_off_and_the_ports_stay() -> None:
    async with server() as port, joined(local(f"0:127.0.0.1:{port}"), reverse(f"0:127.0.0.1:{port}")) as both:
        reader, writer = await asyncio.open_connection("127.0.0.1", both.port(Way.LOCAL))
        writer.write(b"a")
        assert await reader.read(1) == b"a"
        there = both.port(Way.REVERSE)
        await break_off(both.channel)
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(reader.read(), 10)
        waits = asyncio.create_task(talk(both.port(Way.LOCAL), b"b"))
        await asyncio.gather(*both.runs, return_exceptions=True)
        both.link()
        assert await waits == b"b"
        await until(lambda: both.tunnel._asked and all(door.open for door in both.tunnel._asked.values()))
        await until(lambda: both.agent._listeners)
        assert await talk(there, b"c") == b"c"  # the same port


async def test_the_new_links_port_takes_the_place_of_the_old_ones() -> None:
    async with server() as port, joined(reverse(f"0:127.0.0.1:{port}")) as both:
        there, before = both.port(Way.REVERSE), list(both.runs)
        before[0].cancel()  # the agent has not noticed yet
        await asyncio.sleep(0)
        both.link()
        await until(lambda: both.channel.heard >= 1)
        assert await talk(there, b"x") == b"x"
        before[1].cancel()
        await asyncio.gather(*before, return_exceptions=True)
        assert await talk(there, b"y") == b"y"


async def test_nobody_waits_for_ever_for_a_link(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LINK", 0.1)
    async with joined(local("0:127.0.0.1:1"), linked=False) as both:
        await until(lambda: both.heard)
        began = time.monotonic()
        reader, writer = await asyncio.open_connection("127.0.0.1", both.port(Way.LOCAL))
        assert await reader.read() == b""
        assert time.monotonic() - began < 5
        assert both.troubles == ["There is no link now."]
        writer.close()


async def test_a_port_that_is_taken_here_or_there_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LocalProblem):
            await Tunnel((local(f"{port}:a:1"),), lambda said: None).serve()
        async with joined() as both:
            tunnel = Tunnel((reverse(f"{port}:a:1"),), both.heard.append)
            for run in both.runs:
                run.cancel()
            both.tunnel = tunnel
            both.link()
            with pytest.raises(LocalProblem, match="takes no connections"):
                await asyncio.wait_for(tunnel.serve(), 10)


async def test_the_customers_end_opens_nothing_but_its_loopback() -> None:
    rule = Rule(Way.REVERSE, Place("0.0.0.0", 0), Place("a", 1))
    tunnel = Tunnel((rule,), lambda said: None)
    async with joined() as both:
        for run in both.runs:
            run.cancel()
        both.tunnel = tunnel
        both.link()
        with pytest.raises(LocalProblem, match="loopback"):
            await asyncio.wait_for(tunnel.serve(), 10)
