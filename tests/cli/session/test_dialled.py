"""The real connector at a real relay, both ends in this process; the agent's end is the bare handshake."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from rs_cli.session.connector import Paired
from rs_cli.session.dialled import Dialled
from rs_cli.state.config import Relay
from rs_relay.channels import chat
from rs_relay.errors import ConnectionLost, NoSuchSession, SessionEnded, Unreachable, WrongCode
from rs_relay.link import codes, dial
from rs_relay.link.codes import Code
from rs_relay.link.dial import Conversation
from rs_relay.link.handshake import Attempts, Opened, Role
from rs_relay.link.link import Facts, Link
from rs_relay.link.websocket import RecordSocket
from rs_relay.wire.messages import VERSION, Hello
from tests.support.relay import RelayUnderTest, running_relay
from tests.support.technician import entry

HOST, DOOR, REJOIN = "ab" * 16, "cd" * 32, "ef" * 32


@pytest.fixture
async def relay() -> AsyncIterator[RelayUnderTest]:
    async with running_relay() as relay:
        yield relay


class Customer:
    """An agent's end, bare: present at the relay, joins or holds a code, answers further knocks."""

    def __init__(self, relay: RelayUnderTest, conversation: Conversation) -> None:
        self._relay, self.conversation = dial.Relay(relay.url), conversation
        self.links: list[Link] = []

    def open(self, opened: Opened, socket: dial.RecordSocket) -> Link:
        link = Link(opened, Role.AGENT, socket)
        link.start(Facts(HOST, DOOR, "Maria's PC"))
        self.links.append(link)
        return link

    async def join(self, code: Code) -> Link:
        ticket = await self.conversation.join(code.slot)
        socket = await dial.attach(self._relay, ticket.ticket)
        return self.open(await dial.join(socket, code, ticket.link, Role.AGENT, "Maria's PC"), socket)

    async def hold(self, secret: str, slot: str) -> Link:
        knock = await anext(self.conversation.knocks())
        assert knock.slot == slot
        socket = await dial.attach(self._relay, knock.ticket)
        return self.open(await dial.hold(socket, secret, Attempts(), knock.link, Role.AGENT), socket)

    async def readmit(self, key: bytes | None) -> Link:
        knock = await anext(self.conversation.knocks())
        socket = await dial.attach(self._relay, knock.ticket)
        return self.open(await dial.readmit(socket, lambda _rid: key), socket)


@asynccontextmanager
async def customer(relay: RelayUnderTest) -> AsyncIterator[Customer]:
    deposit = hashlib.sha256(bytes.fromhex(DOOR)).hexdigest()
    hello = Hello(VERSION, HOST, REJOIN, deposit, "Maria's PC")
    conversation, _ = await dial.host(dial.Relay(relay.url), hello)
    there = Customer(relay, conversation)
    try:
        yield there
    finally:
        for link in there.links:
            link.abort()
        await conversation.close()


async def joined(relay: RelayUnderTest, there: Customer) -> Paired:
    slot = (await there.conversation.ask_slot()).slot
    secret = codes.make_secret()
    holding = asyncio.create_task(there.hold(secret, slot))
    paired = await Dialled(Relay(relay.url, "")).join(Code(slot, secret))
    await holding
    return paired


async def test_joining_a_code_that_the_customer_shows(relay: RelayUnderTest) -> None:
    async with customer(relay) as there:
        paired = await joined(relay, there)
        assert (paired.host, paired.door, paired.customer, paired.role) == (HOST, DOOR, "Maria's PC", "joiner")
        assert DOOR not in repr(paired)
        assert paired.key not in repr(paired)
        await paired.link.close()


async def test_a_wrong_code_is_wrong(relay: RelayUnderTest) -> None:
    async with customer(relay) as there:
        slot = (await there.conversation.ask_slot()).slot
        holding = asyncio.create_task(there.hold("000000", slot))
        with pytest.raises(WrongCode):
            await Dialled(Relay(relay.url, "")).join(Code(slot, "111111"))
        with pytest.raises(WrongCode):
            await holding


async def test_a_further_link_with_the_key_alone(relay: RelayUnderTest) -> None:
    async with customer(relay) as there:
        paired = await joined(relay, there)
        held = entry(1, relay=relay.url, host=paired.host, door=paired.door, key=paired.key)
        answering = asyncio.create_task(there.readmit(bytes.fromhex(paired.key)))
        link = await Dialled(Relay(relay.url, "")).reach(held)
        theirs = await answering
        opening = asyncio.create_task(link.open(chat.SPEC))
        request = await anext(theirs.requests())
        assert request.name == "chat"
        request.accept(chat.SPEC)
        await (await opening).send(chat.Say("k", "Hello"))
        theirs.abort()
        assert isinstance(await link.closed(), ConnectionLost)


