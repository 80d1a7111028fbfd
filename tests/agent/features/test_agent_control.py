from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from rs_agent.courtesy import SMALL, Courtesy
from rs_agent.feature import Context
from rs_agent.features import control
from rs_agent.features.control import Control
from rs_relay.capture.base import TakenBack
from rs_relay.channels.control.messages import (
    MAX_TEXT,
    SPEC,
    Button,
    ButtonName,
    Failed,
    Key,
    Move,
    ReleaseAll,
    Type,
    Wheel,
)
from rs_relay.errors import PeerBroke
from rs_relay.link.spec import Permission
from tests.support.channels import MemoryChannel, break_off, channel_pair
from tests.support.customer import FakeDesktop, FakeFace, FakeHands, until


class Bench:
    def __init__(self) -> None:
        self.desktop = FakeDesktop()
        self.context = Context(self.desktop, FakeFace(), Path(), "alice")
        self.feature = Control(self.context)
        self.technician: MemoryChannel
        self.technician, self.agent = channel_pair(SPEC)
        self.run = asyncio.create_task(self.feature.run(self.agent))

    @property
    def hands(self) -> FakeHands:
        return self.desktop.the_hands

    async def say(self, *messages: Any) -> None:
        for message in messages:
            await self.technician.send(message)

    async def end(self) -> None:
        await self.technician.close()
        await self.run
        self.feature.close()


async def test_events_act_in_order_on_one_thread() -> None:
    bench = Bench()
    await bench.say(
        Move(10, 20), Button(ButtonName.LEFT, True), Button(ButtonName.LEFT, False), Wheel(0, -1),
        Key("control_left", True), Key("c", True), Key("c", False), Key("control_left", False), Type("é漢"),
        ReleaseAll(),
    )  # fmt: skip
    await bench.end()
    assert bench.hands.acts == [
        ("move", 10, 20), ("button", "left", True), ("button", "left", False), ("wheel", 0, -1),
        ("key", "control_left", True), ("key", "c", True), ("key", "c", False), ("key", "control_left", False),
        ("text", "é漢"), ("release",), ("release",),
    ]  # fmt: skip
    assert {name.rpartition("_")[0] for name in bench.hands.threads} == {"hands"}


async def test_what_is_held_is_let_go_when_the_channel_ends() -> None:
    bench = Bench()
    await bench.say(Key("shift_left", True), Button(ButtonName.RIGHT, True))
    await until(lambda: len(bench.hands.held) == 2)
    await bench.end()
    assert bench.hands.held == set()


async def test_what_is_held_is_let_go_when_the_link_is_lost_and_when_cancelled() -> None:
    for break_it in (break_off, lambda _channel: asyncio.sleep(0)):
        bench = Bench()
        await bench.say(Key("shift_left", True))
        await until(lambda bench=bench: bench.hands.held)
        await break_it(bench.technician)
        bench.run.cancel()
        await asyncio.gather(bench.run, return_exceptions=True)
        assert bench.hands.held == set()
        bench.feature.close()


async def test_nothing_acts_after_a_run_has_ended() -> None:
    """T-29: 1000 events are queued when the grant goes; the run's end is when the customer is told."""
    bench = Bench()
    bench.hands.gate.clear()
    flood = asyncio.create_task(bench.say(*[Key("a", True)] * 1000))
    await until(lambda: bench.hands.threads)
    bench.run.cancel()
    bench.hands.gate.set()
    await asyncio.gather(bench.run, return_exceptions=True)
    acted = list(bench.hands.acts)
    assert len(acted) <= 2  # the one that was under way, and the release
    assert acted[-1] == ("release",)
    await asyncio.sleep(0.05)
    assert bench.hands.acts == acted
    flood.cancel()
    bench.feature.close()


async def test_a_display_that_hangs_does_not_hold_up_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "LET_GO", 0.05)
    bench = Bench()
    bench.hands.gate.clear()
    await bench.say(Key("a", True))
    await until(lambda: bench.hands.threads)
    bench.run.cancel()
    async with asyncio.timeout(5):
        await asyncio.gather(bench.run, return_exceptions=True)
    bench.hands.gate.set()
    bench.feature.close()


