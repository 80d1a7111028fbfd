"""A hostile end of a tunnel: nothing of what it says hangs, grows or breaks anything but its own channel."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from rs_relay.channels import tunnel as m
from rs_relay.errors import ConnectionLost, PeerBroke
from rs_relay.tunnel.carrier import PART_TIME, PIECE_FIRST, PIECE_MIN, Carrier
from rs_relay.tunnel.dial import NoConnection, Place, connect
from rs_relay.tunnel.stream import Stream
from tests.support.channels import MemoryChannel, break_off, channel_pair
from tests.support.customer import until
from tests.support.tunnels import server


class Agent:
    """A carrier at the agent's end; `peer` is the hostile one's channel."""

    def __init__(self) -> None:
        self.peer: MemoryChannel
        self.peer, far = channel_pair(m.SPEC)
        self.carrier = Carrier(far, 2, self._dial, self._other)
        self.serving = asyncio.create_task(self.carrier.serve())

    async def _dial(self, asked: Any, make: Any) -> None:
        if not asked.port:
            await asyncio.Event().wait()
        await connect(Place("127.0.0.1", asked.port), make)

    def _other(self, message: Any) -> None:
        raise PeerBroke("no")

    async def hear(self, kind: type[Any]) -> Any:
        while True:
            message = await asyncio.wait_for(self.peer.receive(), 10)
            if isinstance(message, kind):
                return message

    async def breaks(self, *messages: Any) -> None:
        """`messages` end the channel as broken rules."""
        for message in messages:
            await self.peer.send(message)
        with pytest.raises(PeerBroke):
            await asyncio.wait_for(self.serving, 10)


def said(messages: list[Any]) -> str:
    return "-".join(f"{type(message).__name__}{getattr(message, 'id', '')}" for message in messages)


@pytest.mark.parametrize(
    "messages",
    [
        [m.Data(1, memoryview(b"x"))],
        [m.End(7)],
        [m.Reset(2)],
        [m.Window(1, 5)],
        [m.Opened(1)],
        [m.Refused(2, m.Why.FAILED)],
        [m.Open(2, "a", 0)],
        [m.Open(3, "a", 0)],
        [m.Open(1, "a", 0), m.Open(1, "a", 0)],
        [m.Open(1, "a", 0), m.Data(1, memoryview(b"x"))],
        [m.Open(1, "a", 0), m.End(1)],
        [m.Open(1, "a", 0), m.Opened(1)],
        [m.Listen(0, "k")],
    ],
    ids=said,
)
async def test_out_of_turn(messages: list[Any]) -> None:
    await Agent().breaks(*messages)


@pytest.mark.parametrize(
    "messages",
    [
        [m.End(1), m.Data(1, memoryview(b"x"))],
        [m.End(1), m.End(1)],
        [m.Window(1, 0)],
        [m.Window(1, 2**62)],
        [m.Data(1, memoryview(bytes(m.PIECE)))],
        [m.Opened(1)],
    ],
    ids=said,
)
async def test_out_of_turn_when_it_is_open(messages: list[Any]) -> None:
    agent = Agent()
    async with server() as port:
        await agent.peer.send(m.Open(1, "a", port))
        await agent.hear(m.Opened)
        await agent.breaks(*messages)
        await until(lambda: agent.carrier.connections == 0)


async def test_who_says_more_than_a_stalled_program_takes_is_cut_off() -> None:
    async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.sleep(60)

    agent = Agent()
    async with server(stall) as port:
        await agent.peer.send(m.Open(1, "a", port))
        await agent.hear(m.Opened)

        async def flood() -> None:
            while True:
                await agent.peer.send(m.Data(1, memoryview(bytes(32 * 1024))))

        flooding = asyncio.create_task(flood())
        with pytest.raises(PeerBroke):
            await asyncio.wait_for(agent.serving, 10)
        flooding.cancel()


async def test_no_more_connections_than_there_may_be() -> None:
    agent = Agent()
    for number in range(m.CONNECTIONS + 1):
        await agent.peer.send(m.Open(2 * number + 1, "a", 0))
    refused = await agent.hear(m.Refused)
    assert (refused.id, refused.why) == (2 * m.CONNECTIONS + 1, m.Why.FULL)
    await agent.peer.send(m.Reset(1))  # and one that gave up makes room
    async with server() as port:
        await agent.peer.send(m.Open(2 * m.CONNECTIONS + 3, "a", port))
        assert (await agent.hear(m.Opened)).id == 2 * m.CONNECTIONS + 3
    agent.serving.cancel()
    await asyncio.gather(agent.serving, return_exceptions=True)


async def test_words_about_what_has_ended_pass() -> None:
    agent = Agent()
    async with server() as port:
        await agent.peer.send(m.Open(1, "a", port))
        await agent.hear(m.Opened)
        await agent.peer.send(m.Reset(1))
        for late in (m.Data(1, memoryview(b"x")), m.Window(1, 5), m.End(1), m.Reset(1)):
            await agent.peer.send(late)
        await agent.peer.send(m.Open(3, "a", port))
        assert (await agent.hear(m.Opened)).id == 3
    await agent.peer.close()
    await asyncio.wait_for(agent.serving, 10)


async def test_a_lost_link_ends_who_waits_for_an_answer() -> None:
    agent = Agent()
    asking = asyncio.create_task(agent.carrier.open(Stream(), lambda id: m.Came(id, 0)))
    assert (await agent.hear(m.Came)).id == 2
    await break_off(agent.peer)
    with pytest.raises(ConnectionLost):
        await asyncio.wait_for(agent.serving, 10)
    with pytest.raises(NoConnection):
        await asyncio.wait_for(asking, 10)


async def test_who_does_not_listen_stops_being_heard() -> None:
    """An end that asks and asks and takes no answer fills no memory."""
    agent = Agent()

    async def flood() -> None:
        number = 1
        while True:
            await agent.peer.send(m.Open(number, "a", 0))
            number += 2

    flooding = asyncio.create_task(flood())
    await until(lambda: len(agent.carrier._sayings) > 4 * m.CONNECTIONS)
    await asyncio.sleep(0.05)
    assert len(agent.carrier._sayings) <= 4 * m.CONNECTIONS + 2
    for task in (flooding, agent.serving):
        task.cancel()
    await asyncio.gather(flooding, agent.serving, return_exceptions=True)


async def test_pieces_are_as_large_as_the_line_carries_in_a_moment() -> None:
    """A new connection waits behind one piece: small talk before says nothing of how large that may be."""
    agent = Agent()
    carrier = agent.carrier
    for _ in range(50):
        carrier._adapt(100, 0.0)
    assert carrier._piece == PIECE_FIRST
    carrier._adapt(PIECE_FIRST, 1.0)  # 8 KiB a second
    assert carrier._piece == PIECE_MIN
    for _ in range(20):
        carrier._adapt(carrier._piece, 0.001)
    assert carrier._piece == m.PIECE
    carrier._adapt(m.PIECE, 2 * PART_TIME)
    assert carrier._piece == m.PIECE // 2
    await agent.peer.close()
    await agent.serving