async def test_the_agents_polite_end_is_the_end_of_the_session(relay: RelayUnderTest) -> None:
    async with customer(relay) as there:
        paired = await joined(relay, there)
        await there.links[0].close("over")
        assert isinstance(await paired.link.closed(), SessionEnded)


async def test_the_leave_of_the_relay_is_nothing_that_a_link_waits_for(
    relay: RelayUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    reopened = asyncio.Event()
    close, reopen = Conversation.close, dial.reopen

    async def slowly(self: Conversation) -> None:
        await asyncio.wait_for(reopened.wait(), 20)
        await close(self)

    async def noted(*given: Any) -> tuple[RecordSocket, Opened]:
        opened = await reopen(*given)
        reopened.set()
        return opened

    async with customer(relay) as there:
        paired = await joined(relay, there)
        held = entry(1, relay=relay.url, host=paired.host, door=paired.door, key=paired.key)
        answering = asyncio.create_task(there.readmit(bytes.fromhex(paired.key)))
        monkeypatch.setattr(Conversation, "close", slowly)
        monkeypatch.setattr(dial, "reopen", noted)
        link = await Dialled(Relay(relay.url, "")).reach(held)
        await answering
        await link.close()
        await paired.link.close()


async def test_a_session_that_the_agent_does_not_know(relay: RelayUnderTest) -> None:
    async with customer(relay) as there:
        held = entry(1, relay=relay.url, host=HOST, door=DOOR)
        answering = asyncio.create_task(there.readmit(None))
        with pytest.raises(SessionEnded):
            await Dialled(Relay(relay.url, "")).reach(held)
        await asyncio.gather(answering, return_exceptions=True)


async def test_a_customer_who_is_not_there(relay: RelayUnderTest) -> None:
    held = entry(1, relay=relay.url, host=HOST, door=DOOR)
    connector = Dialled(Relay(relay.url, ""))
    with pytest.raises((NoSuchSession, Unreachable)):
        await connector.reach(held)
    assert await connector.online([held]) == [False]
    async with customer(relay):
        assert await connector.online([held, entry(2, host=HOST, door="00" * 32)]) == [True, False]


async def test_a_code_made_here(relay: RelayUnderTest) -> None:
    shown: asyncio.Future[tuple[Code, float]] = asyncio.get_running_loop().create_future()
    connector = Dialled(Relay(relay.url, ""))
    holding = asyncio.create_task(connector.hold(lambda code, left: shown.set_result((code, left))))
    code, seconds = await shown
    assert len(code.secret) == codes.SECRET_DIGITS
    assert 0 < seconds <= codes.LIFETIME
    async with customer(relay) as there:
        await there.join(code)
        paired = await holding
        assert (paired.role, paired.customer) == ("holder", "Maria's PC")
        await paired.link.close()
        with pytest.raises(WrongCode):  # it was used, so it is void
            await there.join(code)


async def test_three_wrong_secrets_void_a_code_made_here(relay: RelayUnderTest) -> None:
    shown: asyncio.Future[Code] = asyncio.get_running_loop().create_future()
    left: list[int] = []
    connector = Dialled(Relay(relay.url, ""))
    holding = asyncio.create_task(connector.hold(lambda code, _: shown.set_result(code), left.append))
    code = await shown
    wrong = Code(code.slot, "000000" if code.secret != "000000" else "111111")
    for _ in range(3):
        async with customer(relay) as there:
            with pytest.raises(WrongCode):
                await there.join(wrong)
    with pytest.raises(WrongCode, match="three times"):
        await holding
    assert left == [2, 1, 0]
    async with customer(relay) as there:
        with pytest.raises(WrongCode):
            await there.join(code)


async def test_a_cancelled_code_is_void(relay: RelayUnderTest) -> None:
    shown: asyncio.Future[Code] = asyncio.get_running_loop().create_future()
    holding = asyncio.create_task(Dialled(Relay(relay.url, "")).hold(lambda code, _: shown.set_result(code)))
    code = await shown
    holding.cancel()
    await asyncio.gather(holding, return_exceptions=True)
    async with customer(relay) as there:
        with pytest.raises(WrongCode):
            await there.join(code)


async def test_a_relay_that_is_not_there() -> None:
    with pytest.raises(Unreachable):
        await Dialled(Relay("ws://127.0.0.1:9", "")).welcome()


async def test_who_waits(relay: RelayUnderTest) -> None:
    async with customer(relay) as there:
        slot = (await there.conversation.ask_slot()).slot
        waiting = await Dialled(Relay(relay.url, "")).waiting()
        assert [(one.slot, one.name) for one in waiting] == [(slot, "Maria's PC")]
