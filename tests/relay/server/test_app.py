"""The relay over real sockets: what each socket may say, and what comes of it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from rs_relay.wire import closing
from rs_relay.wire.limits import LINK_MESSAGE
from rs_relay.wire.messages import AskSlot, Join, Joined, Knocked, Slot, Ticket
from tests.support.relay import RelayUnderTest, Talker, running_relay


@contextlib.asynccontextmanager
async def joined() -> AsyncIterator[tuple[RelayUnderTest, Talker, Talker]]:
    """A relay and the two ends of one link: the technician's, the customer's."""
    async with running_relay() as relay, relay.host() as host, relay.control() as control:
        slot = await host.ask(AskSlot(1), Slot)
        ticket = await control.ask(Join(1, slot.slot), Ticket)
        knocked = await host.hear(Knocked)
        async with relay.end(ticket.ticket) as one, relay.end(knocked.ticket) as two:
            await one.hear(Joined)
            await two.hear(Joined)
            yield relay, one, two


async def test_a_code_brings_two_ends_together_and_bytes_pass_both_ways() -> None:
    async with running_relay() as relay, relay.host() as host, relay.control() as control:
        slot = await host.ask(AskSlot(1), Slot)
        ticket = await control.ask(Join(7, slot.slot), Ticket)
        knocked = await host.hear(Knocked)
        assert (ticket.id, knocked.slot, knocked.link) == (7, slot.slot, ticket.link)
        async with relay.end(ticket.ticket) as one, relay.end(knocked.ticket) as two:
            await one.hear(Joined)
            await two.hear(Joined)
            await one.connection.send(b"x" * LINK_MESSAGE)
            assert await two.connection.recv() == b"x" * LINK_MESSAGE
            await two.connection.send([b"in ", b"three ", b"pieces"])
            assert await one.connection.recv() == b"in three pieces"
            await one.connection.close()
            assert await two.closed() == 1000


async def test_a_message_too_big_for_a_link_closes_it_with_1009() -> None:
    async with joined() as (_, one, two):
        await one.connection.send(b"x" * (LINK_MESSAGE + 1))
        assert await one.closed() == closing.TOO_BIG
        assert await two.closed() == closing.GONE
