"""What the technician's end says of privacy, and how often."""

from __future__ import annotations

import asyncio

import pytest

from rs_cli.features.privacy import Privacy
from rs_relay.channels.privacy import SPEC, Keep, Part, State
from rs_relay.errors import NotAllowed
from tests.support.channels import channel_pair
from tests.support.customer import until


async def test_it_says_it_again_before_it_runs_out() -> None:
    feature = Privacy(renew=0.02)
    await feature.keep(frozenset({Part.BLOCK, Part.BLANK}))
    technician, agent = channel_pair(SPEC)
    running = asyncio.create_task(feature.run(technician))
    for _ in range(3):
        assert await agent.receive() == Keep((Part.BLANK, Part.BLOCK))
    await feature.keep(frozenset())
    async with asyncio.timeout(10):
        while await agent.receive() != Keep():
            pass
    await agent.close()
    await running


async def test_what_was_withdrawn_is_wanted_no_more() -> None:
    told: list[State] = []
    feature = Privacy(told.append)
    await feature.keep(frozenset({Part.BLANK}))
    technician, agent = channel_pair(SPEC)
    running = asyncio.create_task(feature.run(technician))
    await agent.receive()
    await agent.send(State((Part.BLANK,)))
    await until(lambda: told)
    await agent.close(NotAllowed("no"))
    with pytest.raises(NotAllowed):
        await running
    assert (told, feature.wanted) == ([State((Part.BLANK,)), State()], frozenset())
