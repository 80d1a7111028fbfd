"""Dialling a real relay: the code, the wrong code, further links, and every way it can be unreachable."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import pytest
from websockets.asyncio.server import ServerConnection, serve

from rs_relay.channels import chat
from rs_relay.errors import NoSuchSession, SessionEnded, Unreachable, UsageError, WrongCode
from rs_relay.link import dial
from rs_relay.link.codes import Code, make_secret
from rs_relay.link.dial import Conversation, Relay
from rs_relay.link.handshake import Attempts, Opened, Role
from rs_relay.link.keys import rid
from rs_relay.link.link import Facts, Link
from rs_relay.wire import codec, messages
from tests.support.relay import running_relay, until


@dataclass
class Host:
    """As much of an agent as a link needs."""

    relay: Relay
    conversation: Conversation
    door: str
    host: str


@contextlib.asynccontextmanager
async def a_host() -> AsyncIterator[Host]:
    async with running_relay(open=True) as server:
        relay, host, door = Relay.parse(server.url), secrets.token_hex(16), secrets.token_hex(32)
        hello = messages.Hello(1, host, secrets.token_hex(32), hashlib.sha256(bytes.fromhex(door)).hexdigest(), "ada")
        conversation, _ = await dial.host(relay, hello)
        async with conversation:
            yield Host(relay, conversation, door, host)


async def _hold(host: Host, secret: str, attempts: Attempts) -> tuple[dial.RecordSocket, Opened]:
    knocked = await anext(host.conversation.knocks())
    socket = await dial.attach(host.relay, knocked.ticket)
    return socket, await dial.hold(socket, secret, attempts, knocked.link, Role.AGENT)


async def _join(host: Host, code: Code) -> tuple[dial.RecordSocket, Opened]:
    control, _ = await dial.control(host.relay)
    async with control:
        ticket = await control.join(code.slot)
        socket = await dial.attach(host.relay, ticket.ticket)
        return socket, await dial.join(socket, code, ticket.link, Role.TECHNICIAN, "alice")


async def test_a_code_joins_and_the_link_speaks() -> None:
    async with a_host() as host:
        slot = await host.conversation.ask_slot()
        secret = make_secret()
        holding = asyncio.create_task(_hold(host, secret, Attempts()))
        socket, opened = await _join(host, Code(slot.slot, secret))
        theirs, their_opened = await holding
        assert opened.resume == their_opened.resume
        assert their_opened.identity == "alice"
        technician, agent = Link(opened, Role.TECHNICIAN, socket), Link(their_opened, Role.AGENT, theirs)
        technician.start()
        agent.start(Facts(host.host, host.door, "ada"))
        assert (await technician.facts()).door == host.door
        opening = asyncio.create_task(technician.open(chat.SPEC))
        (await anext(agent.requests())).accept(chat.SPEC)
        await (await opening).send(chat.Say("k", "hello"))
        await technician.close("done")
        assert await agent.ended is None
        await agent.close()


async def test_a_wrong_secret_is_told_to_both_and_counted() -> None:
    async with a_host() as host:
        slot = await host.conversation.ask_slot()
        attempts = Attempts()
        holding = asyncio.create_task(_hold(host, "111111", attempts))
        with pytest.raises(WrongCode):
            await _join(host, Code(slot.slot, "222222"))
        with pytest.raises(WrongCode):
            await holding
        assert attempts.failures == 1


async def test_further_links_need_the_sessions_key_and_the_door() -> None:
    async with a_host() as host:
        key = secrets.token_bytes(32)

        async def readmit() -> Opened:
            knocked = await anext(host.conversation.knocks())
            assert knocked.slot == ""
            return await dial.readmit(
                await dial.attach(host.relay, knocked.ticket), lambda name: key if name == rid(key) else None
            )

        async def reopen(door: str, with_key: bytes) -> Opened:
            control, _ = await dial.control(host.relay)
            async with control:
                ticket = await control.knock(host.host, door)
                return (await dial.reopen(host.relay, ticket.ticket, with_key))[1]

        admitting = asyncio.create_task(readmit())
        opened = await reopen(host.door, key)
        assert (await admitting).i2r == opened.i2r
        admitting = asyncio.create_task(readmit())
        with pytest.raises(SessionEnded):
            await reopen(host.door, b"another key".ljust(32))
        with pytest.raises(SessionEnded):
            await admitting
        with pytest.raises(NoSuchSession):
            await reopen("0" * 64, key)


async def test_a_slot_that_is_not_there_is_a_wrong_code() -> None:
    async with a_host() as host:
        with pytest.raises(WrongCode):
            await _join(host, Code("999", "123456"))


async def test_presence_is_told_only_to_who_has_the_door() -> None:
    async with a_host() as host:
        control, _ = await dial.control(host.relay)
        async with control:
            doors = [messages.Door(host.host, host.door), messages.Door(host.host, "0" * 64)] * 15
            assert await control.who(doors) == [True, False] * 15


async def test_no_relay_is_one_clear_error() -> None:
    with pytest.raises(Unreachable, match="cannot be reached"):
        await dial.control(Relay("ws://127.0.0.1:1"))


async def _answering(reply: bytes) -> asyncio.Server:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
        writer.write(reply)
        await writer.drain()
        writer.close()

    return await asyncio.start_server(answer, "127.0.0.1", 0)


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/elsewhere\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        b"garbage\r\n\r\n",
        b"",
    ],
)
async def test_what_is_no_relay_or_sends_us_elsewhere_is_refused(reply: bytes) -> None:
    server = await _answering(reply)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(Unreachable):
        await dial.control(Relay(f"ws://127.0.0.1:{port}"), "rst_token")
    server.close()


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("relay.example.org", "wss://relay.example.org"),
        ("relay.example.org:8200", "wss://relay.example.org:8200"),
        ("https://relay.example.org/rs/", "wss://relay.example.org/rs"),
        ("127.0.0.1:8200", "ws://127.0.0.1:8200"),
        ("localhost:8200", "ws://localhost:8200"),
        ("ws://[::1]:8200", "ws://[::1]:8200"),
    ],
)
def test_addresses(text: str, url: str) -> None:
    assert Relay.parse(text).url == url


@pytest.mark.parametrize(
    "text", ["", "ws://relay.example.org", "ftp://x", "wss://", "wss://u:p@x", "wss://x?q=1", "wss://x:y"]
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(UsageError):
        Relay.parse(text)


async def test_a_look_is_told_the_relays_time_and_leaves_nobody_there() -> None:
    async with running_relay() as relay:
        told = parsedate_to_datetime(await dial.look(dial.Relay.parse(relay.url)))
        assert abs(told.timestamp() - time.time()) < 5
        await until(lambda: not relay.relay.counts().sockets)


async def test_a_look_where_no_relay_is() -> None:
    with pytest.raises(Unreachable):
        await dial.look(dial.Relay.parse("ws://127.0.0.1:9"))


# flights: what goes along with what


@dataclass
class Slow:
    """A relay that answers nothing on a socket before it has heard two messages."""

    heard: list[str | bytes]
    opened: int = 0

    async def serve(self, connection: ServerConnection) -> None:
        self.opened += 1
        path = connection.request.path if connection.request else ""
        said = [await connection.recv(), await connection.recv()]
        self.heard += said
        answers: tuple[messages.FromRelay, ...] = (messages.Joined(),)
        if path == "/control":
            answers = (messages.Welcome(1), messages.Ticket(1, "ab" * 16, "the ticket"))
        for answer in answers:
            await connection.send(codec.encode(answer))
        await connection.wait_closed()


@contextlib.asynccontextmanager
async def a_slow_relay() -> AsyncIterator[tuple[Slow, Relay]]:
    slow = Slow([])
    async with serve(slow.serve, "127.0.0.1", 0, compression=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield slow, Relay.parse(f"ws://127.0.0.1:{port}")


async def test_a_knock_goes_along_with_the_greeting() -> None:
    async with a_slow_relay() as (slow, relay):
        conversation, welcome, ticket = await dial.asking(relay, "", lambda c: c.knock("ab" * 16, "cd" * 32))
        assert (welcome.version, ticket.ticket) == (1, "the ticket")
        assert [type(codec.decode_from_client(said)) for said in slow.heard] == [messages.Hello, messages.Knock]
        await conversation.close()


async def test_a_first_message_goes_along_with_the_ticket() -> None:
    async with a_slow_relay() as (slow, relay):
        socket = await dial.attach(relay, "the ticket", first=b"hello")
        assert codec.decode_from_client(slow.heard[0]) == messages.Attach("the ticket")
        assert slow.heard[1] == b"hello"
        await socket.close()


async def test_a_greeting_that_is_refused_says_why_and_not_what_became_of_the_knock() -> None:
    async with a_host() as host:
        connection = await dial.open_to(host.relay, "/control")
        conversation = Conversation(connection)
        with pytest.raises(UsageError, match="version"):
            await conversation.greet_and_ask(messages.Hello(99), conversation.knock(host.host, host.door))
        await conversation.close()


async def test_a_link_socket_is_opened_while_the_ticket_is_asked_for() -> None:
    async with a_slow_relay() as (slow, relay), dial.Ahead(relay) as ahead:
        await until(lambda: slow.opened == 1)
        socket = await dial.attach(relay, "the ticket", ahead, b"hello")
        assert slow.opened == 1
        await socket.close()


async def test_one_that_the_relay_closed_meanwhile_is_opened_anew() -> None:
    async with a_slow_relay() as (slow, relay), dial.Ahead(relay) as ahead:
        connection = await asyncio.shield(ahead._opening)  # type: ignore[arg-type]
        connection.transport.abort()
        await connection.wait_closed()
        socket = await dial.attach(relay, "the ticket", ahead, b"hello")
        assert slow.opened == 2
        await socket.close()


async def test_one_that_was_not_needed_is_let_go_of() -> None:
    async with running_relay(open=True) as server:
        async with dial.Ahead(Relay.parse(server.url)) as ahead:
            connection = await asyncio.shield(ahead._opening)  # type: ignore[arg-type]
        await asyncio.wait_for(connection.wait_closed(), 10)
        async with dial.Ahead(Relay.parse(server.url)):
            pass  # not open yet


async def test_one_that_cannot_be_opened_is_said_when_it_is_needed() -> None:
    async with dial.Ahead(Relay.parse("ws://127.0.0.1:9")) as ahead:
        with pytest.raises(Unreachable):
            await dial.attach(Relay.parse("ws://127.0.0.1:9"), "the ticket", ahead)
