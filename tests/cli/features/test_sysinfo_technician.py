from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from rs_agent.feature import Context
from rs_agent.features.sysinfo import Sysinfo as AgentSysinfo
from rs_cli.features.sysinfo import Sysinfo
from rs_relay.channels.sysinfo import SPEC, ListServices, Service, Services
from rs_relay.errors import ConnectionLost, NoSuchSession
from tests.support.channels import MemoryChannel, break_off, channel_pair
from tests.support.customer import FakeDesktop, FakeFace
from tests.support.machines import FakeMachine


def link(sysinfo: Sysinfo) -> tuple[asyncio.Task[None], MemoryChannel]:
    technician, agent = channel_pair(SPEC)
    return asyncio.create_task(sysinfo.run(technician)), agent


async def test_asked_and_answered() -> None:
    sysinfo = Sysinfo()
    run, far = link(sysinfo)
    answering = asyncio.create_task(
        AgentSysinfo(Context(FakeDesktop(), FakeFace(), Path(), "alice"), FakeMachine()).run(far)
    )
    system, attention, running = await asyncio.gather(sysinfo.look(1), sysinfo.check(), sysinfo.processes(0.0))
    assert (system.os, attention.failed, len(running) > 2) == ("Test 1", ("ssh",), True)
    assert [service.name for service in await sysinfo.services()] == ["cron", "ssh"]
    with pytest.raises(NoSuchSession):
        await sysinfo.services("none")
    for task in (run, answering):
        task.cancel()
    await asyncio.gather(run, answering, return_exceptions=True)


async def test_a_question_is_asked_again_on_the_next_link_and_half_an_answer_is_forgotten() -> None:
    sysinfo = Sysinfo()
    run, far = link(sysinfo)
    asking = asyncio.create_task(sysinfo.services())
    asked = await far.receive()
    assert isinstance(asked, ListServices)
    one = Service("cron", "", "active", "", "", "system", 0)
    await far.send(Services(asked.id, (one,), False))
    await asyncio.sleep(0.05)
    await break_off(far)
    with pytest.raises(ConnectionLost):
        await run
    run, far = link(sysinfo)
    asked = await far.receive()
    await far.send(Services(asked.id, (one,), True))
    assert await asking == [one]
    await far.send(Services(asked.id, (one,), True))  # nobody waits for it any more
    await far.close()
    await run
