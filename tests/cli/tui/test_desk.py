"""The desk without a screen: cases live as long as their sessions, and errors of background work come out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rs_cli.book import Book
from rs_cli.tui.desk import Case, Desk
from rs_relay.channels.consent import Grant
from rs_relay.errors import RsError, SessionEnded
from tests.support.technician import FakeConnector, entry


class Local:
    text = ""

    def get(self) -> str:
        return self.text

    def set(self, text: str) -> None:
        self.text = text


@pytest.fixture
def network() -> FakeConnector:
    return FakeConnector()


@pytest.fixture
async def desk(tmp_path: Path, network: FakeConnector) -> AsyncIterator[Desk]:
    book = Book(tmp_path / "sessions")
    book.add(entry())
    book.add(entry())
    desk = Desk(book, lambda relay: network, Local())
    yield desk
    await desk.close()
    assert network.agent.links == set()


async def changed_until(case: Case, true: object) -> None:
    assert callable(true)
    more = asyncio.Event()
    stop = case.watch(more.set)
    async with asyncio.timeout(10):
        while not true():
            more.clear()
            await more.wait()
    stop()


async def test_a_case_is_opened_once(desk: Desk) -> None:
    case = await desk.open(1)
    await changed_until(case, lambda: case.state is not None)
    assert await desk.open(1) is case
    assert case.is_open


async def test_an_ended_session_is_not_opened(desk: Desk, network: FakeConnector) -> None:
    case = await desk.open(1)
    await changed_until(case, lambda: case.state is not None)
    await network.agent.leave("")
    await changed_until(case, lambda: case.is_over)
    with pytest.raises(SessionEnded):
        await desk.open(1)


async def test_going_round_the_open_cases(desk: Desk) -> None:
    await desk.open(1)
    await desk.open(2)
    assert [desk.beside(1, 1), desk.beside(2, 1), desk.beside(1, -1), desk.beside(7, 1)] == [2, 1, 2, 7]


async def test_sharing_the_clipboard_on_and_off(desk: Desk, network: FakeConnector) -> None:
    case = await desk.open(1)
    case.keep_alike(True)
    await changed_until(case, lambda: case.clipboard.watching)
    await case.clipboard.get()  # whatever was said before it has been heard there
    await network.agent.copy("their text")
    await changed_until(case, lambda: case.moved is not None)
    assert case.moved is not None
    assert case.moved.size == len("their text")
    case.keep_alike(False)
    await changed_until(case, lambda: not case.clipboard.watching)


async def test_a_refusal_is_told_and_leaves_the_clipboard_off(desk: Desk, network: FakeConnector) -> None:
    network.agent.answer = lambda permission: Grant.REFUSED
    case = await desk.open(1)
    told: list[RsError] = []
    case.trouble = told.append
    case.keep_alike(True)
    await changed_until(case, lambda: bool(told))
    assert told[0].code == "not-allowed"
    assert not case.clipboard.watching


async def test_lines_of_others_are_unread_until_they_are_read(desk: Desk, network: FakeConnector) -> None:
    case = await desk.open(1)
    case.say("mine")
    await changed_until(case, lambda: len(case.chat.lines) == 1)
    assert case.unread == 0
    await network.agent.say("theirs")
    await changed_until(case, lambda: case.unread == 1)
    case.read()
    assert case.unread == 0
