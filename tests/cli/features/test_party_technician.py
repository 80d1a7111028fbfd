"""Inviting and handing over at the technician's end."""

from __future__ import annotations

import asyncio

import pytest

from rs_cli.features.party import Party, named
from rs_relay.channels.consent import Present
from rs_relay.channels.party import SPEC, Came, Code, Done, HandOver, Invite, Wrong
from rs_relay.errors import NoSuchSession, Unreachable
from tests.support.channels import channel_pair


async def test_a_code_is_told_then_who_came() -> None:
    told: list[Code | Wrong] = []
    ours, theirs = channel_pair(SPEC)
    party = Party(Invite(), told.append)
    running = asyncio.create_task(party.run(ours))
    assert await theirs.receive() == Invite()
    for said in (Code("1-2-3", 900.0), Wrong(2), Came(2, "bob")):
        await theirs.send(said)
    assert await party.answer() == Came(2, "bob")
    await running
    assert told == [Code("1-2-3", 900.0), Wrong(2)]
    assert "1-2-3" not in repr(told)


async def test_it_is_said_once_even_over_two_links() -> None:
    ours, theirs = channel_pair(SPEC)
    party = Party(HandOver(2))
    running = asyncio.create_task(party.run(ours))
    await theirs.receive()
    running.cancel()
    again, _ = channel_pair(SPEC)
    with pytest.raises(Unreachable):
        await party.run(again)


async def test_done() -> None:
    ours, theirs = channel_pair(SPEC)
    party = Party(HandOver(2))
    running = asyncio.create_task(party.run(ours))
    await theirs.receive()
    assert party.said
    await theirs.send(Done())
    assert await party.answer() == Done()
    await running


def test_technicians_by_name_or_number() -> None:
    present = (Present(1, "alice", 0.0), Present(4, "Bob (2)", 0.0))
    assert named(present, "bob (2)").number == 4
    assert named(present, "1").name == "alice"
    with pytest.raises(NoSuchSession) as error:
        named(present, "carol")
    assert "4 Bob (2)" in error.value.hint
