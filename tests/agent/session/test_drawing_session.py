"""What a session's grants and pauses mean for what is drawn over the customer's desktop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rs_relay.channels.consent import SPEC as CONSENT
from rs_relay.channels.consent import Ask
from rs_relay.channels.draw import ALL, SPEC, Begin, Colour, Done, Erase, Standing, Tool, Where
from rs_relay.errors import NotAllowed
from rs_relay.link.spec import Permission
from tests.support.customer import FakeOverlay, until
from tests.support.sessions import Bench, bench, hear

PEN = Begin(1, Tool.PEN, Colour.RED, 4, ((1, 1),))


def overlay(b: Bench) -> FakeOverlay:
    assert b.desktop.overlays
    return b.desktop.overlays[0]


async def drawn(b: Bench) -> Any:
    """A channel on which one stroke was drawn."""
    channel = await b.join().open(SPEC)
    assert await hear(channel) == Standing(Where.DESKTOP)
    await channel.send(PEN)
    await channel.send(Done(1))
    assert await hear(channel) == Done(1)
    return channel


async def test_drawing_needs_what_seeing_needs(tmp_path: Path) -> None:
    async with bench(tmp_path, set()) as b:
        with pytest.raises(NotAllowed):
            await b.join().open(SPEC)
        assert b.face.questions[0].permission is Permission.VIEW
        assert b.desktop.overlays == []


async def test_a_pause_stops_drawing_until_it_is_over(tmp_path: Path) -> None:
    async with bench(tmp_path, {Permission.VIEW}) as b:
        channel = await drawn(b)
        b.session.pause(True)
        assert await hear(channel) == Standing(Where.OFF)
        await channel.send(Begin(2, Tool.PEN, Colour.RED, 4, ((1, 1),)))
        assert await hear(channel) == Erase(2)
        b.session.pause(False)
        assert await hear(channel) == Standing(Where.DESKTOP)
        assert list(overlay(b).strokes) == [1]


async def test_nobody_draws_over_a_question(tmp_path: Path) -> None:
    async with bench(tmp_path, {Permission.VIEW}) as b:
        channel = await drawn(b)
        b.face.yes = None  # from here on the customer takes their time
        asking = await b.links[0].open(CONSENT)
        await asking.send(Ask((Permission.CONTROL,)))
        assert await hear(channel) == Erase(ALL)
        assert not overlay(b).strokes
        assert await hear(channel) == Standing(Where.OFF)
        await channel.send(Begin(2, Tool.PEN, Colour.RED, 4, ((1, 1),)))
        assert await hear(channel) == Erase(2)
        b.session.answer(b.face.questions[-1].number, False)
        assert await hear(channel) == Standing(Where.DESKTOP)


async def test_withdrawn_it_is_gone_at_once(tmp_path: Path) -> None:
    async with bench(tmp_path, {Permission.VIEW}) as b:
        channel = await drawn(b)
        b.session.withdraw([Permission.VIEW])
        with pytest.raises(NotAllowed):
            await hear_all(channel)
        await until(lambda: not overlay(b).strokes)


async def hear_all(channel: Any) -> None:
    async for _ in channel:
        pass


async def test_the_customer_draws_erases_and_forbids(tmp_path: Path) -> None:
    async with bench(tmp_path, {Permission.VIEW}) as b:
        channel = await drawn(b)
        b.session.draw(Tool.ARROW)
        await until(lambda: overlay(b).tool is Tool.ARROW)
        b.session.erase()
        assert not overlay(b).strokes
        b.session.forbid_drawing(True)
        await until(lambda: "Drawing is off." in b.face.notices)
        assert await hear(channel, Standing) == Standing(Where.OFF)


async def test_at_the_end_nothing_is_over_the_desktop(tmp_path: Path) -> None:
    async with bench(tmp_path, {Permission.VIEW}) as b:
        await drawn(b)
        b.session.end("over")
        await b.session.ended
        assert overlay(b).closed


async def test_before_anybody_draws_the_customer_may_erase_and_draw_for_nobody(tmp_path: Path) -> None:
    async with bench(tmp_path, {Permission.VIEW}) as b:
        b.join()
        b.session.erase()
        b.session.draw(Tool.PEN)
        await until(lambda: "Nobody can see drawings on your screen now." in b.face.notices)
