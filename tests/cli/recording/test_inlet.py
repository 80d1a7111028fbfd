from __future__ import annotations

import asyncio

import pytest

from rs_cli.recording import inlet
from rs_cli.recording.inlet import Inlet
from rs_relay.channels.screen.messages import Down, Frame, Layout, Pointer
from tests.support.customer import until


class Slow:
    """A recorder that takes when it may, and an agent that is asked for the picture."""

    def __init__(self) -> None:
        self.taken: list[Down] = []
        self.refreshed = 0
        self.may = asyncio.Event()
        self.may.set()

    async def take(self, message: Down) -> None:
        await self.may.wait()
        self.taken.append(message)

    async def refresh(self) -> None:
        self.refreshed += 1


async def test_it_begins_with_a_whole_picture() -> None:
    to = Slow()
    inlet = Inlet(to.take, to.refresh)
    inlet.put(Frame(1, 1))  # of a layout that nobody here has seen
    running = asyncio.create_task(inlet.run())
    await until(lambda: to.refreshed == 1)
    said = [Layout(2, 0, 0, 32, 32), Frame(2, 2), Pointer(1, 1), Frame(3, 2)]
    for message in said:
        inlet.put(message)
    await until(lambda: to.taken == said)
    running.cancel()


async def test_when_too_much_waits_it_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inlet, "QUEUE", 10_000)
    to = Slow()
    queue = Inlet(to.take, to.refresh)
    running = asyncio.create_task(queue.run())
    queue.put(Layout(1, 0, 0, 32, 32))
    await until(lambda: len(to.taken) == 1)
    to.may.clear()
    for n in range(1, 20):
        queue.put(Frame(n, 1, data=b"x" * 1000))
        await asyncio.sleep(0)
    to.may.set()
    await until(lambda: to.refreshed == 2)
    before = len(to.taken)
    assert before < 5  # what waited went away
    said = [Layout(2, 0, 0, 32, 32), Frame(20, 2)]
    for message in said:
        queue.put(message)
    await until(lambda: to.taken[before:] == said)
    running.cancel()


async def test_what_goes_wrong_is_told() -> None:
    async def take(message: Down) -> None:
        raise ValueError

    to = Slow()
    queue = Inlet(take, to.refresh)
    queue.put(Layout(1, 0, 0, 32, 32))
    with pytest.raises(ValueError):
        await queue.run()
