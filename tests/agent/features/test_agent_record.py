"""The customer reads that they are recorded for exactly as long as a channel says so."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from rs_agent.feature import Context
from rs_agent.features.record import Record
from rs_relay.channels.record import SPEC, Begin, Shown
from rs_relay.errors import PeerBroke
from tests.support.channels import MemoryChannel, channel_pair
from tests.support.customer import FakeDesktop, FakeFace


def feature(notes: list[tuple[str, str]]) -> tuple[Record, FakeFace]:
    face = FakeFace()
    context = Context(FakeDesktop(), face, Path(), "alice", note=lambda kind, text: notes.append((kind, text)))
    return Record(context), face


def link(of: Record) -> tuple[MemoryChannel, asyncio.Task[None]]:
    technician, agent = channel_pair(SPEC)
    return technician, asyncio.create_task(of.run(agent))


async def test_it_is_shown_before_it_is_answered_and_until_the_last_channel_closes() -> None:
    notes: list[tuple[str, str]] = []
    record, face = feature(notes)
    first, running = link(record)
    assert face.notices == []
    await first.send(Begin())
    assert await first.receive() == Shown()
    assert face.notices == ["alice RECORDS YOUR SCREEN from now on. Type /withdraw record to end that."]
    second, also = link(record)
    await second.send(Begin())
    await second.receive()
    await first.close()
    await running
    assert "no longer" not in face.notices[-1]
    await second.close()
    await also
    assert face.notices[-1] == "Your screen is no longer recorded."
    assert notes == [("recording", "alice")] * 2 + [("recording-ended", "alice")] * 2


async def test_a_run_that_is_cut_says_so_and_one_that_never_began_says_nothing() -> None:
    record, face = feature([])
    technician, running = link(record)
    await technician.send(Begin())
    await technician.receive()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert face.notices[-1] == "Your screen is no longer recorded."
    technician, running = link(record)
    await technician.close()
    await running
    assert len(face.notices) == 2


async def test_nobody_begins_twice() -> None:
    record, _ = feature([])
    technician, running = link(record)
    await technician.send(Begin())
    await technician.send(Begin())
    with pytest.raises(PeerBroke):
        await running
