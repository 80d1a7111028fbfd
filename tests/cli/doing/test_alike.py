"""Clipboards kept in step: what crosses, what is only told, what ends it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from rs_cli.command_line.answers import Copied
from rs_cli.doing.alike import Alike
from rs_cli.features import clipboard as module
from rs_cli.session.technician import Technician
from rs_cli.state.book import Book
from rs_relay.channels import clipboard
from rs_relay.channels.clips import Format, Item, Offered
from rs_relay.errors import LocalProblem, NotAllowed
from rs_relay.link.spec import Permission
from tests.support.channels import MemoryChannel
from tests.support.technician import FakeAgent, FakeConnector, FakeLink, entry


class Local:
    text = "from before"

    def get(self) -> str:
        return self.text

    def set(self, text: str) -> None:
        self.text = text


class Deaf(FakeAgent):
    """Nothing of its clipboard can be heard of."""

    async def serve(self, name: str, channel: MemoryChannel, link: FakeLink) -> None:
        if name != "clipboard":
            await super().serve(name, channel, link)
            return
        await channel.receive()
        await channel.send(clipboard.Failed("local-problem", "There is no display."))


class Kept:
    """Two clipboards in step, until the end of a test."""

    def __init__(self, folder: Path, agent: FakeAgent) -> None:
        self.agent, self.local = agent, Local()
        self.told: asyncio.Queue[Copied] = asyncio.Queue()
        self.ready = asyncio.Event()
        book = Book(folder)
        self.session = Technician(book.add(entry()), FakeConnector(agent), book)
        self.keeping: asyncio.Task[None]

    async def __aenter__(self) -> Kept:
        await self.session.start()
        alike = Alike(1, self.local, self.told.put_nowait)
        self.keeping = asyncio.create_task(alike.keep(self.session, self.ready.set))
        return self

    async def __aexit__(self, *_: object) -> None:
        self.keeping.cancel()
        await asyncio.gather(self.keeping, return_exceptions=True)
        await self.session.stop()

    async def begun(self) -> None:
        """Raises what ended it before."""
        ready = asyncio.create_task(self.ready.wait())
        await asyncio.wait({ready, self.keeping}, return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            ready.cancel()
            await self.keeping

    async def heard(self) -> tuple[str, str, int, bool]:
        said = await self.told.get()
        assert said.session == 1
        return said.direction, said.format, said.bytes, said.copied


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "POLL", 0.005)


async def test_texts_cross_both_ways_and_what_was_there_before_does_not(tmp_path: Path) -> None:
    agent = FakeAgent()
    async with Kept(tmp_path, agent) as kept:
        await kept.begun()
        kept.local.text = "ours"
        assert await kept.heard() == ("send", "text", 4, True)
        assert agent.clipboard == "ours"
        await agent.copy("theirs")
        assert await kept.heard() == ("get", "text", 6, True)
        assert kept.local.text == "theirs"
        assert kept.told.empty()


async def test_too_much_a_picture_and_files_are_told(tmp_path: Path) -> None:
    agent = FakeAgent()
    async with Kept(tmp_path, agent) as kept:
        await kept.begun()
        kept.local.text = "x" * (clipboard.SYNC_LIMIT + 1)
        assert await kept.heard() == ("send", "text", clipboard.SYNC_LIMIT + 1, False)
        assert agent.clipboard == ""
        for items, more in (
            ((Item(Format.TEXT, 5), Item(Format.HTML, 9)), {}),  # a text, whose bare words cross
            ((Item(Format.IMAGE, 700),), {}),
            ((Item(Format.TEXT, 5), Item(Format.FILES, 0)), {"files": 2, "files_size": 30}),
        ):
            await agent.offer(Offered(1, False, items, **more))
        assert await kept.heard() == ("get", "image", 700, False)
        assert await kept.heard() == ("get", "files", 30, False)


async def test_a_grant_taken_back_ends_it(tmp_path: Path) -> None:
    async with Kept(tmp_path, FakeAgent()) as kept:
        await kept.begun()
        kept.agent.grants[Permission.CLIPBOARD] = kept.agent.grants[Permission.CLIPBOARD].REFUSED
        kept.agent.answer = lambda permission: kept.agent.grants[permission]
        await kept.agent.cut()
        with pytest.raises(NotAllowed):
            await kept.keeping


async def test_a_customer_without_a_clipboard_is_told(tmp_path: Path) -> None:
    async with Kept(tmp_path, Deaf()) as kept:
        with pytest.raises(LocalProblem, match="no display"):
            await kept.keeping


def test_a_computer_without_a_clipboard_is_told_before_the_customer_is_asked() -> None:
    with pytest.raises(LocalProblem, match="no clipboard"):
        Alike(1, None, print)
