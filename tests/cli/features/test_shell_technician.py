from __future__ import annotations

import asyncio
from typing import Any

import pytest

from rs_cli.features.shell import Shell, ShellList
from rs_relay.channels.shell import (
    AHEAD,
    SPEC,
    UNSEEN,
    About,
    Attached,
    Begin,
    Ended,
    Keys,
    Leave,
    List,
    Output,
    Screen,
    Seen,
    Shells,
    Taken,
    Typed,
)
from rs_relay.errors import PeerBroke
from tests.support.channels import MemoryChannel, break_off, channel_pair


class Kept:
    def __init__(self) -> None:
        self.data = b""

    async def write(self, data: bytes) -> None:
        self.data += data


class Bench:
    def __init__(self, **more: Any) -> None:
        self.screen, self.told = Kept(), list[tuple[int, bool]]()
        self.shell = Shell(
            self.screen, "xterm", (80, 24), attached=lambda a, again: self.told.append((a.number, again)), **more
        )

    async def link(self, at: int = 0, heard: int = 0, number: int = 4) -> tuple[MemoryChannel, Begin]:
        here, agent = channel_pair(SPEC)
        self.run = asyncio.create_task(self.shell.run(here))
        begin = await hear(agent)
        await agent.send(Attached(number, at, heard, at == 0))
        return agent, begin

    async def end(self) -> None:
        self.run.cancel()
        await asyncio.gather(self.run, return_exceptions=True)


async def hear(channel: MemoryChannel) -> Any:
    return await asyncio.wait_for(channel.receive(), 10)


async def test_output_is_shown_and_said_to_be_seen() -> None:
    bench = Bench()
    agent, begin = await bench.link(at=100)
    assert (begin.seen, begin.number, begin.columns, begin.lines) == (UNSEEN, 0, 80, 24)
    await agent.send(Screen(b"before "))
    await agent.send(Output(b"now"))
    assert await hear(agent) == Seen(103)
    assert bench.screen.data == b"before now"
    await agent.send(Ended(3))
    assert await bench.shell.result() == Ended(3)
    await bench.run


async def test_how_it_ended_is_read_though_what_was_seen_can_no_longer_be_said() -> None:
    bench = Bench()
    agent, _ = await bench.link()
    await agent.send(Output(b"logout"))
    await agent.send(Ended(7))
    await agent.close()
    assert await asyncio.wait_for(bench.shell.result(), 30) == Ended(7)
    assert bench.screen.data == b"logout"
    await bench.run


async def test_after_a_lost_link_it_says_what_it_saw_and_types_what_was_not_heard() -> None:
    bench = Bench()
    agent, begin = await bench.link()
    await agent.send(Output(b"$ "))
    assert await hear(agent) == Seen(2)
    await bench.shell.type(b"abc")
    await bench.shell.type(b"def")
    assert [await hear(agent), await hear(agent)] == [Keys(0, b"abc"), Keys(3, b"def")]
    await break_off(agent)
    await asyncio.gather(bench.run, return_exceptions=True)
    await bench.shell.type(b"ghi")
    agent, again = await bench.link(at=2, heard=4)
    assert (again.key, again.number, again.seen) == (begin.key, 4, 2)
    assert await hear(agent) == Keys(4, b"efghi")
    assert bench.told == [(4, False), (4, True)]
    await bench.end()


async def test_typing_waits_for_a_shell_that_takes_nothing() -> None:
    bench = Bench()
    agent, _ = await bench.link()
    pasting = asyncio.create_task(bench.shell.type(b"x" * AHEAD))
    total = 0
    while total < AHEAD:
        total += len((await hear(agent)).data)
    await pasting
    more = asyncio.create_task(bench.shell.type(b"y"))
    await asyncio.sleep(0.02)
    assert not more.done()
    await agent.send(Typed(AHEAD))
    await asyncio.wait_for(more, 10)
    assert await hear(agent) == Keys(AHEAD, b"y")
    await bench.end()


async def test_it_is_left_or_taken() -> None:
    bench = Bench(number=4)
    agent, begin = await bench.link()
    assert begin.number == 4
    while not bench.told:  # noqa: ASYNC110 (it is told by a callback)
        await asyncio.sleep(0)
    await bench.shell.leave()
    assert await hear(agent) == Leave()
    assert await bench.shell.result() is None
    await bench.end()
    other = Bench(new=True)
    agent, begin = await other.link()
    assert begin.new
    await agent.send(Taken())
    assert await other.shell.result() == Taken()
    await other.run


@pytest.mark.parametrize("lie", [Typed(1), Shells(())])
async def test_what_no_honest_agent_says(lie: Any) -> None:
    bench = Bench()
    agent, _ = await bench.link()
    await agent.send(lie)
    with pytest.raises(PeerBroke):
        await bench.run


async def test_what_nobody_typed_cannot_have_been_heard() -> None:
    bench = Bench()
    await bench.link(heard=5)
    with pytest.raises(PeerBroke):
        await bench.run


async def test_the_list() -> None:
    here, agent = channel_pair(SPEC)
    asking = ShellList()
    run = asyncio.create_task(asking.run(here))
    assert await hear(agent) == List()
    shells = (About(1, 5.0, True, "vim"),)
    await agent.send(Shells(shells))
    assert await asking.known() == shells
    await run
