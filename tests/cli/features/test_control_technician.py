from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from rs_cli.features.control import MOST, Control
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
from rs_relay.errors import ConnectionLost, LocalProblem, NotAllowed, RsError
from rs_relay.link.channel import ChannelClosed
from tests.support.channels import MemoryChannel, break_off, channel_pair


class Stage:
    def __init__(self, **callbacks: Callable[..., None]) -> None:
        self.control = Control(**callbacks)
        self.agent: MemoryChannel

    async def link(self) -> None:
        ours, self.agent = channel_pair(SPEC)
        self.running = asyncio.create_task(self.control.run(ours))
        await asyncio.sleep(0)
        assert self.control.active

    async def heard(self, number: int) -> list[Any]:
        return [await self.agent.receive() for _ in range(number)]


async def test_everything_in_order():
    stage = Stage()
    await stage.link()
    control = stage.control
    control.move(1, 2)
    control.button(ButtonName.LEFT, True)
    control.button(ButtonName.LEFT, False)
    control.wheel(0, -1)
    control.key("control_left", True)
    control.type_("é")
    control.release_all()
    assert await stage.heard(7) == [
        Move(1, 2), Button(ButtonName.LEFT, True), Button(ButtonName.LEFT, False), Wheel(0, -1),
        Key("control_left", True), Type("é"), ReleaseAll(),
    ]  # fmt: skip
    stage.running.cancel()


async def test_a_move_replaces_the_move_before_it_but_never_passes_a_click():
    stage = Stage()
    await stage.link()
    for x in range(50):
        stage.control.move(x, 0)
    stage.control.button(ButtonName.LEFT, True)
    for x in range(50, 100):
        stage.control.move(x, 0)
    assert await stage.heard(3) == [Move(49, 0), Button(ButtonName.LEFT, True), Move(99, 0)]
    stage.running.cancel()


async def test_a_long_text_is_cut():
    stage = Stage()
    await stage.link()
    text = "é" * (MAX_TEXT + 10)
    stage.control.type_(text)
    first, second = await stage.heard(2)
    assert first.text + second.text == text
    assert len(first.text) == MAX_TEXT
    stage.running.cancel()


async def test_without_a_grant_input_goes_nowhere_and_that_is_told_once():
    told: list[int] = []
    stage = Stage(ignored=lambda: told.append(1))
    stage.control.move(1, 1)
    stage.control.release_all()
    stage.control.key("f5", False)
    assert told == []  # nothing was wanted yet
    for _ in range(20):
        stage.control.type_("secret")
        stage.control.button(ButtonName.LEFT, True)
    assert told == [1]


async def test_what_was_done_meanwhile_is_not_done_later():
    told: list[int] = []
    stage = Stage(ignored=lambda: told.append(1))
    await stage.link()
    await break_off(stage.agent)
    with pytest.raises(ConnectionLost):
        await stage.running
    assert not stage.control.active
    stage.control.button(ButtonName.LEFT, True)
    await stage.link()
    stage.control.key("f5", True)
    assert await stage.heard(1) == [Key("f5", True)]
    await stage.agent.close(NotAllowed("Withdrawn."))
    with pytest.raises(NotAllowed):
        await stage.running
    stage.control.key("f5", True)
    assert told == [1, 1]


async def test_what_waits_when_the_link_is_lost_is_forgotten():
    stage = Stage()
    await stage.link()
    for n in range(100):
        stage.control.key("f5", n % 2 == 0)
    for _ in range(20):
        await asyncio.sleep(0)
    await break_off(stage.agent)
    with pytest.raises((ConnectionLost, ChannelClosed)):
        await stage.running
    await stage.link()
    stage.control.type_("x")
    assert await stage.heard(1) == [Type("x")]
    stage.running.cancel()


async def test_a_line_that_stands_still_ends_with_everything_let_go():
    stage = Stage()
    await stage.link()
    for n in range(MOST + 1):
        stage.control.key("f5", n % 2 == 0)
    stage.control.type_("x")
    assert await stage.heard(2) == [ReleaseAll(), Type("x")]
    stage.running.cancel()


async def test_what_could_not_be_done_is_told():
    failed: list[RsError] = []
    stage = Stage(failed=failed.append)
    await stage.link()
    await stage.agent.send(Failed("local-problem", "There is no keyboard."))
    await stage.agent.close()
    await stage.running
    assert isinstance(failed[0], LocalProblem)
    assert failed[0].message == "There is no keyboard."
