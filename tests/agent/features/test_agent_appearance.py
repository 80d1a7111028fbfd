"""Wallpaper and effects are hidden for as long as anybody wants it, and never longer."""

from __future__ import annotations

import asyncio
from pathlib import Path

from rs_agent.desktop.keeping import Change
from rs_agent.feature import Context
from rs_agent.features.appearance import Appearance
from rs_relay.channels.appearance import SPEC, Hide, Part, State
from rs_relay.errors import LocalProblem
from tests.support.channels import MemoryChannel, channel_pair
from tests.support.customer import FakeDesktop, FakeFace, FakeKeeper


class Case:
    def __init__(self) -> None:
        self.desktop = FakeDesktop()
        self.feature = Appearance(Context(self.desktop, FakeFace(), Path(), "alice"))

    def link(self) -> tuple[MemoryChannel, asyncio.Task[None]]:
        technician, agent = channel_pair(SPEC)
        return technician, asyncio.create_task(self.feature.run(agent))

    @property
    def keeper(self) -> FakeKeeper:
        assert self.desktop.keepers
        return self.desktop.keepers["appearance"]


async def test_it_is_hidden_told_and_given_back_when_the_last_one_goes() -> None:
    case = Case()
    first, running = case.link()
    assert await first.receive() == State()
    assert case.desktop.keepers == {}  # nothing is started before somebody wants something
    await first.send(Hide((Part.WALLPAPER,)))
    assert await first.receive() == State((Part.WALLPAPER,))
    second, also = case.link()
    assert await second.receive() == State((Part.WALLPAPER,))
    await second.send(Hide((Part.EFFECTS, Part.WALLPAPER)))
    assert await second.receive() == State((Part.WALLPAPER, Part.EFFECTS))
    await first.send(Hide())
    await second.close()
    await also
    assert case.keeper.wanted == frozenset()
    await first.close()
    await running


async def test_a_run_that_is_cut_wants_nothing() -> None:
    case = Case()
    technician, running = case.link()
    await technician.send(Hide((Part.EFFECTS,)))
    while await technician.receive() != State((Part.EFFECTS,)):
        pass
    assert case.keeper.wanted == {Change.EFFECTS}
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert case.keeper.wanted == frozenset()
    case.feature.close()
    assert case.keeper.closed


async def test_why_something_cannot_is_told() -> None:
    case = Case()
    technician, running = case.link()
    await technician.receive()
    await technician.send(Hide((Part.EFFECTS,)))
    await technician.receive()
    case.keeper.cannot = {Change.WALLPAPER: "No wallpaper."}
    await technician.send(Hide((Part.EFFECTS, Part.WALLPAPER)))
    assert await technician.receive() == State((Part.EFFECTS,), {Part.WALLPAPER: "No wallpaper."})
    await technician.close()
    await running


async def test_a_desktop_without_a_keeper_ends_the_channel_with_its_sentence() -> None:
    case = Case()
    case.desktop.keepers = None
    technician, running = case.link()
    await technician.send(Hide((Part.WALLPAPER,)))
    assert isinstance((await asyncio.gather(running, return_exceptions=True))[0], LocalProblem)
