"""Enrolment at the technician's: asked once, also over a lost link."""

from __future__ import annotations

import asyncio

import pytest

from rs_cli.features.unattended import Enrolment
from rs_relay.channels.unattended import SPEC, Enrol, Enrolled
from rs_relay.errors import PeerBroke
from tests.support.channels import channel_pair

ANSWER = Enrolled("rsd_x", "Ada's PC", new_code=True)


async def test_the_answer_is_waited_for() -> None:
    feature = Enrolment(b"k" * 32)
    technician, agent = channel_pair(SPEC)
    running = asyncio.create_task(feature.run(technician))
    assert await agent.receive() == Enrol(b"k" * 32)
    await agent.send(ANSWER)
    assert await asyncio.wait_for(feature.enrolled(), 10) == ANSWER
    await running
    again, agent = channel_pair(SPEC)
    await feature.run(again)  # nothing is asked for twice
    await again.close()


async def test_an_answer_beyond_all_bounds() -> None:
    feature = Enrolment(b"k" * 32)
    technician, agent = channel_pair(SPEC)
    running = asyncio.create_task(feature.run(technician))
    await agent.receive()
    await agent.send(Enrolled("rsd_" + "x" * 300, "pc", new_code=False))
    with pytest.raises(PeerBroke):
        await running
