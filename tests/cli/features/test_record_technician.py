from __future__ import annotations

import asyncio

import pytest

from rs_cli.features.record import Record
from rs_relay.channels.record import SPEC, Begin, Shown
from rs_relay.errors import NotAllowed
from rs_relay.link.channel import ChannelClosed
from tests.support.channels import break_off, channel_pair
from tests.support.customer import until


async def test_the_door_opens_when_the_customer_reads_it_and_closes_with_the_channel() -> None:
    told: list[bool] = []
    record = Record(told.append)
    ours, theirs = channel_pair(SPEC)
    running = asyncio.create_task(record.run(ours))
    assert await theirs.receive() == Begin()
    assert not record.on
    await theirs.send(Shown())
    await until(lambda: record.on)
    await theirs.close(NotAllowed("The customer has not allowed record."))
    with pytest.raises(NotAllowed):
        await running
    assert not record.on
    assert told == [True, False]


async def test_it_closes_with_the_link_and_opens_on_the_next() -> None:
    told: list[bool] = []
    record = Record(told.append)
    for _ in range(2):
        ours, theirs = channel_pair(SPEC)
        running = asyncio.create_task(record.run(ours))
        await theirs.receive()
        await theirs.send(Shown())
        await until(lambda: record.on)
        await break_off(theirs)
        await asyncio.gather(running, return_exceptions=True)
        assert not record.on
    assert told == [True, False] * 2


async def test_an_end_that_answers_nothing_opens_nothing() -> None:
    record = Record()
    ours, theirs = channel_pair(SPEC)
    running = asyncio.create_task(record.run(ours))
    await theirs.receive()
    await theirs.close()
    await running
    assert not record.on
    with pytest.raises(ChannelClosed):
        await ours.receive()
