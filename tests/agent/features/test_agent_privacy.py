"""The customer's screen and keyboard: held while somebody wants it and the customer does not end it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from rs_agent.desktop.keeping import Change
from rs_agent.feature import Context
from rs_agent.features.privacy import BURST, PER_SECOND, Privacy
from rs_relay.channels.privacy import SPEC, Keep, Part, State
from rs_relay.link.spec import Permission
from tests.support.channels import channel_pair
from tests.support.customer import FakeDesktop, FakeFace, FakeKeeper, until


class Case:
    def __init__(self, lease: float = 60) -> None:
        self.desktop, self.face = FakeDesktop(), FakeFace()
        self.notes: list[tuple[str, str]] = []
        self.withdrawn: list[Permission] = []
        context = Context(
            self.desktop, self.face, Path(), "alice", withdraw=self.withdrawn.append,
            note=lambda kind, text: self.notes.append((kind, text)),
        )  # fmt: skip
        self.feature = Privacy(context, lease)
        self.technician, agent = channel_pair(SPEC)
        self.running = asyncio.create_task(self.feature.run(agent))

    async def told(self, state: State) -> None:
        async with asyncio.timeout(10):
            while await self.technician.receive() != state:
                pass

    @property
    def keeper(self) -> FakeKeeper:
        assert self.desktop.keepers
        return self.desktop.keepers["privacy"]

    async def leave(self) -> None:
        await self.technician.close()
        await self.running


async def test_the_customer_reads_what_holds_how_to_end_it_and_when_it_is_over() -> None:
    case = Case()
    await case.technician.send(Keep((Part.BLANK, Part.BLOCK)))
    await case.told(State((Part.BLANK, Part.BLOCK)))
    assert case.face.notices == [
        "alice HAS DARKENED YOUR SCREEN. Press Escape three times to end that.",
        "alice HOLDS YOUR KEYBOARD AND MOUSE. Press Escape three times to end that.",
    ]
    await case.technician.send(Keep((Part.BLOCK,)))
    await case.told(State((Part.BLOCK,)))
    assert case.face.notices[2:] == ["Your screen is no longer darkened."]
    await case.leave()
    await until(lambda: case.face.notices[3:] == ["Your keyboard and mouse are yours again."])
    assert case.notes == [
        ("privacy", "blank"), ("privacy", "block"), ("privacy-over", "blank"), ("privacy-over", "block"),
    ]  # fmt: skip


async def test_who_ends_it_by_the_keys_withdraws_the_grant() -> None:
    case = Case()
    await case.technician.send(Keep((Part.BLANK,)))
    await case.told(State((Part.BLANK,)))
    case.keeper.end()
    await until(lambda: case.withdrawn == [Permission.PRIVACY])
    assert "Escape three times" in case.face.notices[-1]
    assert case.notes[-1] == ("privacy-ended", "by the customer")
    await case.leave()


async def test_a_technicians_end_that_falls_silent_holds_nothing() -> None:
    case = Case(lease=0.3)
    await case.technician.send(Keep((Part.BLANK,)))
    await case.told(State((Part.BLANK,)))
    await case.told(State())
    assert case.keeper.wanted == frozenset()
    await case.technician.send(Keep((Part.BLANK,)))
    await case.told(State((Part.BLANK,)))
    await case.leave()


async def test_a_run_that_is_cut_gives_everything_back_and_the_end_closes_the_keeper() -> None:
    case = Case()
    await case.technician.send(Keep((Part.BLOCK,)))
    await case.told(State((Part.BLOCK,)))
    assert case.keeper.wanted == {Change.BLOCK}
    case.running.cancel()
    await asyncio.gather(case.running, return_exceptions=True)
    assert case.keeper.wanted == frozenset()
    case.feature.close()
    assert case.keeper.closed


async def test_flicker_is_slow() -> None:
    case, clock = Case(), asyncio.get_running_loop().time
    began = clock()
    for _ in range(8):
        await case.technician.send(Keep((Part.BLANK,)))
        await case.technician.send(Keep())
    assert len(case.notes) <= BURST + (clock() - began) * PER_SECOND + 1
    case.running.cancel()
    await asyncio.gather(case.running, return_exceptions=True)
