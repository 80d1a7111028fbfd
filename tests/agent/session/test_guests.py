from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from rs_agent.desk import Desk
from rs_agent.journal import NoJournal
from rs_agent.session.guests import Guests
from rs_agent.session.party import Party, Technician
from rs_relay.channels.party import SPEC, Came, Code, Wrong
from rs_relay.errors import NotAllowed, RsError, TooLarge, Unreachable
from rs_relay.link.channel import ChannelClosed
from tests.support.channels import MemoryChannel, channel_pair


class Ticket:
    seconds, spoken = 900.0, "482-915-733"

    def __init__(self) -> None:
        self.events: asyncio.Queue[int | Technician | RsError] = asyncio.Queue()


class Codes:
    """The host and the customer: who makes codes, and who says yes."""

    def __init__(self, yes: bool = True) -> None:
        self.yes = yes
        self.made: list[Ticket] = []
        self.called_off: list[Any] = []

    async def invite(self) -> Ticket:
        self.made.append(Ticket())
        return self.made[-1]

    async def call_off(self, invitation: Any) -> None:
        self.called_off.append(invitation)

    async def decide(self, *_asked: Any) -> bool:
        return self.yes


class Bench:
    def __init__(self, yes: bool = True) -> None:
        self.codes, self.party = Codes(yes), Party()
        self.first = self.party.admit("ada", b"a" * 32, 0.0)
        self.guests = Guests(self.codes, cast(Desk, self.codes), self.party, NoJournal())

    def begin(self) -> tuple[MemoryChannel, asyncio.Task[None]]:
        here, there = channel_pair(SPEC)
        return here, asyncio.create_task(self.guests.invite(there, self.first))


async def test_wrong_tries_are_told_and_then_who_came() -> None:
    bench = Bench()
    channel, inviting = bench.begin()
    assert await channel.receive() == Code("482-915-733", 900.0)
    (ticket,) = bench.codes.made
    ticket.events.put_nowait(2)
    assert await channel.receive() == Wrong(2)
    ticket.events.put_nowait(bench.party.admit("bob", b"b" * 32, 1.0))
    assert await channel.receive() == Came(2, "bob")
    await inviting
    assert bench.codes.called_off == [ticket]


async def test_without_the_customers_yes_there_is_no_code() -> None:
    bench = Bench(yes=False)
    with pytest.raises(NotAllowed):
        await bench.begin()[1]
    assert bench.codes.made == []


async def test_one_at_a_time_and_none_where_codes_cannot_be_made() -> None:
    bench = Bench()
    channel, inviting = bench.begin()
    await channel.receive()
    with pytest.raises(TooLarge):
        await bench.begin()[1]
    bench.codes.made[0].events.put_nowait(Unreachable("The code was not used in time."))
    with pytest.raises(Unreachable):
        await inviting
    channel, inviting = bench.begin()  # the next may be asked for
    assert isinstance(await channel.receive(), Code)
    inviting.cancel()
    with pytest.raises(TooLarge):
        await Guests(None, cast(Desk, bench.codes), bench.party, NoJournal()).invite(channel, bench.first)


async def test_the_channels_end_is_the_codes_end() -> None:
    bench = Bench()
    channel, inviting = bench.begin()
    await channel.receive()
    await channel.close()
    with pytest.raises(ChannelClosed):
        await inviting
    assert bench.codes.called_off == bench.codes.made
