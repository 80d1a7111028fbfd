"""Share at the customer's end as a conversation: a technician at the other end of the channel, a window of memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rs_agent.feature import Context
from rs_agent.features import share
from rs_agent.features.share import ShareFeature
from rs_relay.channels.screen.messages import Choose, Frame, Layout, Painted, Pause, Pointer, Start, Tune
from rs_relay.channels.screen.share import SPEC, Closed
from rs_relay.errors import ConnectionLost, LocalProblem, NotAllowed, PeerBroke
from rs_relay.link.channel import ChannelClosed
from tests.support.channels import MemoryChannel, break_off, channel_pair
from tests.support.customer import FakeDesktop, FakeFace, until


class Stage:
    def __init__(self, folder: Path) -> None:
        self.face = FakeFace()
        self.clock = 0.0
        self.feature = ShareFeature(Context(FakeDesktop(), self.face, folder, "alice"), lambda: self.clock)

    @asynccontextmanager
    async def share(self) -> AsyncIterator[tuple[MemoryChannel, asyncio.Task[None]]]:
        """The technician's end of a channel, and the run at the customer's."""
        technician, agent = channel_pair(SPEC)
        run = asyncio.create_task(self.feature.run(agent))
        try:
            yield technician, run
        finally:
            run.cancel()
            await asyncio.gather(run, return_exceptions=True)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


async def test_a_window_shows_what_comes_and_says_what_it_painted(stage: Stage) -> None:
    async with stage.share() as (technician, _run):
        assert await technician.receive() == Start(codecs=("jpeg",))
        said = [Layout(1, 0, 0, 32, 32), Frame(1, 1), Pointer(3, 4)]
        for message in said:
            await technician.send(message)
        window = stage.face.windows[0]
        await until(lambda: window.shown == said)
        assert window.who == "alice"
        for answer in (Painted(1), Pause()):
            window.says.put_nowait(answer)
            assert await technician.receive() == answer
        assert "alice" in stage.face.notices[-1]


async def test_the_customer_closes_the_window(stage: Stage) -> None:
    async with stage.share() as (technician, run):
        await technician.receive()
        stage.face.windows[0].says.put_nowait(None)
        await run  # without an error
        assert await technician.receive() == Closed()
        assert not stage.face.windows[0].open
        assert "no longer" in stage.face.notices[-1]


async def test_the_technician_stops(stage: Stage) -> None:
    async with stage.share() as (technician, run):
        await technician.receive()
        await technician.close()
        await run
        assert not stage.face.windows[0].open


async def test_a_link_that_breaks_leaves_no_window(stage: Stage) -> None:
    async with stage.share() as (technician, run):
        await technician.receive()
        await break_off(technician)
        with pytest.raises((ConnectionLost, ChannelClosed)):
            await run
        assert not stage.face.windows[0].open


async def test_what_is_withdrawn_is_gone_before_the_run_has_ended(stage: Stage) -> None:
    async with stage.share() as (technician, run):
        await technician.receive()
        run.cancel()  # as the session does
        await asyncio.sleep(0)
        assert not stage.face.windows[0].open


@pytest.mark.parametrize(
    "error", [PeerBroke("A picture that makes no sense."), LocalProblem("The window broke.")], ids=["peer", "window"]
)
async def test_a_window_that_breaks_ends_it_with_its_own_words(stage: Stage, error: Exception) -> None:
    async with stage.share() as (technician, run):
        await technician.receive()
        stage.face.windows[0].says.put_nowait(error)
        with pytest.raises(type(error)):
            await run
        assert not stage.face.windows[0].open


async def test_where_no_window_can_be_opened_both_are_told(stage: Stage) -> None:
    stage.face.windows_open = False
    async with stage.share() as (_technician, run):
        with pytest.raises(LocalProblem):
            await run
    assert stage.face.notices == ["alice wanted to show you their screen, but no window can be opened here."]


async def test_a_further_share_takes_the_place_of_the_one_before(stage: Stage) -> None:
    async with stage.share() as (first, run), stage.share() as (second, _):
        await first.receive()
        await second.receive()
        with pytest.raises(NotAllowed, match="Another screen"):
            await run
        assert [window.open for window in stage.face.windows] == [False, True]


async def test_a_window_does_not_spring_up_again_and_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(share.asyncio, "sleep", sleep)
    for _ in range(share.BURST + 2):
        technician, agent = channel_pair(SPEC)
        run = asyncio.ensure_future(stage.feature.run(agent))
        await technician.receive()
        stage.face.windows[-1].says.put_nowait(None)
        await run
    assert waited == [0.0] * share.BURST + [10.0, 20.0]


# what a hostile technician may say


@pytest.mark.parametrize("message", [Start(), Choose(1), Painted(1), Tune(), ("hello",), {"type": "f"}])
async def test_what_is_not_a_picture_never_reaches_the_window(stage: Stage, message: Any) -> None:
    async with stage.share() as (technician, run):
        await technician.receive()
        await technician.send_raw(msgspec.msgpack.encode(message))
        with pytest.raises(PeerBroke):
            await run
        assert stage.face.windows[0].shown == []
        assert not stage.face.windows[0].open


async def test_a_technician_who_floods_is_held_up_by_the_window(stage: Stage) -> None:
    gate = asyncio.Event()
    async with stage.share() as (technician, _run):
        await technician.receive()
        window = stage.face.windows[0]

        async def slow(message: Any) -> None:
            await gate.wait()

        window.show = slow  # type: ignore[method-assign]
        sending = asyncio.create_task(_send_many(technician))
        for _ in range(100):
            await asyncio.sleep(0)
        assert not sending.done()
        gate.set()
        await sending


async def _send_many(technician: MemoryChannel) -> None:
    for n in range(60):
        await technician.send(Layout(n, 0, 0, 4096, 4096))
