"""Enrolment at the customer's: a device is made, the code shown to them alone, the technician written down."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from rs_agent.feature import Context
from rs_agent.features.unattended import Enrolment
from rs_agent.unattended.enrolment import Settings, Unattended
from rs_relay.channels.unattended import SPEC, Enrol, Enrolled
from rs_relay.errors import LocalProblem, PeerBroke
from rs_relay.link.address import Address
from rs_relay.link.unattended import Known, fingerprint
from rs_relay.link.verifier import SMALL, harden, plain
from tests.support.channels import channel_pair
from tests.support.customer import FakeDesktop, FakeFace

KEY, RELAY = b"k" * 32, "wss://relay.example.org"


class Case:
    def __init__(self, folder: Path, who: str = "alice") -> None:
        self.face = FakeFace()
        self.notes: list[tuple[str, str]] = []
        context = Context(
            FakeDesktop(), self.face, folder, who, note=lambda kind, text: self.notes.append((kind, text))
        )
        self.kept = Unattended(folder)
        self.feature = Enrolment(context, "Ada's PC", folder, RELAY)

    async def enrol(self, key: bytes = KEY) -> Enrolled:
        technician, agent = channel_pair(SPEC)
        running = asyncio.create_task(self.feature.run(agent))
        await technician.send(Enrol(key))
        async with asyncio.timeout(20):
            answer = await technician.receive()
        await running
        assert isinstance(answer, Enrolled)
        return answer


def _on_disk(folder: Path) -> list[str]:
    return [file.read_text() for file in folder.iterdir()]


async def test_the_code_is_shown_to_the_customer_and_goes_nowhere_else(tmp_path: Path) -> None:
    case = Case(tmp_path)
    answer = await case.enrol()
    assert answer.new_code
    ((shown, who),) = case.face.access_codes
    assert who == "alice"
    code = re.fullmatch(r"[a-z]{3,8}( [a-z]{3,8}){3}", shown)
    assert code
    record = case.kept.require()
    assert record.relay == RELAY
    assert harden(plain(code.group()), record.verifier.salt, record.verifier.cost)
    for text in (repr(answer), repr(case.notes), *_on_disk(tmp_path)):
        assert plain(code.group()) not in text
        assert code.group() not in text
    assert Address.parse(answer.address).host == record.host
    assert case.notes == [("unattended-enrolled", fingerprint(KEY))]
    assert record.admits(Known("alice", KEY))
    assert not record.admits(Known("alice", b"x" * 32))


async def test_a_device_that_was_set_up_keeps_its_code_and_settings(tmp_path: Path) -> None:
    case = Case(tmp_path)
    case.kept.enable("correct horse 42", "wss://other.example.org", Settings(hours="mon 08:00-09:00"), SMALL)
    before = case.kept.require()
    answer = await case.enrol()
    after = case.kept.require()
    assert not answer.new_code
    assert (after.w, after.relay, after.settings.hours) == (before.w, before.relay, "mon 08:00-09:00")
    assert [t.name for t in after.technicians] == ["alice"]
    assert len(case.face.notices) == 1


async def test_a_name_of_the_technicians_does_nothing_to_the_customers_terminal(tmp_path: Path) -> None:
    case = Case(tmp_path, who="\x1b[2Jalice")
    await case.enrol()
    assert all("\x1b" not in notice for notice in case.face.notices)


@pytest.mark.parametrize("size", [0, 31, 33])
async def test_what_is_no_key(tmp_path: Path, size: int) -> None:
    case = Case(tmp_path)
    technician, agent = channel_pair(SPEC)
    running = asyncio.create_task(case.feature.run(agent))
    await technician.send(Enrol(b"k" * size))
    with pytest.raises(PeerBroke):
        await running
    assert case.kept.read() is None


async def test_where_the_agent_keeps_nothing_it_cannot_be_set_up(tmp_path: Path) -> None:
    technician, agent = channel_pair(SPEC)
    running = asyncio.create_task(Enrolment(Context(FakeDesktop(), FakeFace(), tmp_path, "alice")).run(agent))
    await technician.send(Enrol(KEY))
    with pytest.raises(LocalProblem):
        await running
