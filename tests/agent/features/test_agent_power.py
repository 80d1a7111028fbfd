"""A restart at the customer's, up to the word to a computer of memory: counted, called off, gone, come back from."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from rs_agent.feature import Context, Returned
from rs_agent.features.power import Power
from rs_relay.channels.power import SPEC, Back, CallOff, Counting, Going, Over, Reboot
from rs_relay.errors import LocalProblem, PeerBroke, RsError
from tests.support.channels import MemoryChannel, break_off, channel_pair
from tests.support.customer import FakeDesktop, FakeFace, until


class FakeDeparture:
    def __init__(self) -> None:
        self.did: list[str] = []
        self.fails: dict[str, RsError] = {}

    def _do(self, what: str) -> None:
        self.did.append(what)
        if what in self.fails:
            raise self.fails[what]

    async def ready(self, safe_mode: bool) -> None:
        self._do("ready")

    async def prepare(self, id: str) -> float:
        self._do("prepare")
        return 600.0

    async def go(self, safe_mode: bool) -> None:
        self._do("go")

    def stay(self) -> None:
        self._do("stay")


class Case:
    def __init__(self, *, least: float = 0.0, linger: float = 60.0, returned: Returned | None = None) -> None:
        self.face, self.notes, self.departure = FakeFace(), list[tuple[str, str]](), FakeDeparture()
        context = Context(
            FakeDesktop(), self.face, Path(), "alice", note=lambda *note: self.notes.append(note),
            departure=self.departure, returned=returned,
        )  # fmt: skip
        self.feature = Power(context, least=least, linger=linger)
        self.technician, _ = self.open()

    def open(self) -> tuple[MemoryChannel, asyncio.Task[None]]:
        self.technician, agent = channel_pair(SPEC)
        self.running = asyncio.create_task(self.feature.run(agent))
        return self.technician, self.running

    async def hears(self, kind: type[Any]) -> Any:
        async with asyncio.timeout(10):
            while not isinstance(said := await self.technician.receive(), kind):
                pass
        return said

    async def leave(self) -> None:
        await self.technician.close()
        await self.running


async def test_counted_before_the_customers_eyes_and_gone() -> None:
    case = Case()
    await case.technician.send(Reboot("r1", 0.2, "An \x1b[31mupdate"))
    assert (await case.hears(Counting)).left <= 0.2
    assert await case.hears(Going) == Going("r1", 600.0)
    await until(lambda: case.departure.did == ["ready", "prepare", "go"])
    counted, over = case.face.restarts
    assert counted is not None
    assert counted.who == "alice"
    assert counted.seconds <= 0.2
    assert "\x1b" not in counted.reason
    assert over is None
    assert case.notes == [("restart", "asked for"), ("restart", "now")]
    await case.leave()
    assert case.feature.busy  # the channel's end calls nothing off any more
    case.feature.close()
    assert case.departure.did[-1] == "stay"


async def test_the_customer_calls_it_off() -> None:
    case = Case()
    assert not case.feature.call_off()
    await case.technician.send(Reboot("r1", 60))
    await case.hears(Counting)
    assert case.feature.call_off()
    over = await case.hears(Over)
    assert (over.id, over.code) == ("r1", "not-allowed")
    assert case.departure.did == ["ready"]
    assert case.face.notices[-1] == "This computer does not restart."
    await case.leave()


async def test_the_technician_calls_it_off() -> None:
    case = Case()
    await case.technician.send(Reboot("r1", 60))
    await case.hears(Counting)
    await case.technician.send(CallOff("another"))
    await case.technician.send(CallOff("r1"))
    assert (await case.hears(Over)).id == "r1"
    assert case.departure.did == ["ready"]
    await case.leave()


@pytest.mark.parametrize("how", ["closed", "lost", "withdrawn"])
async def test_a_channel_that_ends_calls_it_off_and_the_same_one_asked_again_stays_off(how: str) -> None:
    case = Case()
    await case.technician.send(Reboot("r1", 60))
    await case.hears(Counting)
    if how == "closed":
        await case.leave()
    elif how == "lost":
        await break_off(case.technician)
    else:
        case.running.cancel()
    await asyncio.gather(case.running, return_exceptions=True)
    assert case.face.notices[-1] == "This computer does not restart."
    case.open()
    await case.technician.send(Reboot("r1", 60))
    assert "called off" in (await case.hears(Over)).message
    await case.leave()
    case.open()
    await case.technician.send(Reboot("r2", 60))  # a new one is
    await case.hears(Counting)
    assert case.departure.did == ["ready", "ready"]
    await case.leave()


@pytest.mark.parametrize(("where", "did"), [("ready", 1), ("prepare", 2), ("go", 3)])
async def test_what_the_computer_refuses_is_told_at_both_ends(where: str, did: int) -> None:
    case = Case()
    case.departure.fails[where] = LocalProblem("It does not want to.", "Ask it.")
    await case.technician.send(Reboot("r1", 0.0))
    assert await case.hears(Over) == Over("r1", "local-problem", "It does not want to.", "Ask it.")
    assert len(case.departure.did) == did
    assert not case.feature.busy
    assert case.face.notices[-1] == "This computer does not restart."
    await case.leave()


async def test_a_computer_that_agreed_and_stays_up_leaves_nothing() -> None:
    case = Case(linger=0.05)
    await case.technician.send(Reboot("r1", 0.0))
    await case.hears(Going)
    assert "did not go down" in (await case.hears(Over)).message
    assert case.departure.did == ["ready", "prepare", "go", "stay"]
    await case.leave()


async def test_who_lost_the_link_on_the_way_is_told_again() -> None:
    case = Case()
    await case.technician.send(Reboot("r1", 0.0))
    await case.hears(Going)
    await break_off(case.technician)
    await asyncio.gather(case.running, return_exceptions=True)
    case.open()
    await case.technician.send(Reboot("r1", 60))
    assert await case.hears(Going) == Going("r1", 600.0)
    await until(lambda: case.departure.did == ["ready", "prepare", "go"])
    await case.feature.withdrawn()
    assert case.departure.did[-1] == "stay"
    await case.leave()


async def test_an_agent_that_came_back_knows_it() -> None:
    case = Case(returned=Returned("r1", 41.5, True, "All is as before."))
    await case.technician.send(Reboot("r1", 60))
    assert await case.hears(Back) == Back("r1", 41.5, True, "All is as before.")
    assert case.departure.did == []
    await case.leave()


async def test_one_at_a_time() -> None:
    case = Case()
    first, running = case.technician, case.running
    await first.send(Reboot("r1", 60))
    await case.hears(Counting)
    case.open()
    await case.technician.send(Reboot("r2", 60))
    assert "Another restart" in (await case.hears(Over)).message
    await case.leave()
    await first.close()
    await running


@pytest.mark.parametrize(
    "asked",
    [
        Reboot("", 60), Reboot("x" * 65, 60), Reboot("r1", 4.9), Reboot("r1", 1e9), Reboot("r1", float("nan")),
        Reboot("r1", -1), Reboot("r1", 60, "y" * 201),
    ],
)  # fmt: skip
async def test_what_no_honest_end_asks(asked: Reboot) -> None:
    case = Case(least=5.0)
    await case.technician.send(asked)
    with pytest.raises(PeerBroke):
        await case.running
    assert case.departure.did == []


async def test_two_on_one_channel_call_the_first_off() -> None:
    case = Case()
    await case.technician.send(Reboot("r1", 60))
    await case.hears(Counting)
    await case.technician.send(Reboot("r2", 60))
    with pytest.raises(PeerBroke):
        await case.running
    assert case.face.notices[-1] == "This computer does not restart."
