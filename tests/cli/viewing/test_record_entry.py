"""What the window shows goes into a file, as long as the customer agrees and the technician wants."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from rs_cli.recording.reader import Recording, open_recording
from rs_cli.viewer import pipe
from rs_cli.viewing import record, view
from rs_cli.viewing.record import RecordEntry
from rs_relay.channels.consent import Grant
from rs_relay.channels.record import Begin, Shown
from rs_relay.channels.screen.messages import Frame, Layout, Refresh
from rs_relay.errors import NotAllowed, RsError
from rs_relay.link.channel import ChannelClosed
from rs_relay.link.spec import Permission
from tests.support.channels import MemoryChannel
from tests.support.customer import until
from tests.support.technician import FakeLink
from tests.support.viewing import Case, ScreenAgent, during


class Agent(ScreenAgent):
    """Answers Refresh with a new layout, and `record` as an agent does."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[MemoryChannel] = []
        self.layouts = 1

    async def serve(self, name: str, channel: MemoryChannel, link: FakeLink) -> None:
        if name != "record":
            await super().serve(name, channel, link)
            return
        try:
            assert await channel.receive() == Begin()
            self.records.append(channel)
            await channel.send(Shown())
            await channel.receive()
        except (ChannelClosed, RsError):
            return

    async def _hear(self, said: Any, channel: MemoryChannel) -> None:
        await super()._hear(said, channel)
        if isinstance(said, Refresh):
            self.layouts += 1
            await channel.send(Layout(self.layouts, 0, 0, 32, 32))
            await channel.send(Frame(100 * self.layouts, self.layouts))


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(record, "SHOW", 0.02)
    made = Case(tmp_path)
    made.agent = Agent()
    return made


def kept() -> Recording | None:
    for path in Path().glob("recording-1-*.rsrec"):
        try:
            return open_recording(path)
        except RsError:
            return None
    return None


async def begin(case: Case) -> None:
    """Until something is in the file."""
    await case.viewer.line(view.CONTROLLING)
    case.viewer.say(pipe.Chosen("record", True))
    await case.viewer.entry("record", on=True)
    await until(lambda: kept() is not None)


async def test_it_records_until_it_is_chosen_again(case: Case) -> None:
    async def story() -> None:
        await begin(case)
        await until(lambda: "[recording] 0:00" in {m.text for m in case.viewer.sent if isinstance(m, pipe.Status)})
        case.viewer.say(pipe.Chosen("record", False))
        await case.viewer.entry("record", on=False)
        await until(lambda: case.viewer.status is not None and case.viewer.status.text.startswith("Recorded to"))

    await during(case, story, (RecordEntry,))
    made = kept()
    assert made is not None
    assert made.finished
    assert made.about.title == "1 · Maria's PC"
    assert case.agent.heard.count(Refresh()) == 1


async def test_the_end_of_the_window_closes_the_file(case: Case) -> None:
    await during(case, lambda: begin(case), (RecordEntry,))
    made = kept()
    assert made is not None
    assert made.finished


async def test_a_withdrawal_ends_it_and_is_told(case: Case) -> None:
    async def story() -> None:
        await begin(case)
        for channel in case.agent.records:  # type: ignore[attr-defined]
            await channel.close(NotAllowed("The customer has not allowed record."))
        await case.viewer.entry("record", on=False)
        await case.viewer.line(record.BY_CUSTOMER)

    await during(case, story, (RecordEntry,))
    made = kept()
    assert made is not None
    assert made.finished


async def test_a_refusal_is_told_and_leaves_no_file(case: Case) -> None:
    case.agent.answer = lambda p: Grant.REFUSED if p is Permission.RECORD else Grant.GRANTED

    async def story() -> None:
        await case.viewer.line(view.CONTROLLING)
        case.viewer.say(pipe.Chosen("record", True))
        await case.viewer.line("The customer has not allowed record.")
        await case.viewer.entry("record", on=False)

    await during(case, story, (RecordEntry,))
    assert kept() is None


async def test_who_thinks_better_of_it_while_the_customer_is_asked(case: Case) -> None:
    asked = asyncio.Event()

    async def admit(spec: Any) -> None:
        if spec.name == "record":
            asked.set()
            await asyncio.Event().wait()

    case.agent.admit = admit  # type: ignore[method-assign]

    async def story() -> None:
        await case.viewer.line(view.CONTROLLING)
        case.viewer.say(pipe.Chosen("record", True))
        await asked.wait()
        await case.viewer.line(record.ASKING)
        case.viewer.say(pipe.Chosen("record", False))
        await case.viewer.entry("record", on=False)
        await case.viewer.line(view.CONTROLLING)

    await during(case, story, (RecordEntry,))
    assert kept() is None
