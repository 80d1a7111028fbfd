"""Going down and coming back: what is on the disk at each step, and that nothing is left."""

from __future__ import annotations

from pathlib import Path

import pytest

from rs_agent.session import ticket as tickets
from rs_agent.session.returning import Returning
from rs_agent.session.ticket import Refused, Ticket
from rs_relay.errors import LocalProblem
from tests.agent.session.test_ticket import DEAD, NOW, ticket
from tests.support.computers import FakeComputer


class Case:
    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("RS_STATE_DIR", str(folder))
        monkeypatch.delenv("RS_CONFIG_DIR", raising=False)
        self.now, self.folder, self.computer = NOW, folder, FakeComputer()
        self.returning = self.process()
        self.returning.make = self.make

    def process(self) -> Returning:
        return Returning(self.folder, self.computer, command=lambda: ["rs-agent"], clock=lambda: self.now)

    def make(self, id: str, deadline: float) -> Ticket:
        return ticket(id=id, deadline=deadline, written=self.now, boot_id=self.computer.boot, writer=DEAD)

    @property
    def traces(self) -> list[str]:
        return [*self.computer.command, *(path.name for path in self.folder.iterdir())]


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    return Case(tmp_path, monkeypatch)


async def test_there_and_back(case: Case) -> None:
    await case.returning.ready(False)
    assert await case.returning.prepare("r1") == 600.0
    assert case.computer.command == ["rs-agent", "resume", "--state", str(case.folder)]
    assert tickets.there(case.folder)
    assert not case.returning.goes()
    await case.returning.go(False)
    assert case.returning.goes()
    assert case.computer.asked == [False]
    case.computer.boot, case.computer.note, case.now = "boot-2", "as before", NOW + 40
    back = await case.process().back()
    assert back is not None
    assert (back[0].id, back[1].away, back[1].restarted, back[1].note) == ("r1", 40.0, True, "")
    assert case.traces == ["resume-spent"]
    case.now = NOW + 700
    assert await case.process().back() is None
    assert case.traces == []


async def test_a_safe_start_gives_the_boot_configuration_back_also_when_the_session_is_over(case: Case) -> None:
    case.computer.note = "as before"
    await case.returning.ready(True)
    await case.returning.prepare("r1")
    await case.returning.go(True)
    case.computer.boot, case.now = "boot-2", NOW + 601
    with pytest.raises(Refused):
        await case.process().back()
    assert case.computer.settled == 1
    case.now = NOW
    await case.returning.prepare("r2")
    case.computer.boot = "boot-3"
    back = await case.process().back()
    assert back is not None
    assert back[1].note == "as before"


async def test_a_safe_start_that_is_given_up_on_the_way_down_is_none(case: Case) -> None:
    await case.returning.ready(True)
    await case.returning.prepare("r1")
    await case.returning.go(True)
    case.returning.stay()
    assert case.computer.settled == 1


async def test_what_is_called_off_leaves_nothing(case: Case) -> None:
    await case.returning.prepare("r1")
    case.returning.stay()
    assert case.traces == []
    case.returning.stay()


async def test_a_computer_that_refuses_leaves_nothing(case: Case) -> None:
    await case.returning.prepare("r1")
    case.computer.failure = LocalProblem("No.")
    with pytest.raises(LocalProblem):
        await case.returning.go(False)
    assert case.traces == []
    assert not case.returning.goes()


async def test_a_ticket_that_cannot_be_written_leaves_no_entry(case: Case) -> None:
    case.returning.make = None
    with pytest.raises(LocalProblem):
        await case.returning.prepare("r1")

    def broken(id: str, deadline: float) -> Ticket:
        raise LocalProblem("There is no session.")

    case.returning.make = broken
    with pytest.raises(LocalProblem):
        await case.returning.prepare("r1")
    assert case.traces == []


async def test_another_process_does_not_take_away_what_is_not_its_own(case: Case) -> None:
    await case.returning.prepare("r1")
    case.process().stay()
    assert tickets.there(case.folder)


async def test_an_entry_without_a_ticket_removes_itself(case: Case) -> None:
    case.computer.command = ["rs-agent", "resume"]
    assert await case.process().back() is None
    assert case.traces == []


async def test_too_late_leaves_nothing(case: Case) -> None:
    await case.returning.prepare("r1")
    case.computer.boot, case.now = "boot-2", NOW + 601
    with pytest.raises(Refused):
        await case.process().back()
    assert case.traces == []


async def test_while_the_first_still_runs_a_second_start_leaves_it_alone(case: Case) -> None:
    case.returning.make = lambda id, deadline: ticket(id=id, deadline=deadline, writer=tickets.me())
    await case.returning.prepare("r1")
    assert await case.process().back() is None
    assert tickets.there(case.folder)
    assert case.computer.command
