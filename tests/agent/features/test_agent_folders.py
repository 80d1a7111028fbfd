"""Folders at the customer's end: several tasks at once, stopped with the grant, and the customer is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from rs_agent.feature import Context
from rs_agent.features import folders
from rs_agent.features.folders import Folders
from rs_relay.channels.folders import SPEC, Ended, Entries, Find, List, Make, Move, Remove, Stat, Stop
from rs_relay.errors import NotAllowed, PeerBroke
from rs_relay.link.channel import ChannelClosed
from rs_relay.link.spec import Permission
from tests.support.channels import MemoryChannel, channel_pair
from tests.support.customer import FakeDesktop, FakeFace, until


class Stage:
    def __init__(self, home: Path) -> None:
        self.home, self.face = home, FakeFace()
        self.notes: list[tuple[str, str]] = []
        self.granted = {Permission.FILES}
        context = Context(
            FakeDesktop(), self.face, home, "alice", home=home,
            note=lambda kind, text: self.notes.append((kind, text)), granted=self.granted.__contains__,
        )  # fmt: skip
        self.feature = Folders(context)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[MemoryChannel]:
        ours, theirs = channel_pair(SPEC)
        theirs.guard = self._guard
        self.run = asyncio.create_task(self.feature.run(theirs))
        try:
            yield ours
        finally:
            await ours.close()
            await asyncio.wait([self.run])

    def _guard(self) -> None:
        if Permission.FILES not in self.granted:
            raise NotAllowed("The customer has not allowed files.")


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "report.pdf").write_text("a report")
    return Stage(tmp_path)


async def over(channel: MemoryChannel, task: int) -> Ended:
    while True:
        said: Any = await channel.receive()
        if isinstance(said, Ended) and said.task == task:
            return said


async def test_a_listing_and_an_answer_that_there_is_none(stage: Stage) -> None:
    async with stage.open() as channel:
        await channel.send(List(1, "docs"))
        entries, ended = await channel.receive(), await channel.receive()
        assert isinstance(entries, Entries)
        assert [entry.name for entry in entries.entries] == ["report.pdf"]
        assert ended == Ended(1, count=1, path=str(stage.home / "docs"))
        await channel.send(List(2, "nothing"))
        assert (await over(channel, 2)).code == "not-found"
        await channel.send(Stat(3, "/etc/passwd"))
        assert (await over(channel, 3)).code == "not-allowed"
    assert stage.face.notices == ["alice is looking through your folders."]


async def test_the_customer_is_told_of_each_change(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "TOGETHER", 0.0)
    async with stage.open() as channel:
        for n, asked in enumerate((
            Make(0, "docs/new"), Move(1, "docs/report.pdf", "docs/final.pdf"), Move(2, "docs/final.pdf", "docs/new"),
            Remove(3, "docs/new/final.pdf"), Remove(4, "docs", recursive=True),
        )):  # fmt: skip
            await channel.send(asked)
            assert not (await over(channel, n)).code
            await asyncio.sleep(0.01)
    assert stage.face.notices[1:] == [
        "alice has made the folder new.",
        "alice has renamed report.pdf: it is final.pdf now.",
        "alice has moved final.pdf to ~/docs/new.",
        "alice has removed final.pdf.",
        "alice has removed docs (2 files and folders).",
    ]
    assert stage.notes[1] == ("file moved", "~/docs/report.pdf -> ~/docs/final.pdf")
    assert stage.notes[-1] == ("file removed", "~/docs (2)")


async def test_many_changes_are_told_together_and_all_stand_in_the_journal(stage: Stage) -> None:
    async with stage.open() as channel:
        for n in range(60):
            (stage.home / f"file {n}").touch()
            await channel.send(Remove(n, f"file {n}"))
            await over(channel, n)
    assert len(stage.face.notices) <= 4
    assert "more files and folders" in stage.face.notices[-1]
    told = ", ".join(text for _, text in stage.notes)
    assert all(f"~/file {n}" in told for n in range(60))


async def test_tasks_run_beside_each_other_and_are_stopped(stage: Stage) -> None:
    for n in range(30):
        (stage.home / f"dir {n}").mkdir()
        for k in range(100):
            (stage.home / f"dir {n}" / f"file {k}").touch()
    async with stage.open() as channel:
        for n in range(3):
            await channel.send(Find(n, "", name="*"))
        await channel.send(Stop(1))
        ends: dict[int, str] = {}
        while len(ends) < 3:
            said = await channel.receive()
            if isinstance(said, Ended):
                ends[said.task] = said.message
        assert ends == {0: "", 1: "It was stopped.", 2: ""}


async def test_a_withdrawn_grant_stops_a_removal_between_two_files(stage: Stage) -> None:
    for n in range(20_000):
        (stage.home / "docs" / f"file {n}").touch()
    async with stage.open() as channel:
        await channel.send(Remove(1, "docs", recursive=True))
        await until(lambda: len(list((stage.home / "docs").iterdir())) < 19_900)
        stage.granted.clear()
        stage.run.cancel()
        await asyncio.wait([stage.run])
        left = len(list((stage.home / "docs").iterdir()))
        await asyncio.sleep(0.1)
        assert len(list((stage.home / "docs").iterdir())) == left > 0
    assert "has removed docs (" in stage.face.notices[-1]
    assert stage.notes[-1][0] == "file removed"


async def test_a_technician_who_does_not_read_stops_the_work(stage: Stage) -> None:
    for n in range(20_000):
        (stage.home / f"file {n}").touch()
    async with stage.open() as channel:
        await channel.send(List(1, ""))
        await asyncio.sleep(0.3)
        said = []
        while not isinstance(message := await channel.receive(), Ended):
            said.append(message)
        assert sum(len(part.entries) for part in said) == message.count == 20_001


@pytest.mark.parametrize(
    "messages",
    [
        [List(n, "") for n in range(12)],
        [List(1, ""), List(1, "")],
        [List(1, "x" * 5000)],
        [Find(1, "", name="*a" * 20)],
        [Move(1, "docs", "x" * 5000)],
    ],
)
async def test_what_no_honest_end_asks(stage: Stage, messages: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object) -> Ended:
        await asyncio.sleep(60)
        raise AssertionError

    monkeypatch.setattr(stage.feature, "_drive", never)
    async with stage.open() as channel:
        try:
            for message in messages:
                await channel.send(message)
        except ChannelClosed:
            pass
        await asyncio.wait([stage.run], timeout=10)
        assert isinstance(stage.run.exception(), PeerBroke)


@pytest.mark.parametrize("path", ["a\0b", "../../x", "/proc/self/mem", "~/.ssh/id", "docs/report.pdf/x", "\0dce9"])
async def test_hostile_paths_are_answered_and_nothing_else(stage: Stage, path: str) -> None:
    async with stage.open() as channel:
        for n, asked in enumerate((List(0, path), Stat(1, path), Find(2, path), Remove(3, path, True), Make(4, path))):
            await channel.send(asked)
            assert (await over(channel, n)).code
        await channel.send(List(9, ""))
        assert not (await over(channel, 9)).code
    assert (stage.home / "docs" / "report.pdf").exists()
