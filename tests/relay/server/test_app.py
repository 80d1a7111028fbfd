"""The relay over real sockets: links from end to end, technicians and their tokens, restarts."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import re
import time
from collections.abc import AsyncIterator

import psutil
import pytest
import websockets
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rs_relay.server.accounts import hash_of, is_token, new_token
from rs_relay.server.admission import Technician
from rs_relay.server.app import Relay
from rs_relay.server.config import Config, Limits
from rs_relay.wire import closing
from rs_relay.wire.limits import LINK_MESSAGE
from rs_relay.wire.messages import (
    AskSlot,
    Attach,
    Failed,
    Hello,
    Join,
    Joined,
    Knock,
    Knocked,
    Refused,
    Restarting,
    Retire,
    Slot,
    Ticket,
)
from tests.support.relay import PATIENCE, RelayUnderTest, Talker, relay_process, running_relay, until

KEY = "3" * 64
DOOR = hashlib.sha256(bytes.fromhex(KEY)).hexdigest()


class Book:
    """Accounts of a relay under test, that change while it runs."""

    def __init__(self) -> None:
        self.technicians: dict[str, str] = {}

    def add(self, name: str) -> str:
        self.technicians[name] = new_token()
        return self.technicians[name]

    async def find(self, token: str) -> Technician | None:
        return next((t for t in await self.valid() if is_token(token) and t.token_hash == hash_of(token)), None)

    async def valid(self) -> frozenset[Technician]:
        return frozenset(Technician(name, hash_of(token)) for name, token in self.technicians.items())


@contextlib.asynccontextmanager
async def paired(relay: RelayUnderTest, host: Talker, control: Talker) -> AsyncIterator[tuple[Talker, Talker]]:
    """The two ends of one link: the technician's, the customer's."""
    slot = await host.ask(AskSlot(1), Slot)
    ticket = await control.ask(Join(1, slot.slot), Ticket)
    knocked = await host.hear(Knocked)
    async with relay.end(ticket.ticket) as one, relay.end(knocked.ticket) as two:
        await one.hear(Joined)
        await two.hear(Joined)
        yield one, two


@contextlib.asynccontextmanager
async def joined() -> AsyncIterator[tuple[RelayUnderTest, Talker, Talker]]:
    async with running_relay() as relay, relay.host() as host, relay.control() as control:  # noqa: SIM117
        async with paired(relay, host, control) as (one, two):
            yield relay, one, two


async def test_a_code_brings_two_ends_together_and_bytes_pass_both_ways() -> None:
    async with joined() as (relay, one, two):
        assert relay.relay.counts().links == 1
        await one.connection.send(b"x" * LINK_MESSAGE)
        assert await two.connection.recv() == b"x" * LINK_MESSAGE
        await two.connection.send([b"in ", b"three ", b"pieces"])
        assert await one.connection.recv() == b"in three pieces"
        await asyncio.wait_for(await one.connection.ping(), PATIENCE)
        await one.connection.close()
        assert await two.closed() == 1000
        await until(lambda: relay.relay.counts().links == 0)


async def test_what_is_said_before_the_other_end_is_there_arrives() -> None:
    async with running_relay() as relay, relay.host() as host, relay.control() as control:
        slot = await host.ask(AskSlot(1), Slot)
        ticket = await control.ask(Join(1, slot.slot), Ticket)
        knocked = await host.hear(Knocked)
        async with relay.end(ticket.ticket) as one:
            await one.connection.send(b"early")
            async with relay.end(knocked.ticket) as two:
                await two.hear(Joined)
                assert await two.connection.recv() == b"early"


async def test_the_last_words_before_a_goodbye_arrive_whole() -> None:
    async with joined() as (_, one, two):
        sending = asyncio.create_task(_send_and_close(one, [bytes([n]) * 200_000 for n in range(30)]))
        for n in range(30):
            assert await two.connection.recv() == bytes([n]) * 200_000
        assert await two.closed() == 1000
        await sending


async def _send_and_close(talker: Talker, messages: list[bytes]) -> None:
    for message in messages:
        await talker.connection.send(message)
    await talker.connection.close()


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"x" * (LINK_MESSAGE + 1), closing.TOO_BIG),
        ([b"x" * (LINK_MESSAGE // 2 + 1)] * 2, closing.TOO_BIG),
        ([b""] * 100, closing.POLICY),
        ("text", closing.NOT_BINARY),
    ],
)
async def test_what_a_link_does_not_carry_ends_it(message: bytes | str | list[bytes], code: int) -> None:
    async with joined() as (_, one, two):
        await one.connection.send(message)
        assert await one.closed() == code
        assert await two.closed() in (closing.GONE, 1006)


@pytest.mark.parametrize("ticket", ["f" * 64, "", "\ud7ff", "x" * 3000])
async def test_a_ticket_that_is_none_is_refused_in_words(ticket: str) -> None:
    async with running_relay() as relay, relay.end(ticket) as end:
        assert (await end.hear(Refused)).message == "That ticket is not valid any more."
        assert await end.closed() == closing.NOT_ADMITTED


@pytest.mark.parametrize("message", [Hello(1), AskSlot(1), Join(1, "123")])
async def test_a_link_socket_says_nothing_but_its_ticket(message: Hello) -> None:
    async with running_relay() as relay, relay.socket("/link") as end:
        await end.say(message)
        assert await end.closed() == closing.POLICY


async def test_a_ticket_is_good_for_one_end_once() -> None:
    async with running_relay() as relay, relay.host() as host, relay.control() as control:
        slot = await host.ask(AskSlot(1), Slot)
        ticket = await control.ask(Join(1, slot.slot), Ticket)
        async with relay.end(ticket.ticket), relay.socket("/link") as again:
            await until(lambda: len(relay.relay.rooms._waiting) == 1)
            assert (await again.ask(Attach(ticket.ticket))).code == "not-found"


async def test_an_end_that_left_again_is_not_waited_for() -> None:
    async with running_relay() as relay, relay.host() as host, relay.control() as control:
        slot = await host.ask(AskSlot(1), Slot)
        ticket = await control.ask(Join(1, slot.slot), Ticket)
        knocked = await host.hear(Knocked)
        async with relay.end(ticket.ticket):
            await until(lambda: len(relay.relay.rooms._waiting) == 1)
        async with relay.end(knocked.ticket) as two:
            assert (await two.hear(Refused)).code in ("not-found", "unreachable")


async def test_an_end_whose_other_does_not_come_is_told() -> None:
    now = [1000.0]
    async with running_relay(clock=lambda: now[0]) as relay, relay.host() as host, relay.control() as control:
        slot = await host.ask(AskSlot(1), Slot)
        ticket = await control.ask(Join(1, slot.slot), Ticket)
        async with relay.end(ticket.ticket) as one:
            await until(lambda: len(relay.relay.rooms._waiting) == 1)
            now[0] += 30.1
            relay.relay.sweep()
            assert (await one.hear(Refused)).code == "unreachable"
            assert await one.closed() == closing.NOT_ADMITTED


async def test_a_new_socket_of_the_same_agent_replaces_the_old_one_and_keeps_the_code() -> None:
    async with running_relay() as relay, relay.host() as old:
        slot = await old.ask(AskSlot(1), Slot)
        async with relay.host() as new:
            assert await old.closed() == closing.REPLACED
            assert new.welcome is not None
            assert new.welcome.slots == (slot.slot,)


async def test_refusals_that_could_tell_something_take_the_same_time() -> None:
    """An unknown code and one of the wrong kind; an unknown host and a wrong door: 150 to 250 ms, each."""
    async with running_relay() as relay, relay.host(door=DOOR), relay.control() as control:
        own = (await control.ask(AskSlot(1), Slot)).slot
        other = "000" if own != "000" else "001"
        asked = (Join(2, own), Join(2, other), Knock(2, "a" * 32, "4" * 64), Knock(2, "f" * 32, KEY))
        for message in asked:
            start = time.monotonic()
            await control.ask(message, Refused)
            assert time.monotonic() - start >= 0.149


# Technicians


async def test_a_token_opens_a_control_socket_and_nothing_else_does() -> None:
    book = Book()
    token = book.add("Ana")
    async with running_relay(open=False, accounts=book) as relay:
        async with relay.control(token) as control:
            assert control.welcome is not None
            assert control.welcome.name == "Ana"
        for wrong in ("", new_token(), token[:-1], token.lower(), "rst_"):
            with pytest.raises(websockets.InvalidStatus) as caught:
                async with relay.control(wrong):
                    pass
            assert caught.value.response.status_code == 401


async def test_guessing_tokens_is_rationed() -> None:
    book = Book()
    async with running_relay(open=False, accounts=book, limits=Limits(sign_in_failures_per_hour=3)) as relay:
        codes = []
        for _ in range(4):
            with pytest.raises(websockets.InvalidStatus) as caught:
                async with relay.control(new_token()):
                    pass
            codes.append(caught.value.response.status_code)
        assert codes == [401, 401, 401, 429]


async def test_who_is_removed_is_cut_off_at_once_links_included() -> None:
    book = Book()
    ana, ben = book.add("Ana"), book.add("Ben")
    async with running_relay(open=False, accounts=book) as relay, relay.host() as host, relay.control(ben) as other:  # noqa: SIM117
        async with relay.control(ana) as control:
            async with paired(relay, host, control) as (one, two):
                del book.technicians["Ana"]
                assert await control.closed() == closing.REVOKED
                assert await one.closed() == closing.REVOKED
                assert await two.closed() == closing.GONE
            await other.ask(AskSlot(1), Slot)


async def test_a_replaced_token_is_worth_nothing_from_then_on() -> None:
    book = Book()
    old = book.add("Ana")
    async with running_relay(open=False, accounts=book) as relay, relay.control(old) as control:
        new = book.add("Ana")
        assert await control.closed() == closing.REVOKED
        async with relay.control(new):
            pass


async def test_accounts_that_cannot_be_read_let_nobody_in() -> None:
    class Broken(Book):
        async def find(self, token: str) -> Technician | None:
            raise OSError("no disk")

    async with running_relay(open=False, accounts=Broken()) as relay:
        with pytest.raises(websockets.InvalidStatus) as caught:
            async with relay.control(new_token()):
                pass
        assert caught.value.response.status_code == 503


def test_a_relay_is_open_or_has_accounts() -> None:
    with pytest.raises(ValueError, match="open relay"):
        Relay(Config(open=False))
    with pytest.raises(ValueError, match="open relay"):
        Relay(Config(open=True), Book())


requests = st.builds(
    "{} {} HTTP/1.1\r\nHost: x\r\n{}\r\n".format,
    st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "get", "SETUP"]),
    st.one_of(
        st.from_regex(r"/(setup|admin|init|login|technician|api)[A-Za-z/.%0-9]{0,12}", fullmatch=True),
        st.sampled_from(["/", "/setup/", "/SetupWizard.aspx/", "//setup", "/..;/admin", "/technician/add?name=x", "*"]),
        st.from_regex(r"/[!-~]{0,30}", fullmatch=True),
    ),
    st.sampled_from(["", "X-Forwarded-For: 127.0.0.1\r\n", "X-Original-URL: /admin\r\n", "Content-Length: 0\r\n"]),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(requests, min_size=1, max_size=5))
async def test_no_request_whatsoever_makes_a_technician(asked: list[str]) -> None:
    book = Book()
    book.add("Ana")
    before = dict(book.technicians)
    async with running_relay(open=False, accounts=book) as relay:
        host, port = relay.url.removeprefix("ws://").split(":")
        for request in asked:
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(request.encode())
            status = (await asyncio.wait_for(reader.readline(), PATIENCE)).split(b" ")[1]
            page = re.match(r"GET /(|join|unattended|healthz|agents/.*)([?#].*)? HTTP", request)
            assert status in (b"400", b"401", b"404", b"405", b"426") or page
            writer.close()
        assert relay.relay.counts().controls == 0
    assert book.technicians == before


async def test_the_record_of_a_session_tells_what_happened_and_no_secret() -> None:
    record: list[tuple[str, dict[str, object]]] = []
    book = Book()
    token = book.add("Ana")
    options = {"open": False, "accounts": book, "record": lambda event, **details: record.append((event, details))}
    async with running_relay(**options) as relay, relay.host(door=DOOR) as host, relay.control(token) as control:
        async with paired(relay, host, control) as (one, two):
            await one.connection.send(b"x" * 1000)
            await two.connection.recv()
        slot = (await host.ask(AskSlot(2), Slot)).slot
        await host.say(Failed(slot))
        await host.say(Retire(slot))
        await until(lambda: record[-1][0] == "code-retired")
    events = [event for event, _ in record]
    assert events[:5] == ["relay-started", "signed-in", "code-allocated", "code-joined", "link-opened"]
    assert "link-closed" in events
    closed = dict(record)["link-closed"]
    assert int(str(closed["bytes"])) > 1000
    assert not any(secret in repr(record) for secret in (token, hash_of(token).hex(), KEY, DOOR, "b" * 64))


# The end, and a new beginning


async def test_everybody_is_told_of_a_restart_and_let_go() -> None:
    async with running_relay() as relay, relay.host() as host, relay.control() as control:  # noqa: SIM117
        async with paired(relay, host, control) as (one, two):
            start = time.monotonic()
            await relay.relay.stop()
            assert time.monotonic() - start < 10
            for talker in (host, control):
                assert 0 < (await talker.hear(Restarting)).in_ms <= 1500
            for talker in (host, control, one, two):
                assert await talker.closed() == closing.RESTARTING


async def test_a_killed_relay_is_back_on_its_port_and_hosts_register_again(tmp_path: object) -> None:
    with relay_process(tmp_path) as process:  # type: ignore[arg-type]
        outside = RelayUnderTest(process.url, None)  # type: ignore[arg-type]
        async with outside.host() as host, outside.control() as control:  # noqa: SIM117
            async with paired(outside, host, control) as (one, _):
                await asyncio.to_thread(process.restart)
                assert await one.closed() == 1006
        async with outside.host() as host, outside.control() as control:
            assert host.welcome is not None
            assert host.welcome.slots == (), "codes do not outlive the relay"
            async with paired(outside, host, control) as (one, two):
                await one.connection.send(b"again")
                assert await two.connection.recv() == b"again"


async def test_ends_that_never_read_cost_little_and_nobody_else(tmp_path: object) -> None:
    """Ten links, each flooded from one end while the other does not read."""
    links = 10
    with relay_process(tmp_path) as process:  # type: ignore[arg-type]
        outside = RelayUnderTest(process.url, None)  # type: ignore[arg-type]
        rss = psutil.Process(process.pid).memory_info
        async with contextlib.AsyncExitStack() as stack:
            host = await stack.enter_async_context(outside.host())
            control = await stack.enter_async_context(outside.control())
            pairs = []
            for _ in range(links + 1):
                slot = await host.ask(AskSlot(1), Slot)
                ticket = await control.ask(Join(1, slot.slot), Ticket)
                knocked = await host.hear(Knocked)
                await host.say(Retire(slot.slot))
                pair = [await stack.enter_async_context(outside.end(t)) for t in (ticket.ticket, knocked.ticket)]
                for end in pair:
                    await end.hear(Joined)
                pairs.append(pair)
            before = rss().rss
            for _, two in pairs[:links]:
                two.connection.transport.pause_reading()
            floods = [Flood(one) for one, _ in pairs[:links]]
            await until(lambda: all([flood.stuck() for flood in floods]))  # noqa: C419 (each is to be asked)
            one, two = pairs[links]
            for n in range(20):
                await one.connection.send(bytes([n]) * 1000)
                assert await two.connection.recv() == bytes([n]) * 1000
            assert (rss().rss - before) / links < 1.5 * 2**20
            for flood in floods:
                flood.task.cancel()
            for pair in pairs:
                for end in pair:
                    end.connection.transport.abort()


class Flood:
    """Sends for ever; `stuck` when it was asked forty times (0.2 s) without having sent anything more."""

    def __init__(self, talker: Talker) -> None:
        self._talker = talker
        self._sent = 0
        self._seen = -1
        self._still = 0
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        message = os.urandom(LINK_MESSAGE)
        while True:
            await self._talker.connection.send(message)
            self._sent += 1

    def stuck(self) -> bool:
        self._still = self._still + 1 if self._seen == self._sent else 0
        self._seen = self._sent
        return self._still > 40
