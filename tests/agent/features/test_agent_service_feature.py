"""A service from within a session: told to the customer, the administrator asked by the system, or nothing done."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from rs_agent.feature import Context
from rs_agent.features.agent_service import AgentService
from rs_agent.machine.service.base import State
from rs_agent.system.tools import Said
from rs_agent.unattended.enrolment import Settings, Unattended
from rs_agent.unattended.serving import Handed
from rs_relay.channels.agent_service import SPEC, Asked, Install, Remove, Status, Told, Up
from rs_relay.errors import LocalProblem, NoSuchSession, NotAllowed, PeerBroke, RsError
from rs_relay.link.channel import ChannelClosed
from rs_relay.link.verifier import SMALL
from tests.support.channels import MemoryChannel, channel_pair
from tests.support.customer import FakeDesktop, FakeFace


@dataclass
class FakeService:
    home: Path | None
    commands: list[list[str]] = field(default_factory=list)
    now: State = State.MISSING

    def install(self, command: Sequence[str]) -> None:
        self.commands.append(list(command))
        self.now = State.RUNNING

    def state(self) -> State:
        return self.now

    def remove(self) -> None:
        self.now = State.MISSING


class Case:
    def __init__(self, folder: Path, *, administrator: bool = False, enrolled: bool = True) -> None:
        self.face, self.notes = FakeFace(), list[tuple[str, str]]()
        context = Context(
            FakeDesktop(), self.face, folder, "alice\x1b[31m", note=lambda kind, text: self.notes.append((kind, text))
        )
        self.state, self.home = folder / "own", folder / "service"
        self.kept = Unattended(self.state)
        if enrolled:
            self.kept.enable("correct horse 42", "wss://relay.example.org", Settings(), SMALL)
        self.computers, self.own = FakeService(self.home), FakeService(None)
        self.asked: list[tuple[list[str], bytes]] = []
        self.answer: asyncio.Future[Said | RsError] = asyncio.get_running_loop().create_future()
        self.cancelled = False
        self.feature = AgentService(
            context, self.state, pick=lambda user: self.own if user else self.computers, elevate=self.elevate,
            administrator=lambda: administrator,
        )  # fmt: skip

    async def elevate(self, argv: list[str], data: bytes) -> Said:
        self.asked.append((argv, data))
        try:
            answer = await self.answer
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        if isinstance(answer, RsError):
            raise answer
        self.computers.now = State.RUNNING
        return answer

    def begin(self) -> tuple[MemoryChannel, asyncio.Task[None]]:
        technician, agent = channel_pair(SPEC)
        return technician, asyncio.create_task(self.feature.run(agent))

    async def do(self, wish: Up) -> Told:
        technician, running = self.begin()
        await technician.send(wish)
        async with asyncio.timeout(20):
            await running
            answer = await technician.receive()
        assert isinstance(answer, Told)
        return answer


async def test_the_customers_own_needs_nobody_else(tmp_path: Path) -> None:
    case = Case(tmp_path)
    assert await case.do(Install(user=True)) == Told("missing", "running")
    assert case.own.commands[0][-3:-1] == ["run", "--service"] or "--service" in case.own.commands[0]
    assert not case.asked
    assert case.kept.read() is not None  # the same state serves both
    assert "alice" in case.face.notices[0]
    assert "\x1b" not in "".join(case.face.notices)
    assert case.notes == [("agent-service", "installed, the user's own")]
    assert await case.do(Status()) == Told("missing", "running")
    assert await case.do(Remove(user=True)) == Told("missing", "missing")


async def test_an_administrators_agent_does_it_itself_and_the_device_moves(tmp_path: Path) -> None:
    case = Case(tmp_path, administrator=True)
    before = case.kept.require()
    assert await case.do(Install()) == Told("running", "missing")
    assert Unattended(case.home).require() == before
    assert case.kept.read() is None
    assert await case.do(Remove()) == Told("missing", "missing")
    assert not case.home.exists()


async def test_another_is_asked_for_by_the_system_and_handed_the_device(tmp_path: Path) -> None:
    case = Case(tmp_path)
    before = case.kept.require()
    technician, running = case.begin()
    await technician.send(Install())
    assert await technician.receive() == Asked()
    case.answer.set_result(Said(0, "", ""))
    assert await technician.receive() == Told("running", "missing")
    await running
    ((argv, data),) = case.asked
    assert argv[-3:] == ["service", "install", "--take-over"]
    assert msgspec.json.decode(data, type=Handed).record == before
    assert before.w not in " ".join(argv)
    assert case.kept.read() is None


@pytest.mark.parametrize("how", ["no", "failed"])
async def test_what_the_administrator_refuses_changes_nothing(tmp_path: Path, how: str) -> None:
    case = Case(tmp_path)
    case.answer.set_result(NotAllowed("No.") if how == "no" else Said(1, "", "rs-agent: broken\x1b[2J"))
    with pytest.raises(NotAllowed if how == "no" else LocalProblem) as refused:
        await case.do(Install())
    assert "\x1b" not in refused.value.hint
    assert case.kept.read() is not None
    assert not case.computers.commands
    assert not case.notes
    assert "Nothing was changed" in case.face.notices[-1]


async def test_with_the_end_of_the_channel_nobody_is_asked_any_more(tmp_path: Path) -> None:
    case = Case(tmp_path)
    technician, running = case.begin()
    await technician.send(Install())
    assert await technician.receive() == Asked()
    await technician.close()
    with pytest.raises(ChannelClosed):
        await running
    assert case.cancelled
    assert case.kept.read() is not None


async def test_two_wishes_on_one_channel(tmp_path: Path) -> None:
    case = Case(tmp_path)
    technician, running = case.begin()
    await technician.send(Install())
    assert await technician.receive() == Asked()
    await technician.send(Status())
    with pytest.raises(PeerBroke):
        await running
    assert case.cancelled


async def test_without_an_enrolment_nobody_could_come_in(tmp_path: Path) -> None:
    case = Case(tmp_path, enrolled=False)
    with pytest.raises(LocalProblem) as refused:
        await case.do(Install(user=True))
    assert "unattended enable" in refused.value.hint
    with pytest.raises(NoSuchSession):
        await case.do(Install())
    assert not case.own.commands
    assert not case.asked


async def test_a_session_without_a_place_for_it(tmp_path: Path) -> None:
    feature = AgentService(Context(FakeDesktop(), FakeFace(), tmp_path, "alice"))
    technician, agent = channel_pair(SPEC)
    await technician.send(Status())
    with pytest.raises(LocalProblem):
        await feature.run(agent)
