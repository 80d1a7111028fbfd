"""One session as a conversation: links come and go, features run on each, refusals and ends reach whoever waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from rs_cli.features.chat import Chat
from rs_cli.features.clipboard import Clipboard
from rs_cli.features.consent import Consent
from rs_cli.session.events import Began, Event, Moved, Opening
from rs_cli.session.events import Stopped as FeatureStopped
from rs_cli.session.status import Ended, Lost, Open, Stopped
from rs_cli.session.technician import DENIALS, Technician, end_session, open_session
from rs_cli.state.book import Book
from rs_relay.channels.clipboard import Get
from rs_relay.channels.consent import Grant
from rs_relay.errors import (
    ConnectionLost,
    NoSuchSession,
    NotAllowed,
    PeerBroke,
    SessionEnded,
    SignInNeeded,
    Unreachable,
)
from rs_relay.link.channel import ChannelClosed
from rs_relay.link.spec import Permission
from tests.support.technician import FakeConnector, entry


@pytest.fixture
def book(tmp_path: Path) -> Book:
    book = Book(tmp_path / "sessions")
    book.add(entry())
    return book


@pytest.fixture
def network() -> FakeConnector:
    return FakeConnector()


@asynccontextmanager
async def a_session(book: Book, network: FakeConnector, **options: Any) -> AsyncIterator[Technician]:
    async with open_session(1, book=book, connector=network, **options) as session:
        yield session


class Until:
    """Waits for an event of a session without polling."""

    def __init__(self, session: Technician) -> None:
        self.events: list[Event] = []
        self._more = asyncio.Event()
        session.listen(self._hear)

    def _hear(self, event: Event) -> None:
        self.events.append(event)
        self._more.set()

    async def heard(self, wanted: Callable[[Event], bool]) -> Event:
        async with asyncio.timeout(10):
            while True:
                for event in self.events:
                    if wanted(event):
                        return event
                self._more.clear()
                await self._more.wait()


def moved_to(kind: type) -> Callable[[Event], bool]:
    return lambda event: isinstance(event, Moved) and isinstance(event.status, kind)


async def test_a_line_is_said_and_numbered(book: Book, network: FakeConnector) -> None:
    chat = Chat()
    async with a_session(book, network) as session:
        line = await session.during(chat, chat.say("Hello"))
    assert (line.number, line.text) == (1, "Hello")
    assert network.agent.links == set()


async def test_leaving_leaves_the_session_open(book: Book, network: FakeConnector) -> None:
    async with a_session(book, network) as session:
        pass
    assert session.status == Stopped(None)
    assert book.get(1).is_open


async def test_features_run_again_on_the_next_link(book: Book, network: FakeConnector) -> None:
    chat = Chat()
    async with a_session(book, network) as session:
        until = Until(session)
        await session.use(chat)
        await network.agent.cut()
        await until.heard(moved_to(Lost))
        await until.heard(lambda event: moved_to(Open)(event))
        line = await session.during(chat, chat.say("after the break"))
        assert line.number == 1
        assert network.reached == 2
        assert until.events.count(Began("chat")) == 2


async def test_work_under_way_survives_a_lost_link(book: Book, network: FakeConnector) -> None:
    """The agent got the line but its number was lost with the link: it is said again and stays one line."""
    chat = Chat()
    async with a_session(book, network) as session:
        await session.use(chat)
        network.agent.say = _lost_after(network)  # type: ignore[method-assign]
        line = await session.during(chat, chat.say("once"))
    assert line.text == "once"
    assert [said.text for said in network.agent.lines] == ["once"]
    assert network.reached == 2


def _lost_after(network: FakeConnector) -> Any:
    real = type(network.agent).say

    async def say(*args: Any, **more: Any) -> None:
        network.agent._talks.clear()
        await real(network.agent, *args, **more)
        asyncio.get_running_loop().call_soon(lambda: asyncio.ensure_future(network.agent.cut()))

    return say


async def test_a_refusal_reaches_whoever_wanted_the_feature(book: Book, network: FakeConnector) -> None:
    network.agent.answer = lambda permission: Grant.REFUSED
    clipboard = Clipboard()
    async with a_session(book, network) as session:
        with pytest.raises(NotAllowed):
            await session.during(clipboard, clipboard.get())
        network.agent.answer = lambda permission: Grant.GRANTED
        network.agent.clipboard = "their text"
        assert await session.during(clipboard, clipboard.get()) == "their text"  # asked again, allowed now


async def test_a_grant_that_is_withdrawn_ends_the_work(book: Book, network: FakeConnector) -> None:
    clipboard = Clipboard()
    async with a_session(book, network) as session:
        until = Until(session)
        await session.use(clipboard)
        never = asyncio.get_running_loop().create_future()

        async def forever() -> None:
            await never

        work = asyncio.create_task(session.during(clipboard, forever()))
        await asyncio.sleep(0)
        for link in network.agent.links:
            for channel in link._channels:
                await channel.close(NotAllowed("The customer took it back."))
        with pytest.raises(NotAllowed):
            await work
        await until.heard(lambda event: isinstance(event, FeatureStopped))
        assert isinstance(session.status, Open)
        assert never.cancelled()


async def test_the_customers_goodbye_ends_everything_and_wipes_the_keys(book: Book, network: FakeConnector) -> None:
    consent = Consent()
    async with a_session(book, network) as session:
        until = Until(session)
        await session.use(consent)
        await network.agent.leave("Thank you, that is all.")
        await until.heard(moved_to(Ended))
        assert session.status == Ended("The customer ended the session.")
        with pytest.raises(SessionEnded):
            await session.use(Chat())
    assert (book.get(1).key, book.get(1).door) == ("", "")


async def test_ending_tells_the_agent(book: Book, network: FakeConnector) -> None:
    assert await end_session(1, "Done, thank you.", 5.0, book=book, connector=network)
    assert network.agent.goodbyes == ["Done, thank you."]
    assert book.get(1).outcome == "Done, thank you."
    assert network.agent.links == set()


async def test_ending_without_a_customer_wipes_the_keys_all_the_same(book: Book, network: FakeConnector) -> None:
    network.unreachable = True
    assert not await end_session(1, "", 0.2, book=book, connector=network)
    assert not book.get(1).is_open
    with pytest.raises(SessionEnded):
        await end_session(1, "", 0.2, book=book, connector=network)


async def test_a_session_that_cannot_be_reached_says_why(book: Book, network: FakeConnector) -> None:
    network.unreachable = True
    with pytest.raises(Unreachable, match="Session 1") as caught:
        async with a_session(book, network, timeout=0.3):
            pass
    assert caught.value.hint == "The customer's computer is not there."
    assert book.get(1).is_open


async def test_an_unreachable_customer_is_tried_again(book: Book, network: FakeConnector) -> None:
    network.refuse = [Unreachable("away"), ConnectionLost("broke")]
    async with a_session(book, network) as session:
        assert session.status == Open(1)


async def test_the_relays_word_alone_does_not_end_a_session(book: Book, network: FakeConnector) -> None:
    network.refuse = [SessionEnded("unknown")] * (DENIALS - 1)
    async with a_session(book, network) as session:
        assert session.status == Open(1)
    network.refuse = [SessionEnded("unknown")] * DENIALS
    with pytest.raises(SessionEnded):
        async with a_session(book, network):
            pass
    assert not book.get(1).is_open


async def test_an_agent_that_is_not_back_yet_ends_nothing(book: Book, network: FakeConnector) -> None:
    network.refuse = [NoSuchSession("unknown host")] * (DENIALS + 2)
    async with a_session(book, network) as session:
        assert session.status == Open(1)
    assert book.get(1).is_open


@pytest.mark.parametrize("error", [SignInNeeded("no token"), PeerBroke("nonsense")])
async def test_what_trying_again_cannot_mend_stops(book: Book, network: FakeConnector, error: Any) -> None:
    network.refuse = [error]
    with pytest.raises(type(error)):
        async with a_session(book, network):
            pass
    assert book.get(1).is_open


async def test_a_defect_of_ours_comes_to_light(book: Book, network: FakeConnector) -> None:
    class Broken(Chat):
        async def run(self, channel: Any) -> None:
            raise ZeroDivisionError

    async with a_session(book, network) as session:
        chat = Broken()
        with pytest.raises(ZeroDivisionError):
            await session.during(chat, chat.say("x"))


async def test_a_defect_of_the_connector_comes_to_light(book: Book, network: FakeConnector) -> None:
    async def broken(entry: Any) -> Any:
        raise ZeroDivisionError

    network.reach = broken  # type: ignore[method-assign]
    with pytest.raises(ZeroDivisionError):
        async with a_session(book, network):
            pass


async def test_dropping_a_feature_closes_its_channel(book: Book, network: FakeConnector) -> None:
    network.agent.grants[Permission.CLIPBOARD] = Grant.GRANTED
    clipboard = Clipboard()
    async with a_session(book, network) as session:
        until = Until(session)
        await session.use(clipboard)
        (link,) = network.agent.links
        channel = link._channels[-1]
        await session.drop(clipboard)
        with pytest.raises(ChannelClosed):  # at both ends
            await channel.send(Get())
        await network.agent.cut()
        await until.heard(moved_to(Lost))
        await until.heard(moved_to(Open))
        assert until.events.count(Opening("clipboard")) == 1


async def test_a_computer_that_restarts_has_its_time_and_no_more(book: Book, network: FakeConnector) -> None:
    async with a_session(book, network, timeout=1) as session:
        until = Until(session)
        book.expect(1, 600)
        network.refuse = [Unreachable("not there")]
        await network.agent.cut()
        lost = await until.heard(moved_to(Lost))
        assert "restarts; it has" in lost.status.why  # type: ignore[union-attr]
        await until.heard(lambda event: moved_to(Open)(event))
        assert book.get(1).due == 0.0
        book.expect(1, 0.05)
        network.refuse = [Unreachable("not there")] * 9
        await network.agent.cut()
        ended = await until.heard(moved_to(Ended))
        assert "did not come back in time" in ended.status.why  # type: ignore[union-attr]
    assert not book.get(1).is_open
