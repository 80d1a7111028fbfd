"""A restart as the technician follows it, over several links."""

from __future__ import annotations

import asyncio

import pytest

from rs_cli.features.power import Power
from rs_relay.channels.power import SPEC, Back, Counting, Going, Over, Reboot
from rs_relay.errors import ConnectionLost, NotAllowed
from tests.support.channels import break_off, channel_pair


async def test_from_the_countdown_over_a_lost_link_to_the_return() -> None:
    heard: list[Counting | Going] = []
    power = Power(delay=7, reason="why", heard=heard.append)
    ours, agent = channel_pair(SPEC)
    running = asyncio.create_task(power.run(ours))
    asked = await agent.receive()
    assert asked == Reboot(asked.id, 7, "why")
    await agent.send(Counting("somebody else's", 1))
    await agent.send(Counting(asked.id, 7))
    await agent.send(Going(asked.id, 600))
    assert await power.goes() == Going(asked.id, 600)
    assert heard == [Counting(asked.id, 7), Going(asked.id, 600)]
    assert not power.away
    await break_off(agent)
    with pytest.raises(ConnectionLost):
        await running
    assert power.away
    ours, agent = channel_pair(SPEC)
    running = asyncio.create_task(power.run(ours))
    assert await agent.receive() == asked
    await agent.send(Back(asked.id, 33, True))
    assert await power.back() == Back(asked.id, 33, True)
    await agent.close()
    await running


async def test_called_off_is_raised_to_whoever_waits() -> None:
    power = Power()
    ours, agent = channel_pair(SPEC)
    running = asyncio.create_task(power.run(ours))
    asked = await agent.receive()
    await agent.send(Over(asked.id, "not-allowed", "The customer \x1b[2J called it off.", "Talk."))
    with pytest.raises(NotAllowed) as said:
        await power.goes()
    assert "\x1b" not in said.value.message
    with pytest.raises(NotAllowed):
        await power.back()
    await agent.close()
    await running


async def test_a_grant_that_is_withdrawn_is_told() -> None:
    power = Power()
    ours, agent = channel_pair(SPEC)
    running = asyncio.create_task(power.run(ours))
    await agent.receive()
    await agent.close(NotAllowed("The customer has not allowed power."))
    with pytest.raises(NotAllowed):
        await running
    with pytest.raises(NotAllowed):
        await power.goes()
    assert not power.away


async def test_back_without_a_word_that_it_went() -> None:
    """Killed between the ticket and its word."""
    power = Power()
    ours, agent = channel_pair(SPEC)
    running = asyncio.create_task(power.run(ours))
    asked = await agent.receive()
    await agent.send(Back(asked.id, 3, False))
    assert await power.goes() == await power.back() == Back(asked.id, 3, False)
    await agent.close()
    await running
