from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from rs_agent.feature import Context
from rs_agent.features.logs import Logs
from rs_relay.channels.logs import ENTRIES, MAX_LINES, SPEC, Entry, Failed, Lines, Over, Read, Stop
from rs_relay.errors import LocalProblem, PeerBroke
from tests.support.channels import MemoryChannel, channel_pair
from tests.support.customer import FakeDesktop, FakeFace, until
from tests.support.machines import FakeMachine


def entry(text: str) -> Entry:
    return Entry(1.0, 6, "x", 1, text)


def asked(machine: FakeMachine) -> tuple[MemoryChannel, asyncio.Task[None], FakeFace]:
    face = FakeFace()
    channel, agent = channel_pair(SPEC)
    return channel, asyncio.create_task(Logs(Context(FakeDesktop(), face, Path(), "alice"), machine).run(agent)), face


async def rest(channel: MemoryChannel) -> tuple[list[str], Any]:
    """The texts until something else is said, and that."""
    texts: list[str] = []
    while isinstance(said := await asyncio.wait_for(channel.receive(), 10), Lines):
        texts += [each.text for each in said.entries]
    return texts, said


async def test_all_of_it_and_where_from() -> None:
    machine = FakeMachine(written=[entry(str(n)) for n in range(ENTRIES * 3 + 7)])
    channel, run, face = asked(machine)
    for number in (1, 2):
        await channel.send(Read(number, MAX_LINES))
        assert await rest(channel) == ([str(n) for n in range(ENTRIES * 3 + 7)], Over(number, "journal"))
    assert face.notices == ["alice reads the log of this computer."]
    await channel.close()
    await run


async def test_followed_until_it_is_stopped() -> None:
    machine = FakeMachine(written=[entry("old")])
    channel, run, _ = asked(machine)
    await channel.send(Read(5, follow=True))
    assert await channel.receive() == Lines(5, (entry("old"),))
    machine.more.put_nowait(entry("new"))
    assert await channel.receive() == Lines(5, (entry("new"),))
    await channel.send(Stop(5))
    assert await channel.receive() == Over(5, "")
    assert machine.reading == 0
    await channel.close()
    await run


async def test_who_does_not_take_it_is_not_read_for() -> None:
    machine = FakeMachine(written=[entry("x" * 1000) for _ in range(100_000)])
    channel, run, _ = asked(machine)
    await channel.send(Read(1, MAX_LINES))
    await asyncio.sleep(0.3)
    assert machine.reading == 1  # it stands still
    assert channel._in.size < 10 * ENTRIES * 1100
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)
    assert machine.reading == 0


async def test_a_channel_that_ends_ends_the_reading() -> None:
    machine = FakeMachine(written=[entry("old")])
    channel, run, _ = asked(machine)
    await channel.send(Read(1, follow=True))
    await channel.receive()
    await channel.close()
    await run
    await until(lambda: machine.reading == 0)


async def test_no_log() -> None:
    channel, run, _ = asked(FakeMachine(refusal=LocalProblem("None.", "Go.")))
    await channel.send(Read(1))
    assert await channel.receive() == Failed(1, "local-problem", "None.", "Go.")
    await channel.close()
    await run


@pytest.mark.parametrize(
    "wanted",
    [[Read(1, -1)], [Read(1, MAX_LINES + 1)], [Read(1, since=-1)], [Read(1, since=1e300)], [Read(1, unit="x" * 300)],
     [Read(1, unit="\0")], [Read(1, priority=9)], [Read(1, follow=True)] * 2, [Read(n, follow=True) for n in range(5)]],
    ids=str,
)  # fmt: skip
async def test_no_such_log(wanted: list[Read]) -> None:
    channel, run, _ = asked(FakeMachine())
    for each in wanted:
        await channel.send(each)
    with pytest.raises(PeerBroke):
        await asyncio.wait_for(run, 10)
