from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from rs_agent.feature import Context
from rs_agent.features.sysinfo import Sysinfo
from rs_relay.channels.sysinfo import (
    ITEMS,
    SPEC,
    Attention,
    Check,
    Failed,
    ListServices,
    Look,
    Processes,
    Ps,
    Services,
    System,
)
from rs_relay.errors import PeerBroke
from tests.support.channels import channel_pair
from tests.support.customer import FakeDesktop, FakeFace
from tests.support.machines import FakeMachine


class Asked:
    def __init__(self, machine: FakeMachine | None = None) -> None:
        self.face, self.notes = FakeFace(), list[tuple[str, str]]()
        context = Context(FakeDesktop(), self.face, Path(), "alice", note=lambda *note: self.notes.append(note))
        self.channel, agent = channel_pair(SPEC)
        self.run = asyncio.create_task(Sysinfo(context, machine or FakeMachine()).run(agent))


async def test_what_is_asked_is_answered() -> None:
    asked = Asked()
    await asked.channel.send(Look(1, 2))
    looked = await asked.channel.receive()
    assert isinstance(looked, System)
    assert (looked.id, looked.os, len(looked.by_cpu)) == (1, "Test 1", 2)
    await asked.channel.send(Check(2))
    assert await asked.channel.receive() == Attention(2, True, ("linux",), 3, ("ssh",), ("kernel: bad",))
    await asked.channel.send(ListServices(3))
    services = await asked.channel.receive()
    assert isinstance(services, Services)
    assert [service.name for service in services.items] == ["cron", "ssh"]
    assert services.last
    await asked.channel.send(ListServices(4, "none"))
    refused = await asked.channel.receive()
    assert isinstance(refused, Failed)
    assert (refused.id, refused.code) == (4, "not-found")
    await asked.channel.close()
    await asked.run


async def test_processes_come_in_parts() -> None:
    asked = Asked()
    await asked.channel.send(Ps(1, 0.0))
    found, last = [], False
    while not last:
        part = await asked.channel.receive()
        assert isinstance(part, Processes)
        assert len(part.items) <= ITEMS
        found += part.items
        last = part.last
    assert os.getpid() in {process.pid for process in found}
    await asked.channel.close()
    await asked.run


async def test_the_customer_reads_once_what_is_looked_at() -> None:
    asked = Asked()
    for number in range(3):
        await asked.channel.send(Check(number))
        await asked.channel.receive()
    await asked.channel.send(ListServices(9))
    await asked.channel.receive()
    assert asked.face.notices == [
        "alice looks at what this computer is.",
        "alice looks at the services of this computer.",
    ]
    assert [kind for kind, _ in asked.notes] == ["looked", "looked"]
    await asked.channel.close()
    await asked.run


@pytest.mark.parametrize("message", [Ps(1, -1), Ps(1, 1e9), ListServices(1, "x" * 300)])
async def test_what_cannot_be_asked(message: Ps | ListServices) -> None:
    asked = Asked()
    await asked.channel.send(message)
    refused = await asked.channel.receive()
    assert isinstance(refused, Failed)
    assert refused.code == "peer-broke"
    await asked.channel.close()
    await asked.run


async def test_no_more_questions_at_once_than_may_be() -> None:
    asked = Asked()

    async def flood() -> None:
        for number in range(40):
            await asked.channel.send(Ps(number, 5.0))

    flooding = asyncio.create_task(flood())
    with pytest.raises(PeerBroke):
        await asyncio.wait_for(asked.run, 10)
    flooding.cancel()
