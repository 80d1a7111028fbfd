from __future__ import annotations

import asyncio
import errno
from collections import deque
from typing import Any

import pytest

from rs_cli.features.exec import Exec
from rs_relay.channels.exec import (
    AHEAD,
    SPEC,
    STDOUT,
    Deaf,
    EndOfInput,
    Errors,
    Exited,
    Failed,
    Input,
    Output,
    Run,
    Signal,
    Taken,
    Unheard,
)
from rs_relay.errors import ConnectionLost, DiskFull, NotAllowed, PeerBroke
from tests.support.channels import MemoryChannel, break_off, channel_pair


class Given:
    """A source of these pieces, and then the end, or silence."""

    def __init__(self, *pieces: bytes, ends: bool = True) -> None:
        self.left, self.ends = deque(pieces), ends

    async def read(self, limit: int) -> bytes:
        if self.left:
            return self.left.popleft()
        if not self.ends:
            await asyncio.Event().wait()
        return b""


class Kept:
    def __init__(self, broken: bool = False, full: bool = False) -> None:
        self.data, self.broken, self.full = b"", broken, full

    async def write(self, data: memoryview) -> None:
        if self.broken:
            raise BrokenPipeError
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.data += data


class Bench:
    def __init__(self, source: Any = None, stdout: Kept | None = None) -> None:
        self.out, self.errors = stdout or Kept(), Kept()
        self.feature = Exec(Run((b"x",), input=source is not None), source, self.out, self.errors)
        here, self.agent = channel_pair(SPEC)
        self.run = asyncio.create_task(self.feature.run(here))

    async def hear(self) -> Any:
        return await asyncio.wait_for(self.agent.receive(), 10)

    async def end(self) -> None:
        await asyncio.gather(self.run, return_exceptions=True)


async def test_output_goes_where_it_belongs_and_the_end_is_told() -> None:
    bench = Bench()
    assert await bench.hear() == Run((b"x",), input=False)
    await bench.agent.send(Output(memoryview(b"a\x00")))
    await bench.agent.send(Errors(memoryview(b"b\xff")))
    await bench.agent.send(Exited(9))
    assert await bench.feature.result() == Exited(9)
    assert (bench.out.data, bench.errors.data) == (b"a\x00", b"b\xff")
    await bench.end()


async def test_output_that_finds_no_room_here_is_no_success() -> None:
    bench = Bench(stdout=Kept(full=True))
    await bench.hear()
    await bench.agent.send(Output(memoryview(b"a")))
    assert await bench.hear() == Unheard(1)
    await bench.agent.send(Exited(0))
    with pytest.raises(DiskFull):
        await bench.feature.result()
    await bench.end()


async def test_input_goes_over_and_ends() -> None:
    bench = Bench(Given(b"one", b"two"))
    assert [await bench.hear() for _ in range(4)] == [
        Run((b"x",)), Input(memoryview(b"one")), Input(memoryview(b"two")), EndOfInput(),
    ]  # fmt: skip
    await bench.agent.send(Failed(127, "no"))
    assert await bench.feature.result() == Failed(127, "no")
    await bench.end()


async def test_no_more_input_is_on_its_way_than_there_is_room_for() -> None:
    piece = bytes(64 * 1024)
    bench = Bench(Given(*[piece] * 200))
    await bench.hear()
    taken = sent = 0
    while sent < 100 * len(piece):
        said = await bench.hear()
        assert isinstance(said, Input)
        sent += len(said.data)
        assert sent - taken <= AHEAD
        if sent - taken > AHEAD // 2:
            taken = sent
            await bench.agent.send(Taken(taken))
    bench.run.cancel()
    await bench.end()


async def test_who_is_deaf_is_sent_no_more() -> None:
    bench = Bench(Given(*[bytes(250_000)] * 100))
    await bench.hear()
    await bench.agent.send(Deaf())
    await bench.agent.send(Exited(0))
    assert await bench.feature.result() == Exited(0)
    await bench.end()


async def test_output_that_nobody_reads_is_told_once() -> None:
    bench = Bench(stdout=Kept(broken=True))
    await bench.hear()
    for _ in range(3):
        await bench.agent.send(Output(memoryview(b"x")))
    assert await bench.hear() == Unheard(STDOUT)
    await bench.agent.send(Exited(141, "PIPE"))
    assert (await bench.feature.result()).status == 141
    await bench.end()


async def test_a_signal_goes_over() -> None:
    bench = Bench()
    await bench.hear()
    await bench.feature.signal("INT")
    assert await bench.hear() == Signal("INT")
    bench.run.cancel()
    await bench.end()


async def refused(channel: MemoryChannel) -> None:
    await channel.close(NotAllowed("The customer has not allowed shell."))


@pytest.mark.parametrize(("how", "error"), [(break_off, ConnectionLost), (refused, NotAllowed)])
async def test_a_command_is_never_run_a_second_time(how: Any, error: type[Exception]) -> None:
    bench = Bench()
    await bench.hear()
    await how(bench.agent)
    with pytest.raises(error):
        await asyncio.wait_for(bench.feature.result(), 10)
    await bench.end()
    here, again = channel_pair(SPEC)
    await bench.feature.run(here)
    assert again.queued == 0


@pytest.mark.parametrize("lie", [Taken(10), Taken(-1)])
async def test_input_that_nobody_sent_cannot_have_been_taken(lie: Taken) -> None:
    bench = Bench(Given(ends=False))
    await bench.hear()
    await bench.agent.send(lie)
    with pytest.raises(PeerBroke):
        await bench.run
    with pytest.raises(PeerBroke):
        await bench.feature.result()
