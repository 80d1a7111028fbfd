from __future__ import annotations

import asyncio

import numpy as np
import pytest

from rs_cli.features.preview import FIRST, Preview
from rs_relay.channels.screen.codecs import PLAIN
from rs_relay.channels.screen.messages import SPEC, Frame, Painted, Pause, Resume, Start, Tune
from rs_relay.errors import PeerBroke
from tests.support.channels import MemoryChannel, break_off, channel_pair
from tests.support.customer import until
from tests.support.pictures import Painter
from tests.support.recordings import film


def begin(preview: Preview) -> tuple[MemoryChannel, asyncio.Task[None]]:
    ours, theirs = channel_pair(SPEC)
    return theirs, asyncio.create_task(preview.run(ours))


async def test_each_whole_picture_is_told_and_paid_for() -> None:
    told: list[np.ndarray] = []
    preview = Preview(lambda: told.append(preview.pixels))  # type: ignore[arg-type]
    agent, running = begin(preview)
    assert await agent.receive() == Start(-1, PLAIN)
    painter = Painter(200, 120)
    await agent.send(painter.layout)
    for n, picture in enumerate(film(count=3)):
        for frame in painter.frames(picture):
            await agent.send(frame)
            assert await agent.receive() == Painted(frame.seq)
        if n == 0:  # the first picture is exact: from now on there is no hurry
            assert await agent.receive() == Tune(rate=1)
    assert [np.array_equal(a, b) for a, b in zip(told, film(count=3), strict=True)] == [True] * 3
    await agent.close()
    await running


async def test_a_first_picture_that_takes_long_is_not_waited_for_for_ever() -> None:
    preview = Preview()
    agent, running = begin(preview)
    await agent.receive()
    await agent.send(Painter(64, 64).layout)
    for seq in range(1, FIRST + 1):
        await agent.send(Frame(seq, 1, lossy=3))
        assert await agent.receive() == Painted(seq)
    assert await agent.receive() == Tune(rate=1)
    await agent.close()
    await running


async def test_a_pause_holds_on_the_next_link() -> None:
    preview = Preview()
    agent, running = begin(preview)
    await agent.receive()
    await preview.pause(True)
    await preview.pause(True)
    assert await agent.receive() == Pause()
    await break_off(agent)
    await asyncio.gather(running, return_exceptions=True)
    await preview.pause(False)  # nobody is there to hear it
    await preview.pause(True)
    agent, running = begin(preview)
    await agent.receive()
    assert await agent.receive() == Pause()
    await until(lambda: preview._channel is not None)
    await preview.pause(False)
    assert await agent.receive() == Resume()
    await agent.close()
    await running


async def test_what_makes_no_sense_ends_it() -> None:
    preview = Preview()
    agent, running = begin(preview)
    await agent.send(Painter(64, 64).layout)
    await agent.send(Frame(1, 1, spans=(99, 1)))
    with pytest.raises(PeerBroke):
        await running
