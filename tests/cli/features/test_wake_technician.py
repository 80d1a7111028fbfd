"""Waking: one packet for each card of the computer."""

from __future__ import annotations

import asyncio

from rs_cli.features.wake import Wake
from rs_relay.channels.wake import SPEC, Sent
from tests.support.channels import channel_pair

MACS = ("52:54:00:12:34:56", "52:54:00:12:34:57")


async def test_each_card_is_asked_for_and_the_best_answer_told() -> None:
    feature = Wake(MACS)
    technician, agent = channel_pair(SPEC)
    running = asyncio.create_task(feature.run(technician))
    asked = [(await agent.receive()).mac for _ in MACS]
    assert tuple(asked) == MACS
    await agent.send(Sent(MACS[0], 1))
    await agent.send(Sent(MACS[1], 2))
    assert await asyncio.wait_for(feature.sent(), 10) == 2
    await running
