"""Clips at the technician's end: questions and answers, also over a link that breaks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from rs_cli.features.clips import Clips, beside_text
from rs_relay.channels.clips import (
    PIECE,
    SPEC,
    Done,
    Failed,
    Fetch,
    Format,
    Item,
    Look,
    Offered,
    Paths,
    Piece,
    Put,
    PutFiles,
    Watch,
    Which,
)
from rs_relay.errors import NoSuchSession, PeerBroke, TooLarge
from tests.support.channels import MemoryChannel, break_off, channel_pair

OFFERED = Offered(4, True, (Item(Format.IMAGE, 5),))


@asynccontextmanager
async def running(clips: Clips) -> AsyncIterator[MemoryChannel]:
    ours, theirs = channel_pair(SPEC)
    task = asyncio.create_task(clips.run(ours))
    try:
        yield theirs
    finally:
        await theirs.close()
        await asyncio.gather(task, return_exceptions=True)


async def test_looked_at_and_fetched() -> None:
    heard: list[Offered] = []
    clips = Clips(heard.append)
    async with running(clips) as agent:
        looking = asyncio.create_task(clips.look())
        assert await agent.receive() == Look()
        await agent.send(Offered(3, False))  # news between question and answer
        await agent.send(OFFERED)
        assert await looking == OFFERED
        assert [o.number for o in heard] == [3]
        fetching = asyncio.create_task(clips.fetch(OFFERED, Format.IMAGE))
        paths = asyncio.create_task(clips.paths(OFFERED))  # waits for its turn
        assert await agent.receive() == Fetch(4, Format.IMAGE)
        await agent.send(Piece(b"abc", False))
        await agent.send(Piece(b"de", True))
        assert await fetching == b"abcde"
        assert await agent.receive() == Which(4)
        await agent.send(Paths(("/a",)))
        assert await paths == ("/a",)


async def test_put_in_pieces() -> None:
    clips = Clips()
    async with running(clips) as agent:
        putting = asyncio.create_task(clips.put({Format.TEXT: b"", Format.IMAGE: bytes(PIECE + 1)}))
        assert await agent.receive() == Put((Item(Format.TEXT, 0), Item(Format.IMAGE, PIECE + 1)))
        assert await agent.receive() == Piece(b"", True)
        assert await agent.receive() == Piece(bytes(PIECE), False)
        assert await agent.receive() == Piece(b"\0", True)
        await agent.send(Done())
        await putting
        naming = asyncio.create_task(clips.put_files(("a",)))
        assert await agent.receive() == PutFiles(("a",))
        await agent.send(Failed("not-found", "There is no such file."))
        with pytest.raises(NoSuchSession):
            await naming


async def test_more_than_announced_or_something_else() -> None:
    clips = Clips()
    async with running(clips) as agent:
        fetching = asyncio.create_task(clips.fetch(OFFERED, Format.IMAGE))
        await agent.receive()
        await agent.send(Piece(b"123456", False))
        with pytest.raises(PeerBroke):
            await fetching
    clips = Clips()
    async with running(clips) as agent:
        looking = asyncio.create_task(clips.look())
        await agent.receive()
        await agent.send(Done())
        with pytest.raises(PeerBroke):
            await looking


async def test_what_is_announced_as_endless_is_not_asked_for() -> None:
    clips = Clips()
    async with running(clips) as agent:
        with pytest.raises(TooLarge):
            await clips.fetch(Offered(4, True, (Item(Format.IMAGE, 1 << 40),)), Format.IMAGE)
        assert agent.heard == 0


async def test_a_question_that_a_lost_link_cut_off_is_put_again() -> None:
    clips = Clips()
    ours, theirs = channel_pair(SPEC)
    task = asyncio.create_task(clips.run(ours))
    await clips.watch(True)
    looking = asyncio.create_task(clips.look())
    assert await theirs.receive() == Watch(True)
    assert await theirs.receive() == Look()
    await break_off(theirs)
    await asyncio.gather(task, return_exceptions=True)
    async with running(clips) as agent:
        assert await agent.receive() == Watch(True)
        assert await agent.receive() == Look()
        await agent.send(OFFERED)
        assert await looking == OFFERED


@pytest.mark.parametrize(
    ("offered", "item"),
    [
        (Offered(1, False), None),
        (Offered(1, False, (Item(Format.TEXT, 5), Item(Format.HTML, 9))), None),
        (Offered(1, False, (Item(Format.TEXT, 5), Item(Format.IMAGE, 700))), None),  # a cell of a table
        (Offered(1, False, (Item(Format.IMAGE, 700, fits=False),)), Item(Format.IMAGE, 700, fits=False)),
        (Offered(1, False, (Item(Format.TEXT, 5), Item(Format.FILES, 0)), 2, 0, 30), Item(Format.FILES, 30)),
        (Offered(1, False, (Item(Format.FILES, 0),)), None),  # none of them is there any more
    ],
)
def test_what_is_no_text(offered: Offered, item: Item | None) -> None:
    assert beside_text(offered) == item
