"""Folders at the technician's end: what is asked again, what is not, and what no honest agent says."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from rs_cli.features.folders import Folders, Thing
from rs_relay.channels.folders import LISTED, SPEC, Ended, Entries, Entry, Find, Kind, List, Make, Stop
from rs_relay.errors import ConnectionLost, NoSuchSession, PeerBroke
from tests.support.channels import break_off, channel_pair
from tests.support.customer import until
from tests.support.folders import Far


@pytest.fixture
def far(tmp_path: Path) -> Far:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.txt").write_text("a")
    return Far(tmp_path)


async def test_each_question_has_its_answer(far: Far) -> None:
    folders = Folders()

    async def work() -> None:
        listed = await folders.list("docs")
        assert ([t.name for t in listed.things], listed.path) == (["a.txt"], str(far.home / "docs"))
        assert (await folders.stat("docs/a.txt")).entry.kind is Kind.FILE
        assert (await folders.glob("docs/*")).things[0].name == "docs/a.txt"
        assert await folders.make("new") == str(far.home / "new")
        assert await folders.move("docs/a.txt", "new") == str(far.home / "new" / "a.txt")
        found: list[Thing] = []
        await folders.find(Find(0, "", name="*.txt"), found.append, lambda count: None)
        assert [t.name for t in found] == ["new/a.txt"]
        assert (await folders.measure("")).ended.count == 3
        assert (await folders.space("")).free > 0
        assert await folders.remove("new", recursive=True) == 2
        with pytest.raises(NoSuchSession):
            await folders.list("new")

    await far.during(folders, work())


async def test_what_only_looks_is_asked_again_on_the_next_link_and_a_change_is_not() -> None:
    folders = Folders()
    here, there = channel_pair(SPEC)
    running = asyncio.create_task(folders.run(here))
    listing, making = asyncio.create_task(folders.list("")), asyncio.create_task(folders.make("x"))
    asked: list[Any] = [await there.receive(), await there.receive()]
    assert {type(message) for message in asked} == {List, Make}
    await there.send(Entries(asked[0].task, (Entry("half", Kind.FILE),)))
    await asyncio.sleep(0.01)
    await break_off(there)
    await asyncio.gather(running, return_exceptions=True)
    with pytest.raises(ConnectionLost, match="broke"):
        await making
    here, there = channel_pair(SPEC)
    running = asyncio.create_task(folders.run(here))
    again = await there.receive()
    assert again == asked[0]
    await there.send(Entries(again.task, (Entry("whole", Kind.FILE),)))
    await there.send(Ended(again.task, count=1, path="/"))
    assert [thing.name for thing in (await listing).things] == ["whole"]
    running.cancel()


async def test_what_is_given_up_here_is_stopped_there() -> None:
    folders = Folders()
    here, there = channel_pair(SPEC)
    running = asyncio.create_task(folders.run(here))
    finding = asyncio.create_task(folders.list(""))
    asked = await there.receive()
    finding.cancel()
    assert await there.receive() == Stop(asked.task)
    await there.send(Entries(asked.task, (Entry("late", Kind.FILE),)))
    await asyncio.sleep(0.01)
    assert not running.done()
    running.cancel()


def _listed(*names: str) -> list[Any]:
    return [Entries(1, tuple(Entry(name, Kind.FILE) for name in names))]


@pytest.mark.parametrize(
    "lies",
    [
        *[_listed(name) for name in ("..", ".", "", "a/b", "a\0b", "../x", "/a/../b")],
        [Entries(1, (Entry("a", Kind.FILE, size=-1),))],
        [Entries(1, tuple(Entry(f"n{n}", Kind.FILE) for n in range(2000)))] * (LISTED // 2000 + 1),
    ],
)
async def test_what_no_honest_agent_says(lies: list[Any]) -> None:
    folders = Folders()
    here, there = channel_pair(SPEC)
    running = asyncio.create_task(folders.run(here))
    listing = asyncio.create_task(folders.list(""))
    await there.receive()

    async def lie() -> None:
        for message in lies:
            await there.send(message)

    lying = asyncio.create_task(lie())
    await until(running.done)
    assert isinstance(running.exception(), PeerBroke)
    lying.cancel()
    listing.cancel()
