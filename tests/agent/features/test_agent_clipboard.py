from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from rs_agent.feature import Context
from rs_agent.features import clipboard
from rs_agent.features.clipboard import ClipboardFeature
from rs_relay.channels.clipboard import MAX_TEXT, SPEC, SYNC_LIMIT, Done, Failed, Get, Put, Skipped, Text, Watch
from tests.support.channels import channel_pair
from tests.support.customer import FakeClipboard, FakeDesktop, FakeFace, until


class Bench:
    def __init__(self, monkeypatch: pytest.MonkeyPatch | None = None) -> None:
        if monkeypatch is not None:  # as fast as it goes
            monkeypatch.setattr(clipboard, "PER_SECOND", 1000.0)
        self.desktop, self.face = FakeDesktop(), FakeFace()
        self.feature = ClipboardFeature(Context(self.desktop, self.face, Path(), "alice"))
        self.technician, self.agent = channel_pair(SPEC)
        self.run = asyncio.create_task(self.feature.run(self.agent))

    @property
    def clipboard(self) -> FakeClipboard:
        return self.desktop.the_clipboard

    async def ask(self, message: Any) -> Any:
        await self.technician.send(message)
        return await asyncio.wait_for(self.technician.receive(), 10)

    async def watch(self) -> None:
        await self.technician.send(Watch(True))
        await until(lambda: self.clipboard.watchers)

    async def end(self) -> None:
        await self.technician.close()
        await self.run
        self.feature.close()


async def test_get_and_put() -> None:
    bench = Bench()
    bench.clipboard.text = "déjà 漢"
    assert await bench.ask(Get()) == Text("déjà 漢", True)
    assert await bench.ask(Put("new")) == Done()
    assert bench.clipboard.text == "new"
    assert len(bench.face.notices) == 1  # the customer is told, without the text
    assert "new" not in bench.face.notices[0].split()[-1]
    await bench.end()


async def test_changes_come_but_never_what_was_there_before(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(monkeypatch)
    bench.clipboard.text = "my password"
    await bench.watch()
    bench.clipboard.copy("one")
    assert await bench.technician.receive() == Text("one", False)
    bench.clipboard.copy("two")
    assert await bench.technician.receive() == Text("two", False)
    await bench.end()


async def test_no_echo_of_what_the_technician_put_there(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(monkeypatch)
    await bench.watch()
    assert await bench.ask(Put("from alice")) == Done()
    bench.clipboard.copy("from alice")  # a clipboard that does not know its own doing
    bench.clipboard.copy("own")
    assert await bench.technician.receive() == Text("own", False)
    bench.clipboard.copy("from alice")  # now it is the customer's own text
    assert await bench.technician.receive() == Text("from alice", False)
    await bench.end()


async def test_nothing_comes_before_it_is_watched_or_after(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(monkeypatch)
    bench.clipboard.copy("before")
    await bench.watch()
    await bench.technician.send(Watch(False))
    await until(lambda: not bench.clipboard.watchers)
    bench.clipboard.copy("after")
    assert await bench.ask(Put("x")) == Done()
    await bench.end()


async def test_a_burst_of_changes_is_told_as_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()
    monkeypatch.setattr(clipboard, "PER_SECOND", 5.0)
    await bench.watch()
    for n in range(50):
        bench.clipboard.copy(f"copy {n}")
    heard = [await bench.technician.receive()]
    while heard[-1] != Text("copy 49", False):
        heard.append(await asyncio.wait_for(bench.technician.receive(), 10))
    assert len(heard) <= 3
    await bench.end()


async def test_what_is_large_is_not_sent_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(monkeypatch)
    await bench.watch()
    bench.clipboard.copy("x" * (SYNC_LIMIT + 1))
    assert await bench.technician.receive() == Skipped(SYNC_LIMIT + 1, False)
    reply = await bench.ask(Get())
    assert isinstance(reply, Text)
    assert len(reply.text) == SYNC_LIMIT + 1
    bench.clipboard.text = "é" * (MAX_TEXT // 2) + "!"
    assert await bench.ask(Get()) == Skipped(MAX_TEXT + 1, True)
    await bench.end()


async def test_too_large_a_text_is_not_put_there() -> None:
    bench = Bench()
    bench.clipboard.text = "old"
    reply = await bench.ask(Put("é" * (MAX_TEXT // 2) + "!"))
    assert isinstance(reply, Failed)
    assert reply.code == "too-large"
    assert bench.clipboard.text == "old"
    await bench.end()


async def test_a_desktop_without_a_clipboard_says_so() -> None:
    bench = Bench()
    bench.clipboard.broken = True
    for message in (Get(), Put("x"), Watch(True)):
        assert await bench.ask(message) == Failed("local-problem", "There is no clipboard.")
    bench.clipboard.broken = False
    await bench.watch()  # it can be tried again
    await bench.end()


async def test_watching_ends_with_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(monkeypatch)
    before = asyncio.all_tasks()
    await bench.watch()
    bench.run.cancel()
    await asyncio.gather(bench.run, return_exceptions=True)
    await until(lambda: not bench.clipboard.watchers)
    assert not asyncio.all_tasks() - before
    bench.feature.close()


async def test_two_links_watch_one_clipboard(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(monkeypatch)
    other, agent = channel_pair(SPEC)
    run = asyncio.create_task(bench.feature.run(agent))
    await bench.watch()
    await other.send(Watch(True))
    await until(lambda: bench.feature._copying.listeners == 2)
    assert len(bench.clipboard.watchers) == 1
    bench.clipboard.copy("for both")
    for end in (bench.technician, other):
        assert await end.receive() == Text("for both", False)
    await bench.end()
    assert len(bench.clipboard.watchers) == 1
    await other.close()
    await run


async def test_requests_are_slowed_down(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()
    monkeypatch.setattr(clipboard, "BURST", 2)
    monkeypatch.setattr(clipboard, "PER_SECOND", 0.001)
    for _ in range(2):
        await bench.ask(Get())
    await bench.technician.send(Get())
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(bench.technician.receive(), 0.1)
    bench.run.cancel()
    await asyncio.gather(bench.run, return_exceptions=True)
    bench.feature.close()


async def test_a_lone_surrogate_does_not_break_the_channel() -> None:
    bench = Bench()
    bench.desktop.the_clipboard = type("Odd", (FakeClipboard,), {"get": lambda self, limit=0: "a\ud800b"})()
    assert await bench.ask(Get()) == Text("a?b", True)
    await bench.end()
