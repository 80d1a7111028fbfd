from __future__ import annotations

import asyncio
from typing import Any

import pytest

from rs_cli.features import draw
from rs_cli.features.draw import Draw
from rs_relay.channels.draw import ALL, SPEC, Begin, Colour, Done, Erase, More, Standing, Tool, Where
from rs_relay.errors import ConnectionLost, NotAllowed
from tests.support.channels import break_off, channel_pair

PEN = Begin(1, Tool.PEN, Colour.RED, 4, ((1, 1),))


class Stage:
    def __init__(self) -> None:
        self.shown: list[Any] = []
        self.changes: list[Where | None] = []
        self.more = asyncio.Condition()
        self.feature = Draw(self._show, lambda: self.changes.append(self.feature.where))
        self.link()

    def link(self) -> None:
        self.ours, self.agent = channel_pair(SPEC)
        self.running = asyncio.create_task(self.feature.run(self.ours))

    async def _show(self, said: Any) -> None:
        async with self.more:
            self.shown.append(said)
            self.more.notify_all()

    async def showed(self, *said: Any) -> None:
        """Waits until these were shown, and nothing else since."""
        async with self.more, asyncio.timeout(10):
            await self.more.wait_for(lambda: len(self.shown) >= len(said))
        assert self.shown == list(said)
        self.shown.clear()

    async def heard(self, count: int) -> list[Any]:
        async with asyncio.timeout(10):
            return [await self.agent.receive() for _ in range(count)]


async def test_strokes_go_out_in_order_and_the_board_comes_in() -> None:
    stage = Stage()
    await stage.showed(Erase(ALL))
    stage.feature.do(PEN)
    stage.feature.do(More(1, ((5, 5),)))
    stage.feature.do(Done(1))
    stage.feature.erase()
    assert await stage.heard(4) == [PEN, More(1, ((5, 5),)), Done(1), Erase(ALL)]
    await stage.agent.send(Standing(Where.DESKTOP))
    await stage.agent.send(Done(1))
    await stage.showed(Standing(Where.DESKTOP), Done(1))
    assert stage.feature.where is Where.DESKTOP
    assert stage.changes == [Where.DESKTOP]
    await stage.agent.close()
    await stage.running
    assert stage.feature.where is None


async def test_what_is_drawn_while_there_is_no_link_is_forgotten_and_the_next_begins_empty() -> None:
    stage = Stage()
    await stage.showed(Erase(ALL))
    await break_off(stage.agent)
    with pytest.raises(ConnectionLost):
        await stage.running
    stage.feature.do(PEN)
    stage.link()
    await stage.showed(Erase(ALL))
    stage.feature.do(Erase(9))
    assert await stage.heard(1) == [Erase(9)]
    stage.running.cancel()


async def test_on_a_slow_line_a_laser_pointer_is_where_it_is_now() -> None:
    stage = Stage()
    await stage.showed(Erase(ALL))
    stage.feature.do(Begin(1, Tool.LASER, Colour.RED, 8, ((1, 1),)))
    for x in range(500):
        stage.feature.do(More(1, ((x, x),)))
    for _ in range(200):
        await asyncio.sleep(0)
    assert (await stage.heard(2))[1] == More(1, ((499, 499),))
    stage.running.cancel()


async def test_a_line_that_stands_still_costs_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draw, "MOST", 10)
    stage = Stage()
    await stage.showed(Erase(ALL))
    stage.feature.do(PEN)
    for x in range(500):
        stage.feature.do(More(1, ((x, x),)))
        await asyncio.sleep(0)
    assert len(stage.feature._waiting) <= 10
    stage.running.cancel()


async def test_a_withdrawal_comes_out() -> None:
    stage = Stage()
    await stage.agent.close(NotAllowed("The customer has withdrawn it."))
    with pytest.raises(NotAllowed):
        await stage.running
