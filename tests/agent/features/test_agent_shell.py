"""Real shells in real terminals. What is shown is looked for, since a prompt is the machine's own matter."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from rs_agent.courtesy import SMALL, Courtesy
from rs_agent.feature import Context
from rs_agent.features import shell as module
from rs_agent.features.shell import ShellFeature
from rs_relay.channels.shell import (
    SPEC,
    WINDOW,
    Attached,
    Begin,
    End,
    Ended,
    Keys,
    Leave,
    List,
    Output,
    Screen,
    Seen,
    Shells,
    Taken,
)
from rs_relay.errors import NoSuchSession, PeerBroke
from tests.support.channels import break_off, channel_pair
from tests.support.customer import FakeDesktop, FakeFace, until


class Look:
    """A technician's end that keeps what it was shown."""

    def __init__(self, feature: ShellFeature) -> None:
        self.channel, agent = channel_pair(SPEC)
        self.run = asyncio.create_task(feature.run(agent))
        self.shown = b""
        self.attached: Attached
        self.typed = 0

    async def begin(self, key: str = "k", **more: Any) -> Look:
        await self.channel.send(Begin(key, 80, 24, "dumb", **more))
        said = await asyncio.wait_for(self.channel.receive(), 10)
        assert isinstance(said, Attached)
        self.attached, self.typed, self.seen = said, said.heard, said.at
        return self

    async def type(self, text: str) -> None:
        await self.channel.send(Keys(self.typed, text.encode()))
        self.typed += len(text.encode())

    async def until(self, what: str, seen: bool = True) -> None:
        async with asyncio.timeout(10):
            while what.encode() not in self.shown:
                await self.hear(seen)

    async def hear(self, seen: bool = True) -> Any:
        said = await self.channel.receive()
        if isinstance(said, Screen):
            self.shown += said.data
        if isinstance(said, Output):
            self.shown += said.data
            self.seen += len(said.data)
            if seen:
                await self.channel.send(Seen(self.seen))
        return said

    async def end_of(self, kind: type[Any]) -> Any:
        async with asyncio.timeout(10):
            while not isinstance(said := await self.hear(), kind):
                pass
        return said


class Bench:
    def __init__(self, home: Path) -> None:
        self.face, self.home = FakeFace(), home
        self.context = Context(FakeDesktop(), self.face, home, "alice", home=home, records=home / "records")
        self.feature = ShellFeature(self.context)

    async def look(self, key: str = "k", **more: Any) -> Look:
        return await Look(self.feature).begin(key, **more)


@pytest.fixture
async def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    monkeypatch.setattr(module.surroundings, "login_shell", lambda: "/bin/sh")
    made = Bench(tmp_path)
    yield made
    made.feature.close()
    await asyncio.sleep(0)
    await asyncio.sleep(0)


async def test_a_shell_has_a_terminal_and_ends_with_its_status(bench: Bench) -> None:
    look = await bench.look()
    assert look.attached == Attached(1, 0, 0, True)
    await look.type("stty size; echo o''ne; exit 3\n")
    ended = await look.end_of(Ended)
    assert b"24 80\r\none\r\n" in look.shown
    assert ended.status == 3
    await until(lambda: not bench.feature.busy)
    (record,) = (bench.home / "records" / "shells").iterdir()
    assert record.read_bytes() == look.shown
    assert str(record.name) in bench.face.notices[0]


async def test_files_give_way_to_what_is_typed(bench: Bench) -> None:
    bench.context.courtesy = Courtesy(lambda: 0.0)  # no time passes
    look = await bench.look()
    assert await bench.context.courtesy.turn(2 * SMALL) == 2 * SMALL
    await look.type("echo o''ne\n")
    await look.until("one")
    assert await bench.context.courtesy.turn(2 * SMALL) == SMALL


