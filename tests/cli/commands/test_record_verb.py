"""Recording, with an agent made of memory."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from rs_cli.commands import record as verb
from rs_cli.main import run
from rs_cli.recording.reader import open_recording
from rs_cli.recording.recorder import Recorder
from rs_cli.session.technician import Technician, open_session
from rs_cli.state.book import Book
from rs_relay.channels.consent import Grant
from rs_relay.channels.record import Begin, Shown
from rs_relay.channels.screen.messages import Painted, Start
from rs_relay.errors import ConnectionLost, NotAllowed, RsError, SessionEnded, UsageError
from rs_relay.link.channel import ChannelClosed
from rs_relay.link.spec import Permission
from tests.support.channels import MemoryChannel
from tests.support.customer import until
from tests.support.pictures import Painter
from tests.support.recordings import film
from tests.support.technician import FakeAgent, FakeConnector, FakeLink, entry

PICTURES = film()


class Agent(FakeAgent):
    """Shows PICTURES one by one, each when the one before is painted; `act` is called before the n-th."""

    def __init__(self) -> None:
        super().__init__()
        self.act: Callable[[int], Any] = lambda n: None
        self.started: list[Start] = []
        self.records: list[MemoryChannel] = []
        self.screens: list[MemoryChannel] = []

    async def serve(self, name: str, channel: MemoryChannel, link: FakeLink) -> None:
        try:
            if name == "record":
                assert await channel.receive() == Begin()
                self.records.append(channel)
                await channel.send(Shown())
                await channel.receive()
            elif name == "screen":
                self.screens.append(channel)
                await self._show(channel)
            else:
                await super().serve(name, channel, link)
        except (ChannelClosed, RsError):
            return

    async def _show(self, channel: MemoryChannel) -> None:
        self.started.append(await channel.receive())
        painter = Painter(200, 120)
        await channel.send(painter.layout)
        for n, picture in enumerate(PICTURES):
            if acting := self.act(n):
                await acting
            frames = painter.frames(picture)
            for frame in frames:
                await channel.send(frame)
            assert await channel.receive() == Painted(frames[-1].seq)
        if acting := self.act(len(PICTURES)):
            await acting
        await channel.receive()


@pytest.fixture
def agent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Agent:
    made = Agent()
    book = Book(tmp_path / "book")
    book.add(entry())

    @asynccontextmanager
    async def reach(number: int, timeout: float) -> AsyncIterator[Technician]:
        async with open_session(number, book=book, connector=FakeConnector(made)) as session:
            yield session

    monkeypatch.setattr(verb, "reach", reach)
    monkeypatch.chdir(tmp_path)
    return made


async def interrupt() -> None:
    """Ctrl-C, when the last picture has been written."""
    await asyncio.sleep(0.4)
    os.kill(os.getpid(), signal.SIGINT)


def at(when: int, what: Callable[[], Any]) -> Callable[[int], Any]:
    return lambda n: what() if n == when else None


def test_until_ctrl_c(agent: Agent, capsys: pytest.CaptureFixture[str]) -> None:
    agent.act = at(len(PICTURES), interrupt)
    assert run(["record", "1", "a.rsrec", "--monitor", "2", "--rate", "7"]) == 0
    said = capsys.readouterr()
    assert said.out == "a.rsrec\n"
    made = open_recording(Path("a.rsrec"))
    assert made.finished
    assert made.updates >= 2
    assert made.about.title == "1 · Maria's PC"
    assert (agent.started[0].monitor, agent.started[0].tune.rate) == (1, 7)


def test_for_a_time_with_a_name_of_its_own(agent: Agent, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["record", "1", "--seconds", "0.2", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["file"].startswith("recording-1-")
    assert said["bytes"] == os.path.getsize(said["file"])
    assert said["seconds"] >= 0.2


def test_a_refusal_leaves_nothing(agent: Agent, capsys: pytest.CaptureFixture[str]) -> None:
    agent.answer = lambda p: Grant.REFUSED if p is Permission.RECORD else Grant.GRANTED
    assert run(["record", "1", "a.rsrec"]) == NotAllowed.exit_status
    assert not os.path.exists("a.rsrec")
    assert agent.started == []  # nothing was even looked at


def test_who_may_record_but_not_see_records_nothing(agent: Agent) -> None:
    agent.answer = lambda p: Grant.REFUSED if p is Permission.VIEW else Grant.GRANTED
    assert run(["record", "1", "a.rsrec"]) == NotAllowed.exit_status
    assert not os.path.exists("a.rsrec")


@pytest.mark.parametrize("what", ["records", "screens"])
def test_what_is_withdrawn_ends_it_at_once_and_the_file_plays(
    agent: Agent, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async def withdraw() -> None:
        for channel in getattr(agent, what):
            await channel.close(NotAllowed("The customer has not allowed it."))

    async def later() -> None:
        await asyncio.sleep(0.4)
        await withdraw()

    agent.act = at(3, later)
    assert run(["record", "1", "a.rsrec"]) == NotAllowed.exit_status
    said = capsys.readouterr().err
    assert "The customer has ended the recording" in said
    assert "a.rsrec holds what was recorded" in said
    made = open_recording(Path("a.rsrec"))
    assert made.finished
    assert made.updates <= 3


def test_the_end_of_the_session_ends_it(agent: Agent) -> None:
    agent.act = at(len(PICTURES), lambda: agent.leave("Thank you."))
    assert run(["record", "1", "a.rsrec"]) == SessionEnded.exit_status
    assert open_recording(Path("a.rsrec")).finished


def test_a_lost_link_is_a_gap(agent: Agent) -> None:
    lost: list[int] = []

    async def cut() -> None:
        await asyncio.sleep(0.3)
        if not lost:
            lost.append(1)
            await asyncio.gather(*(link.end(ConnectionLost("The connection was lost.")) for link in list(agent.links)))
        else:
            await interrupt()

    agent.act = at(2, cut)
    assert run(["record", "1", "a.rsrec"]) == 0
    made = open_recording(Path("a.rsrec"))
    assert len(agent.records) == 2  # the customer was told again
    assert len(made.segments) == 2


def test_a_file_that_is_there(agent: Agent, capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.rsrec").write_text("mine")
    assert run(["record", "1", "a.rsrec"]) == UsageError.exit_status
    assert Path("a.rsrec").read_text() == "mine"
    assert "--force" in capsys.readouterr().err
    assert agent.records == []
    assert run(["record", "1", "a.rsrec", "--force", "--seconds", "0.2"]) == 0
    assert open_recording(Path("a.rsrec")).updates


async def test_nothing_is_written_before_the_customer_was_told(tmp_path: Path) -> None:
    recording = verb._Recording(tmp_path / "a.rsrec", -1, 15, 0)
    async with Recorder(tmp_path / "a.rsrec", "") as recording.made:
        painter = Painter(200, 120)
        await recording._show(painter.layout)
        for frame in painter.frames(PICTURES[0]):
            await recording._show(frame)
        await asyncio.sleep(0.6)
        assert recording.made.segments == 0
        recording._consent._become(True)
        await until(lambda: recording.made is not None and recording.made.segments == 1)
