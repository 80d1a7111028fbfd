"""Share at the technician's end as a conversation: a customer's window at the other end, a screen made of an array."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import numpy as np
import pytest

from rs_cli.features.share import Share
from rs_relay.capture.base import Monitor
from rs_relay.channels.screen.codecs import NAMES
from rs_relay.channels.screen.messages import Choose, Frame, Layout, Painted, Pause, Refresh, Resume, Start, Tune
from rs_relay.channels.screen.picture import Picture
from rs_relay.channels.screen.share import SPEC, Closed
from rs_relay.errors import ConnectionLost, LocalProblem, NotAllowed, PeerBroke
from tests.support.channels import MemoryChannel, break_off, channel_pair
from tests.support.customer import until
from tests.support.scenery import ArrayDesktop, page, rgb


class Stage:
    """A share that runs, and the customer's end of its channel."""

    def __init__(self, desktop: ArrayDesktop, **options: Any) -> None:
        self.seen: list[bool] = []
        self.share = Share(seen=self.seen.append, open_screen=desktop.screen, **options)
        self.desktop = desktop
        self.agent: MemoryChannel
        self.running: asyncio.Task[None]
        self.layouts: list[Layout] = []
        self.link()

    def link(self) -> None:
        ours, self.agent = channel_pair(SPEC)
        self.running = asyncio.create_task(self.share.run(ours))

    async def picture(self, picture: Picture | None = None) -> Picture:
        """The next whole update, painted; into `picture`, or a new one."""
        picture = picture or Picture()
        while True:
            match await self.agent.receive():
                case Layout() as layout:
                    self.layouts.append(layout)
                    picture.reset(layout)
                case Frame() as frame:
                    picture.apply(frame)
                    if not frame.more:
                        await self.agent.send(Painted(frame.seq))
                        return picture


async def test_it_shows_its_screen_once_the_customers_window_is_there() -> None:
    stage = Stage(ArrayDesktop(page(300, 400)))
    await asyncio.sleep(0.1)
    assert stage.desktop.grabs == 0
    assert stage.seen == []
    await stage.agent.send(Start(codecs=NAMES))
    async with asyncio.timeout(20):
        picture = await stage.picture()
        assert stage.seen == [True]
        while not np.array_equal(picture.pixels, rgb(stage.desktop.picture)):
            await stage.picture(picture)  # what came lossy becomes exact
        stage.desktop.picture = page(300, 400, seed=2)
        while not np.array_equal(picture.pixels, rgb(stage.desktop.picture)):
            await stage.picture(picture)
    stage.running.cancel()


async def test_the_customer_closes_the_window() -> None:
    stage = Stage(ArrayDesktop(page(300, 400)))
    await stage.agent.send(Start())
    await stage.picture()
    await stage.agent.send(Closed())
    async with asyncio.timeout(10):
        await stage.running
        await stage.share.over()
    assert stage.seen == [True, False]


async def test_an_end_without_a_word_is_not_the_customers() -> None:
    stage = Stage(ArrayDesktop(page(300, 400)))
    await stage.agent.send(Start())
    await stage.picture()
    await stage.agent.close()
    async with asyncio.timeout(10):
        await stage.running
    over = asyncio.create_task(stage.share.over())
    await asyncio.sleep(0)
    assert not over.done()
    over.cancel()


@pytest.mark.parametrize("busy", [False, True])
async def test_a_lost_link_is_told_as_such_and_the_next_one_begins_anew(busy: bool) -> None:
    """Also in the middle of an update: the sender hears of it first, but why it is stands in the channel's end."""
    stage = Stage(ArrayDesktop(page(1500, 2000)))
    await stage.agent.send(Start())
    if not busy:
        await stage.picture()
    else:
        await stage.agent.receive()
    await break_off(stage.agent)
    with pytest.raises(ConnectionLost):
        async with asyncio.timeout(10):
            await stage.running
    assert stage.seen in ([True, False], [])
    stage.link()
    await stage.agent.send(Start())
    await stage.picture()
    assert stage.seen[-1] is True
    stage.running.cancel()


async def test_a_withdrawal_comes_out() -> None:
    stage = Stage(ArrayDesktop(page(300, 400)))
    await stage.agent.send(Start())
    await stage.picture()
    await stage.agent.close(NotAllowed("The customer has not allowed share."))
    with pytest.raises(NotAllowed):
        await stage.running
    assert stage.seen == [True, False]


async def test_stopping_is_seen_at_once() -> None:
    stage = Stage(ArrayDesktop(page(300, 400)))
    await stage.agent.send(Start())
    await stage.picture()
    stage.running.cancel()
    await asyncio.gather(stage.running, return_exceptions=True)
    assert stage.seen == [True, False]
    grabs = stage.desktop.grabs
    await asyncio.sleep(0.3)
    assert stage.desktop.grabs <= grabs + 1  # the one that was under way


async def test_out_of_sight_nothing_is_grabbed() -> None:
    stage = Stage(ArrayDesktop(page(300, 400)))
    await stage.agent.send(Start())
    picture = await stage.picture()
    await stage.agent.send(Pause())
    await asyncio.sleep(0.2)
    grabs = stage.desktop.grabs
    stage.desktop.picture = page(300, 400, seed=2)
    await asyncio.sleep(0.3)
    assert stage.desktop.grabs == grabs
    await stage.agent.send(Resume())
    async with asyncio.timeout(20):
        await stage.picture(picture)
    assert np.array_equal(picture.pixels, rgb(stage.desktop.picture))
    stage.running.cancel()


async def test_one_monitor_is_all_that_the_other_end_hears_of() -> None:
    desktop = ArrayDesktop(page(300, 800))
    desktop.monitors = (Monitor("left", 0, 0, 400, 300, True), Monitor("right", 400, 0, 400, 300))
    stage = Stage(desktop, monitor=1)
    for asked in (0, 1, -1):
        await stage.agent.send(Start(monitor=asked))
        async with asyncio.timeout(20):
            picture = await stage.picture()
        assert np.array_equal(picture.pixels, rgb(desktop.picture)[:, 400:])
        assert [place.name for place in stage.layouts[-1].monitors] == ["right"]
    stage.running.cancel()


async def test_a_monitor_that_is_not_there() -> None:
    stage = Stage(ArrayDesktop(page(300, 400)), monitor=3)
    await stage.agent.send(Start())
    with pytest.raises(LocalProblem, match="no monitor 4"):
        await stage.running
    await until(lambda: stage.seen[-1:] in ([], [False]))


# what a hostile agent may say


@pytest.mark.parametrize("message", [Choose(1), Tune(), Layout(1, 0, 0, 32, 32), ("key", "a", True)])
async def test_nothing_else_can_be_said_to_it(message: Any) -> None:
    stage = Stage(ArrayDesktop(page(300, 400)))
    await stage.agent.send_raw(msgspec.msgpack.encode(message))
    with pytest.raises(PeerBroke):
        await stage.running
    assert stage.desktop.grabs == 0


async def test_it_wants_all_again() -> None:
    stage = Stage(ArrayDesktop(page(300, 400)))
    await stage.agent.send(Start())
    await stage.picture()
    await stage.agent.send(Refresh())
    async with asyncio.timeout(20):
        assert np.array_equal((await stage.picture()).pixels, rgb(stage.desktop.picture))
    stage.running.cancel()
