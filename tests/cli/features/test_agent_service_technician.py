"""The wish is said once, also over a lost link; that somebody is asked there is told."""

from __future__ import annotations

import asyncio

import pytest

from rs_cli.features.agent_service import AgentService
from rs_relay.channels.agent_service import SPEC, Asked, Install, Told
from rs_relay.errors import NotAllowed
from tests.support.channels import channel_pair

ANSWER = Told("running", "missing")


async def test_the_answer_is_waited_for_while_somebody_is_asked() -> None:
    asked: list[str] = []
    feature = AgentService(Install(), asked=lambda: asked.append("asked"))
    technician, agent = channel_pair(SPEC)
    running = asyncio.create_task(feature.run(technician))
    assert await agent.receive() == Install()
    await agent.send(Asked())
    await agent.send(ANSWER)
    assert await asyncio.wait_for(feature.told(), 10) == ANSWER
    assert asked == ["asked"]
    await agent.close()
    await running
    again, agent = channel_pair(SPEC)
    await feature.run(again)  # nothing is asked for twice
    await again.close()


async def test_a_refusal_comes_through() -> None:
    feature = AgentService(Install(user=True))
    technician, agent = channel_pair(SPEC)
    running = asyncio.create_task(feature.run(technician))
    assert await agent.receive() == Install(user=True)
    await agent.close(NotAllowed("No."))
    with pytest.raises(NotAllowed):
        await running
