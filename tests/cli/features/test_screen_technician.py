from __future__ import annotations

import asyncio
from typing import Any

import pytest

from rs_cli.features.screen import Screen
from rs_cli.features.still import Still
from rs_relay.channels.screen.messages import (
    ALL_MONITORS,
    SPEC,
    Choose,
    Frame,
    Layout,
    Painted,
    Pause,
    Pointer,
    Refresh,
    Resume,
    Start,
)
from rs_relay.errors import ConnectionLost, NotAllowed, PeerBroke
from tests.support.channels import MemoryChannel, break_off, channel_pair
from tests.support.pictures import Painter, card


class Stage:
    """A feature on a channel, and the agent's end of it."""

    def __init__(self, feature: Any) -> None:
        self.feature = feature
        self.ours: MemoryChannel
        self.agent: MemoryChannel
        self.link()

    def link(self) -> None:
        self.ours, self.agent = channel_pair(SPEC)
        self.running = asyncio.create_task(self.feature.run(self.ours))

    async def lose(self) -> None:
        await break_off(self.agent)
        with pytest.raises(ConnectionLost):
            await self.running


class Shown:
    def __init__(self) -> None:
        self.messages: list[Any] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.more = asyncio.Condition()

    async def __call__(self, message: Any) -> None:
        await self.gate.wait()
        async with self.more:
            self.messages.append(message)
            self.more.notify_all()

    async def count(self, number: int) -> None:
        async with self.more:
            await self.more.wait_for(lambda: len(self.messages) >= number)


async def test_it_starts_and_passes_on_what_comes_in_order():
    shown = Shown()
    stage = Stage(Screen(shown, monitor=1, codecs=("jpeg",)))
    assert await stage.agent.receive() == Start(1, ("jpeg",))
    said = [Layout(1, 0, 0, 64, 64), Frame(1, 1), Pointer(3, 4)]
    for message in said:
        await stage.agent.send(message)
    await shown.count(3)
    assert shown.messages == said
    await stage.agent.close()
    await stage.running


async def test_what_is_painted_goes_back_as_credit():
    stage = Stage(Screen(Shown()))
    await stage.agent.receive()
    await stage.feature.painted(Painted(5))
    assert await stage.agent.receive() == Painted(5)
    stage.running.cancel()


async def test_a_viewer_that_is_behind_slows_the_sender():
    shown = Shown()
    shown.gate.clear()
    stage = Stage(Screen(shown))
    await stage.agent.receive()
    sending = asyncio.create_task(_send_many(stage.agent, 40))
    for _ in range(200):
        await asyncio.sleep(0)
    assert not sending.done()
    assert stage.ours.heard <= 2
    shown.gate.set()
    await sending
    stage.running.cancel()


async def _send_many(agent: MemoryChannel, number: int) -> None:
    for n in range(number):
        await agent.send(Frame(n, 1))


async def test_orders():
    stage = Stage(Screen(Shown()))
    await stage.agent.receive()
    await stage.feature.choose(2)
    await stage.feature.refresh()
    await stage.feature.pause(True)
    await stage.feature.pause(False)
    assert [await stage.agent.receive() for _ in range(4)] == [Choose(2), Refresh(), Pause(), Resume()]
    stage.running.cancel()


async def test_the_next_link_begins_with_what_was_chosen():
    stage = Stage(Screen(Shown(), codecs=("jpeg",)))
    assert await stage.agent.receive() == Start(ALL_MONITORS, ("jpeg",))
    await stage.feature.choose(1)
    await stage.feature.pause(True)
    await stage.lose()
    await stage.feature.painted(Painted(1))  # of a picture from the lost link: nobody waits for it
    stage.link()
    assert [await stage.agent.receive() for _ in range(2)] == [Start(1, ("jpeg",)), Pause()]
    stage.running.cancel()


async def test_it_begins_with_the_request_for_its_channel():
    screen = Screen(Shown(), codecs=("jpeg",))
    assert screen.first() == Start(ALL_MONITORS, ("jpeg",))
    stage = Stage(screen)
    await asyncio.sleep(0)
    await screen.refresh()
    assert await stage.agent.receive() == Refresh()
    await stage.lose()
    stage.link()  # where nothing went along, it is said
    assert await stage.agent.receive() == Start(ALL_MONITORS, ("jpeg",))
    stage.running.cancel()


async def test_what_is_chosen_while_the_channel_is_opened_counts():
    screen = Screen(Shown())
    assert screen.first() == Start(ALL_MONITORS)
    await screen.choose(1)
    await screen.pause(True)
    stage = Stage(screen)
    assert [await stage.agent.receive() for _ in range(2)] == [Start(1), Pause()]
    await stage.lose()
    assert screen.first() is None  # paused: no picture is made before that is heard
    stage.link()
    assert [await stage.agent.receive() for _ in range(2)] == [Start(1), Pause()]
    stage.running.cancel()


async def test_a_withdrawal_comes_out():
    stage = Stage(Screen(Shown()))
    await stage.agent.receive()
    await stage.agent.close(NotAllowed("The customer has withdrawn it."))
    with pytest.raises(NotAllowed):
        await stage.running


# one exact picture


async def test_a_still_is_the_first_whole_update_exact():
    stage, painter, picture = Stage(Still(0)), Painter(1400, 900, x=10, y=20), card(1400, 900)
    assert await stage.agent.receive() == Start(0, ())
    await stage.agent.send(painter.layout)
    await stage.agent.send(Pointer(1, 1))
    frames = painter.frames(picture)
    assert len(frames) > 1
    for frame in frames:
        await stage.agent.send(frame)
    taken = await stage.feature.taken()
    assert (taken.pixels == picture).all()
    assert (taken.layout.x, taken.layout.y) == (10, 20)
    await stage.running


async def test_a_still_waits_for_what_is_lossy():
    stage, painter, picture = Stage(Still()), Painter(64, 64), card(64, 64)
    await stage.agent.receive()
    await stage.agent.send(painter.layout)
    (frame,) = painter.frames(picture)
    await stage.agent.send(Frame(frame.seq, 1, (), frame.spans, frame.data, lossy=4))
    assert await stage.agent.receive() == Painted(frame.seq)
    await stage.agent.send(Frame(frame.seq + 1, 1))
    assert ((await stage.feature.taken()).pixels == picture).all()


async def test_a_still_survives_a_lost_link():
    stage, painter = Stage(Still()), Painter(1400, 900)
    await stage.agent.receive()
    await stage.agent.send(painter.layout)
    await stage.agent.send(painter.frames(card(1400, 900))[0])
    await stage.lose()
    stage.link()
    again, picture = Painter(1400, 900), card(1400, 900, 3)
    await stage.agent.receive()
    await stage.agent.send(again.layout)
    for frame in again.frames(picture):
        await stage.agent.send(frame)
    assert ((await stage.feature.taken()).pixels == picture).all()


@pytest.mark.parametrize("hostile", [Layout(1, 0, 0, 16_384, 16_384), Frame(1, 1, data=b"x")])
async def test_a_still_refuses_what_makes_no_sense(hostile):
    stage = Stage(Still())
    await stage.agent.receive()
    await stage.agent.send(hostile)
    with pytest.raises(PeerBroke):
        await stage.running
