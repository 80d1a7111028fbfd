"""What the customer is told of tunnels."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from rs_agent.features import tunnel
from rs_cli.tunnel.forwarding import Way, local, reverse, socks
from rs_relay.channels.tunnel import SPEC, Listen, Listening, NotListening, Open
from rs_relay.errors import NotAllowed
from tests.support.channels import channel_pair
from tests.support.customer import until
from tests.support.tunnels import echo, joined, server, socks5, talk


async def test_each_new_place_is_told_and_noted_once() -> None:
    async with server() as port, joined(local(f"0:127.0.0.1:{port}"), reverse(f"0:127.0.0.1:{port}")) as both:
        for _ in range(3):
            await talk(both.port(Way.LOCAL), b"x")
        await until(lambda: len(both.face.notices) == 2)
        opened = f"alice has opened the port {both.port(Way.REVERSE)} of this computer, for its own programs alone."
        connects = f"alice connects through this computer to 127.0.0.1:{port}."
        assert sorted(both.face.notices) == sorted([opened, connects])
        assert ("tunnel", f"127.0.0.1:{port}") in both.notes
        assert ("tunnel-port", str(both.port(Way.REVERSE))) in both.notes


async def test_many_places_are_few_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tunnel, "COLLECT", 1.0)
    async with joined(socks("0")) as both:
        for port in range(1, 30):
            _, _, writer = await socks5(both.port(Way.SOCKS), b"127.0.0.1", port)
            writer.close()
        await until(lambda: any("more" in notice for notice in both.face.notices))
        assert len(both.face.notices) < 10
        assert len([kind for kind, _ in both.notes if kind == "tunnel"]) == 29


async def test_withdrawn_closes_all_at_once() -> None:
    async with server() as port, joined(local(f"0:127.0.0.1:{port}"), reverse(f"0:127.0.0.1:{port}")) as both:
        reader, writer = await asyncio.open_connection("127.0.0.1", both.port(Way.LOCAL))
        writer.write(b"a")
        assert await reader.read(1) == b"a"
        await both.far.close(NotAllowed("The customer has taken it back."))
        both.runs[1].cancel()
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(reader.read(), 10)
        await asyncio.gather(*both.runs, return_exceptions=True)
        with pytest.raises(OSError):
            await asyncio.open_connection("127.0.0.1", both.port(Way.REVERSE))


@pytest.mark.parametrize(
    "messages",
    [
        [Listen(1, "k"), Listen(1, "k")],
        [Listen(1, "k" * 65)],
        [Listen(1, "k", "", 65536)],
        [Listen(number, str(number)) for number in range(33)],
    ],
)
async def test_ports_that_there_cannot_be(messages: list[Listen]) -> None:
    async with joined(linked=False) as both:
        technician, agent = channel_pair(SPEC)
        run = asyncio.create_task(both.agent.run(agent))
        for message in messages:
            await technician.send(message)
        with pytest.raises(Exception, match="port that there cannot be"):
            await asyncio.wait_for(run, 10)
        assert both.agent._listeners == {}


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "*", "example.org", "10.1.2.3"])
async def test_no_port_beyond_the_loopback(host: str) -> None:
    async with joined(linked=False) as both:
        technician, agent = channel_pair(SPEC)
        run = asyncio.create_task(both.agent.run(agent))
        await technician.send(Listen(1, "k", host))
        assert isinstance(await technician.receive(), NotListening)
        await technician.send(Listen(1, "k", "127.0.0.1"))  # it may be asked for again
        assert isinstance(await technician.receive(), Listening)
        await technician.send(Open(1, "", 0))  # no place: refused, and the channel goes on
        assert (await technician.receive()).id == 1
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)


async def test_a_programs_own_socket_needs_the_shell_and_only_while_that_holds(tmp_path: Path) -> None:
    shell = False
    started = await asyncio.start_unix_server(echo, tmp_path / "bus")
    async with joined(local(f"0:{tmp_path / 'bus'}"), granted=lambda permission: shell) as both:
        reader, writer = await asyncio.open_connection("127.0.0.1", both.port(Way.LOCAL))
        assert await reader.read() == b""
        writer.close()
        assert "permission `shell`" in both.troubles[0]
        assert both.notes == []
        shell = True
        reader, writer = await asyncio.open_connection("127.0.0.1", both.port(Way.LOCAL))
        writer.write(b"a")
        assert await reader.read(1) == b"a"
        shell = False
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(reader.read(), 10)
    started.close()
