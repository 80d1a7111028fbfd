"""The technician's clipboard: requests answered in order, both sides kept alike without an echo."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from rs_cli.features import clipboard as module
from rs_cli.features.clipboard import Clipboard, Moved, SystemClipboard
from rs_relay.channels.clipboard import MAX_TEXT, SPEC, SYNC_LIMIT, Done, Failed, Get, Put, Skipped, Text, Watch
from rs_relay.errors import LocalProblem, NotAllowed, RsError, TooLarge
from tests.support.channels import MemoryChannel, break_off, channel_pair


class Local:
    def __init__(self, text: str = "") -> None:
        self.text = text
        self.set_to: list[str] = []

    def get(self) -> str:
        return self.text

    def set(self, text: str) -> None:
        self.text = text
        self.set_to.append(text)


@asynccontextmanager
async def running(clipboard: Clipboard) -> AsyncIterator[MemoryChannel]:
    ours, theirs = channel_pair(SPEC)
    task = asyncio.create_task(clipboard.run(ours))
    try:
        yield theirs
    finally:
        await clipboard.close()
        await theirs.close()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "POLL", 0.005)


async def test_answers_go_to_their_questions() -> None:
    clipboard = Clipboard()
    async with running(clipboard) as agent:
        first = asyncio.create_task(clipboard.get())
        assert await agent.receive() == Get()
        second = asyncio.create_task(clipboard.put("mine"))
        assert await agent.receive() == Put("mine")
        third = asyncio.create_task(clipboard.get())
        assert await agent.receive() == Get()
        await agent.send(Text("theirs", asked=True))
        await agent.send(Done())
        await agent.send(Skipped(50_000_000, asked=True))
        assert await first == "theirs"
        await second
        with pytest.raises(TooLarge, match="50000000"):
            await third


async def test_what_fails_there_is_told_here() -> None:
    clipboard = Clipboard()
    async with running(clipboard) as agent:
        asking = asyncio.create_task(clipboard.get())
        await agent.receive()
        await agent.send(Failed("local-problem", "There is no clipboard."))
        with pytest.raises(LocalProblem, match="There is no clipboard"):
            await asking


async def test_a_question_whose_asker_has_gone_keeps_its_place() -> None:
    clipboard = Clipboard()
    async with running(clipboard) as agent:
        gone = asyncio.create_task(clipboard.get())
        await agent.receive()
        gone.cancel()
        asking = asyncio.create_task(clipboard.get())
        await agent.receive()
        await agent.send(Text("for the one who has gone", asked=True))
        await agent.send(Text("for the other", asked=True))
        assert await asking == "for the other"


async def test_an_open_question_is_put_again_on_the_next_link() -> None:
    clipboard = Clipboard()
    ours, theirs = channel_pair(SPEC)
    task = asyncio.create_task(clipboard.run(ours))
    setting = asyncio.create_task(clipboard.put("mine"))
    await theirs.receive()
    await break_off(theirs)
    with pytest.raises(RsError):
        await task
    async with running(clipboard) as agent:
        assert await agent.receive() == Put("mine")
        await agent.send(Done())
        await setting


async def test_too_large_is_known_before_anything_is_sent() -> None:
    clipboard = Clipboard()
    async with running(clipboard) as agent:
        with pytest.raises(TooLarge):
            await clipboard.put("ü" * (MAX_TEXT // 2 + 1))
        assert agent.heard == 0


async def test_alike_both_ways_and_no_echo() -> None:
    local = Local("from before")
    moved: asyncio.Queue[Moved] = asyncio.Queue()
    clipboard = Clipboard(local, moved.put_nowait)
    async with running(clipboard) as agent:
        await clipboard.watch(True)
        assert await agent.receive() == Watch(True)

        await agent.send(Text("theirs", asked=False))  # set here, and never said back
        assert await moved.get() == Moved(True, 6, True)
        assert local.text == "theirs"
        local.text = "ours"
        assert await agent.receive() == Put("ours")  # neither "from before" nor "theirs" came first
        await agent.send(Done())
        assert await moved.get() == Moved(False, 4, True)

        await clipboard.watch(False)
        assert await agent.receive() == Watch(False)
        local.text = "later"
        await agent.send(Text("not any more", asked=False))
        await asyncio.sleep(0.03)
        assert local.text == "later"
        assert local.set_to == ["theirs"]


async def test_watching_goes_on_after_a_lost_link() -> None:
    clipboard = Clipboard(Local())
    async with running(clipboard) as agent:
        await clipboard.watch(True)
        assert await agent.receive() == Watch(True)
        ours, theirs = channel_pair(SPEC)
        task = asyncio.create_task(clipboard.run(ours))
        assert await theirs.receive() == Watch(True)
        await theirs.close()
        await task


async def test_a_large_text_stays_and_is_told() -> None:
    local = Local()
    moved: asyncio.Queue[Moved] = asyncio.Queue()
    clipboard = Clipboard(local, moved.put_nowait)
    async with running(clipboard) as agent:
        await clipboard.watch(True)
        await agent.receive()
        local.text = "x" * (SYNC_LIMIT + 1)
        assert await moved.get() == Moved(False, SYNC_LIMIT + 1, False)
        await agent.send(Skipped(2_000_000, asked=False))
        assert await moved.get() == Moved(True, 2_000_000, False)


async def test_without_a_local_clipboard_there_is_nothing_to_keep_alike() -> None:
    with pytest.raises(LocalProblem):
        await Clipboard().watch(True)


async def test_the_end_of_the_permission_leaves_run() -> None:
    ours, theirs = channel_pair(SPEC)
    task = asyncio.create_task(Clipboard().run(ours))
    await theirs.close(NotAllowed("taken back"))
    with pytest.raises(NotAllowed):
        await task


def test_a_clipboard_that_fails_is_a_local_problem() -> None:
    def fails(*_: str) -> str:
        raise RuntimeError("xclip: Can't open display")

    broken = SystemClipboard(fails, fails)  # type: ignore[arg-type]
    with pytest.raises(LocalProblem):
        broken.get()
    with pytest.raises(LocalProblem):
        broken.set("x")
