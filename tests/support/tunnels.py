"""A tunnel's two ends over a channel in memory, and small servers of this computer to lead to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from rs_agent.feature import Context
from rs_agent.features.tunnel import Tunnel as AgentTunnel
from rs_cli.features.tunnel import Ready, Trouble, Tunnel
from rs_cli.tunnel.forwarding import Rule, Way
from rs_relay.channels.tunnel import SPEC
from rs_relay.link.spec import Permission
from tests.support.channels import MemoryChannel, channel_pair
from tests.support.customer import FakeDesktop, FakeFace, until

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """What comes, back; the end, back too."""
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def server(serve: Serve = echo, host: str = "127.0.0.1") -> AsyncIterator[int]:
    """A server of `serve` on a free port."""
    started = await asyncio.start_server(serve, host, 0)
    try:
        yield started.sockets[0].getsockname()[1]
    finally:
        started.close()


async def talk(port: int, text: bytes, host: str = "127.0.0.1") -> bytes:
    """Say `text`, say no more, and hear the rest."""
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(text)
    writer.write_eof()
    heard = await asyncio.wait_for(reader.read(), 20)
    writer.close()
    return heard


async def socks5(port: int, host: bytes, to: int) -> tuple[int, asyncio.StreamReader, asyncio.StreamWriter]:
    """A SOCKS5 client up to the reply's code."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"\x05\x01\x00")
    await reader.readexactly(2)
    writer.write(b"\x05\x01\x00\x03" + bytes([len(host)]) + host + to.to_bytes(2, "big"))
    return (await reader.readexactly(10))[1], reader, writer


@dataclass
class Joined:
    """`link` joins the ends anew."""

    tunnel: Tunnel
    agent: AgentTunnel
    face: FakeFace
    notes: list[tuple[str, str]]
    heard: list[Ready | Trouble]
    channel: MemoryChannel = field(init=False)  # the technician's end
    far: MemoryChannel = field(init=False)
    runs: list[asyncio.Task[None]] = field(default_factory=list)

    def link(self) -> None:
        self.channel, self.far = channel_pair(SPEC)
        self.runs = [asyncio.create_task(self.tunnel.run(self.channel)), asyncio.create_task(self.agent.run(self.far))]

    def port(self, way: Way, index: int = 0) -> int:
        return [r.at.port for r in self.heard if isinstance(r, Ready) and r.rule.way is way][index]

    @property
    def troubles(self) -> list[str]:
        return [said.text for said in self.heard if isinstance(said, Trouble)]


@asynccontextmanager
async def joined(
    *rules: Rule, linked: bool = True, granted: Callable[[Permission], bool] = lambda permission: True
) -> AsyncIterator[Joined]:
    face, notes = FakeFace(), list[tuple[str, str]]()
    heard: list[Ready | Trouble] = []
    context = Context(FakeDesktop(), face, Path(), "alice", note=lambda kind, text: notes.append((kind, text)))
    context.granted = granted
    both = Joined(Tunnel(rules, heard.append), AgentTunnel(context), face, notes, heard)
    serving = asyncio.create_task(both.tunnel.serve())
    if linked:
        both.link()
    try:
        await until(
            lambda: sum(isinstance(each, Ready) for each in heard) == len(rules) or serving.done() or not linked
        )
        yield both
    finally:
        serving.cancel()
        for run in both.runs:
            run.cancel()
        await asyncio.gather(serving, *both.runs, return_exceptions=True)