async def test_after_a_lost_link_nothing_is_missing_and_nothing_comes_twice(bench: Bench) -> None:
    first = await bench.look()
    await first.type("i=0; while [ $i -lt 300 ]; do i=$((i+1)); echo n$i; done; echo do''ne\n")
    while first.seen < 300:
        await first.hear()
    await first.type("echo ty''ped\n")
    await break_off(first.channel)
    await asyncio.wait({first.run})
    assert first.run.exception() is not None
    second = await bench.look(number=1, seen=first.seen)
    assert second.attached.at == first.seen
    before = second.attached.heard
    again = b"echo ty''ped\n"
    await second.channel.send(Keys(first.typed - len(again), again))  # it cannot know what arrived
    second.typed = first.typed
    assert first.typed - len(again) <= before <= first.typed
    await second.until("typed\r\n")
    shown = (first.shown + second.shown).replace(b"\r", b"")
    assert re.findall(rb"n(\d+)\n", shown) == [b"%d" % n for n in range(1, 301)]
    assert shown.count(b"typed\n") == 1


async def test_a_left_shell_goes_on_and_is_shown_again(bench: Bench) -> None:
    look = await bench.look()
    await look.type("X=kept; echo be''fore\n")
    await look.until("before\r\n")
    await look.channel.send(Leave())
    await look.run
    assert bench.feature.busy
    other = await bench.look("other")
    assert other.attached.number == 1
    await other.until("before\r\n")
    await other.type("echo $X\n")
    await other.until("kept\r\n")


async def test_output_in_flight_is_bounded_and_ctrl_c_works_at_once(bench: Bench) -> None:
    look = await bench.look()
    await look.type("yes\n")
    shell = bench.feature._shells[1]
    async with asyncio.timeout(10):
        while shell.pace.room:
            await look.hear(seen=False)
    await asyncio.sleep(0.1)
    assert shell.scrollback.end - look.attached.at <= WINDOW + 8192
    await look.type("\x03echo st''opped\n")
    await look.channel.send(Seen(look.seen))
    await look.until("stopped\r\n")


async def test_a_second_look_takes_it_over(bench: Bench) -> None:
    first = await bench.look("a")
    second = await bench.look("b", number=1)
    await first.end_of(Taken)
    await second.type("echo m''ine\n")
    await second.until("mine\r\n")


async def test_each_asks_for_what_they_want(bench: Bench) -> None:
    first = await bench.look("a")
    second = await bench.look("b")
    assert (first.attached.number, second.attached.number) == (1, 2)
    asking = Look(bench.feature)
    await asking.channel.send(List())
    said = await asking.channel.receive()
    assert isinstance(said, Shells)
    assert [(s.number, s.attached) for s in said.shells] == [(1, True), (2, True)]
    with pytest.raises(NoSuchSession):
        nobody = Look(bench.feature)
        await nobody.channel.send(Begin("k", 80, 24, "dumb", number=9))
        await nobody.run


async def test_it_is_ended_from_here_or_by_the_customer(bench: Bench) -> None:
    look = await bench.look()
    await look.type("trap '' HUP TERM; sleep 67 & echo p$!\n")
    await look.until("p")
    await look.channel.send(End())
    await look.end_of(Ended)
    assert not bench.feature.busy
    left = await bench.look("c")
    await left.channel.send(Leave())
    await left.run
    assert bench.feature.busy
    await bench.feature.withdrawn()
    assert not bench.feature.busy


@pytest.mark.parametrize(
    "begin",
    [Begin("", 80, 24, "dumb"), Begin("k", 0, 24, "dumb"), Begin("k", 80, 24, "a b"), Begin("k", 80, 24, "x", seen=-2)],
)
async def test_what_no_honest_technician_says(bench: Bench, begin: Begin) -> None:
    look = Look(bench.feature)
    await look.channel.send(begin)
    with pytest.raises(PeerBroke):
        await look.run
    assert not bench.feature.busy


async def test_a_lie_about_what_was_typed_or_seen_breaks_the_look_and_not_the_shell(bench: Bench) -> None:
    for lie in (Keys(5, b"x"), Seen(10**9)):
        look = await bench.look("k", number=0)
        await look.channel.send(lie)
        with pytest.raises(PeerBroke):
            await look.run
    assert bench.feature.busy
