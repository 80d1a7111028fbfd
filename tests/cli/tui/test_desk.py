"""The desk without a screen: cases live as long as their sessions, and errors of background work come out."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from rs_cli.features import share
from rs_cli.state.book import Book
from rs_cli.tui.desk import Case, Desk
from rs_relay.channels.clips import Format, Item, Offered
from rs_relay.channels.consent import Grant
from rs_relay.channels.screen.messages import Frame, Painted, Start
from rs_relay.channels.screen.share import Closed
from rs_relay.errors import LocalProblem, RsError, SessionEnded
from rs_relay.link.channel import ChannelClosed
from rs_relay.link.spec import Permission
from tests.support.channels import MemoryChannel
from tests.support.scenery import ArrayDesktop, page
from tests.support.technician import FakeAgent, FakeConnector, FakeLink, entry


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


async def test_what_else_was_copied_is_known_while_it_is_shared_and_fetched_when_asked_for(
    desk: Desk, network: FakeConnector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    case = await desk.open(1)
    case.keep_alike(True)
    await changed_until(case, lambda: case.clipboard.watching)
    await case.clips.look()
    picture = BytesIO()
    Image.new("RGB", (3, 2), "red").save(picture, "PNG")
    network.agent.contents = picture.getvalue()
    await network.agent.offer(Offered(2, True, (Item(Format.IMAGE, len(picture.getvalue())),)))
    await changed_until(case, lambda: case.offered is not None)
    told: list[str] = []
    case.take_clipboard(told.append)
    await changed_until(case, lambda: bool(told))
    words, _, file = told[0].removesuffix(".").rpartition(" ")
    assert words == "The picture is in"
    assert Path(file).parent == tmp_path
    assert Path(file).read_bytes() == picture.getvalue()  # noqa: ASYNC240
    case.keep_alike(False)
    await changed_until(case, lambda: case.offered is None)


async def test_copied_files_are_fetched_as_any_other(desk: Desk, network: FakeConnector) -> None:
    network.agent.offered = Offered(2, True, (Item(Format.FILES, 0),), files=2, files_size=30)
    network.agent.paths = ("/home/maria/a", "/home/maria/b")
    case = await desk.open(1)
    asked: list[str] = []
    case.fetch = asked.append  # type: ignore[method-assign]
    case.take_clipboard(lambda text: None)
    await changed_until(case, lambda: len(asked) == 2)
    assert asked == ["/home/maria/a", "/home/maria/b"]


async def test_off_and_on_again_at_once_is_on(desk: Desk, network: FakeConnector) -> None:
    case = await desk.open(1)
    case.keep_alike(True)
    await changed_until(case, lambda: case.clipboard.watching)
    case.keep_alike(False)
    case.keep_alike(True)
    await changed_until(case, lambda: not case.clipboard.watching)
    await changed_until(case, lambda: case.clipboard.watching)
    await case.clipboard.get()
    await network.agent.copy("their text")
    await changed_until(case, lambda: case.moved is not None)


async def test_a_clipboard_that_is_taken_back_is_not_shown_as_shared(desk: Desk, network: FakeConnector) -> None:
    case = await desk.open(1)
    told: list[RsError] = []
    case.trouble = told.append
    case.keep_alike(True)
    await changed_until(case, lambda: case.clipboard.watching)
    network.agent.grants[Permission.CLIPBOARD] = Grant.REFUSED
    network.agent.answer = lambda permission: Grant.REFUSED
    await network.agent.cut()
    await changed_until(case, lambda: not case.clipboard.watching)
    assert told[0].code == "not-allowed"


async def test_a_hint_names_the_session(desk: Desk) -> None:
    async def refuse() -> None:
        raise LocalProblem("The agent has not the rights.", "`rs exec SESSION --tty -- sudo kill 1`")

    case = await desk.open(2)
    told: list[RsError] = []
    case.trouble = told.append
    case.do(refuse())
    await changed_until(case, lambda: bool(told))
    assert told[0].hint == "`rs exec 2 --tty -- sudo kill 1`"


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


class Looking(FakeAgent):
    """Looks at a screen that is shown to it."""

    def __init__(self) -> None:
        super().__init__()
        self.looks: list[MemoryChannel] = []

    async def serve(self, name: str, channel: MemoryChannel, link: FakeLink) -> None:
        if name != "share":
            await super().serve(name, channel, link)
            return
        self.looks.append(channel)
        with contextlib.suppress(ChannelClosed, RsError):
            await channel.send(Start())
            async for said in channel:
                if isinstance(said, Frame) and not said.more:
                    await channel.send(Painted(said.seq))
        self.looks.remove(channel)


@pytest.fixture
def own(network: FakeConnector, monkeypatch: pytest.MonkeyPatch) -> Looking:
    """An agent that looks, and a screen to be looked at."""
    network.agent = Looking()
    monkeypatch.setattr(share, "check_screen", lambda: None)
    screen = ArrayDesktop(page(200, 300)).screen
    monkeypatch.setattr(share.Share.__init__, "__defaults__", (-1, lambda on: None, screen))
    return network.agent


async def test_showing_ones_own_screen_and_stopping(desk: Desk, own: Looking) -> None:
    case = await desk.open(1)
    case.show_mine(True)
    await changed_until(case, lambda: case.share is not None and case.share.seen)
    case.show_mine(False)
    await changed_until(case, lambda: case.share is None)
    case.show_mine(True)
    await changed_until(case, lambda: case.share is not None and case.share.seen)
    await own.looks[-1].send(Closed())
    await changed_until(case, lambda: case.share is None)


async def test_leaving_the_dashboard_ends_the_showing(desk: Desk, own: Looking) -> None:
    case = await desk.open(1)
    case.show_mine(True)
    await changed_until(case, lambda: case.share is not None and case.share.seen)
    await desk.close()
    assert case.share is None
    assert own.looks == []


async def test_a_screen_that_cannot_be_shown_is_no_question_for_the_customer(
    desk: Desk, own: Looking, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none() -> None:
        raise LocalProblem("There is no display here to show.")

    monkeypatch.setattr(share, "check_screen", none)
    case = await desk.open(1)
    told: list[RsError] = []
    case.trouble = told.append
    case.show_mine(True)
    await changed_until(case, lambda: bool(told))
    assert own.grants[Permission.SHARE] is Grant.NOT_ASKED