async def test_each_event_beats_the_pulse() -> None:
    bench = Bench()
    await bench.say(Move(1, 1), Type("x" * 40))
    async with asyncio.timeout(10):
        assert await bench.context.pulse.wait(3) >= 4  # the move, and three pieces
    await bench.end()


async def test_a_key_is_waited_for_and_a_pointer_that_passes_by_is_not() -> None:
    bench = Bench()
    bench.context.courtesy = Courtesy(lambda: 0.0)  # no time passes
    await bench.say(Move(1, 1))
    async with asyncio.timeout(10):
        await bench.context.pulse.wait(0)
    assert await bench.context.courtesy.turn(2 * SMALL) == 2 * SMALL
    await bench.say(Key("a", True))
    async with asyncio.timeout(10):
        await bench.context.pulse.wait(1)
    assert await bench.context.courtesy.turn(2 * SMALL) == SMALL
    await bench.end()


async def test_long_text_goes_in_pieces() -> None:
    bench = Bench()
    text = "".join(chr(0x4E00 + n) for n in range(100))
    await bench.say(Type(text))
    await bench.end()
    pieces = [str(act[1]) for act in bench.hands.acts if act[0] == "text"]
    assert "".join(pieces) == text
    assert max(map(len, pieces)) == control.PIECE


@pytest.mark.parametrize("message", [Key("rm -rf", True), Key("", True), Key("\n", True), Type("x" * (MAX_TEXT + 1))])
async def test_what_no_honest_program_says(message: Key | Type) -> None:
    bench = Bench()
    await bench.say(message)
    with pytest.raises(PeerBroke):
        await bench.run
    assert [act for act in bench.hands.acts if act != ("release",)] == []
    bench.feature.close()


async def test_absurd_numbers_are_brought_within_bounds() -> None:
    bench = Bench()
    await bench.say(Move(2**62, -(2**62)), Wheel(10**9, -(10**9)))
    await bench.end()
    assert bench.hands.acts[:2] == [("move", 32768, -32768), ("wheel", 100, -100)]


async def test_a_display_that_is_gone_is_told_once_and_again_after_it_was_back() -> None:
    bench = Bench()
    await bench.say(Move(1, 1))
    await until(lambda: bench.hands.acts)
    bench.hands.broken = True
    await bench.say(Move(2, 2), Move(3, 3))
    assert await bench.technician.receive() == Failed("local-problem", "The display is gone.")
    await until(lambda: bench.agent.heard == 3)
    bench.hands.broken = False
    await bench.say(Move(4, 4))
    await until(lambda: ("move", 4, 4) in bench.hands.acts)
    assert bench.agent.queued == 0
    await bench.end()


async def test_a_person_who_lets_nobody_type_at_their_desktop_has_withdrawn_it() -> None:
    bench = Bench()
    withdrawn: list[Permission] = []
    bench.context.withdraw = withdrawn.append

    def no() -> FakeHands:
        raise TakenBack("The person there told their desktop to let you look, not type.")

    bench.desktop.hands = no  # type: ignore[method-assign]
    await bench.say(Move(1, 1), Move(2, 2))
    failed = await bench.technician.receive()
    assert isinstance(failed, Failed)
    assert "look, not type" in failed.message
    await until(lambda: bench.agent.heard == 2)
    assert withdrawn == [Permission.CONTROL]
    await bench.end()


async def test_faster_than_any_hand_is_slowed_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "BURST", 3)
    monkeypatch.setattr(control, "PER_SECOND", 0.001)
    bench = Bench()
    await bench.say(*[Move(n, n) for n in range(6)])
    await until(lambda: len(bench.hands.acts) == 3)
    await asyncio.sleep(0.05)
    assert len(bench.hands.acts) == 3
    bench.run.cancel()
    await asyncio.gather(bench.run, return_exceptions=True)
    bench.feature.close()


async def test_the_emergency_exit_lets_go_from_another_thread() -> None:
    bench = Bench()
    await bench.say(Key("shift_left", True))
    await until(lambda: bench.hands.held)
    await asyncio.to_thread(bench.feature.let_go)
    assert bench.hands.held == set()
    await bench.end()


async def test_the_hands_are_closed_with_the_feature() -> None:
    bench = Bench()
    await bench.say(Move(1, 1))
    await bench.end()
    await until(lambda: bench.hands.closed)
