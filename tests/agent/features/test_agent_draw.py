"""The session's board at the customer's end, with technicians that draw, are slow, or mean no good."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rs_agent.desktop.base import Drawn
from rs_agent.feature import Context
from rs_agent.features import draw
from rs_agent.features.draw import Draw
from rs_relay.channels.draw import (
    ALL,
    MAX_PIECE,
    MAX_POINTS,
    MAX_STROKES,
    SPEC,
    Begin,
    Colour,
    Done,
    Erase,
    More,
    Standing,
    Tool,
    Where,
)
from rs_relay.drawing.board import Stroke
from rs_relay.errors import NotAllowed, PeerBroke
from tests.support.channels import MemoryChannel, break_off, channel_pair
from tests.support.customer import FakeDesktop, FakeFace, FakeOverlay, until

PEN = Begin(1, Tool.PEN, Colour.RED, 4, ((1, 1), (5, 5)))


def laser(number: int, x: int) -> Begin:
    return Begin(number, Tool.LASER, Colour.RED, 4, ((x, x),))


class Guest:
    def __init__(self, bench: Bench) -> None:
        self.channel: MemoryChannel
        self.channel, self.agent = channel_pair(SPEC)
        self.run = asyncio.create_task(bench.feature.run(self.agent))

    async def say(self, *messages: Any) -> None:
        for message in messages:
            await self.channel.send(message)

    async def hear(self, count: int = 1) -> list[Any]:
        async with asyncio.timeout(10):
            return [await self.channel.receive() for _ in range(count)]

    async def leave(self) -> None:
        await self.channel.close()
        await self.run


class Bench:
    def __init__(self, *, overlay: bool = True) -> None:
        self.desktop, self.face = FakeDesktop(), FakeFace()
        if not overlay:
            self.desktop.overlays = None
        self.seen = True
        context = Context(self.desktop, self.face, Path(), "alice", drawable=lambda: self.seen)
        self.feature = Draw(context)

    @property
    def overlay(self) -> FakeOverlay:
        assert self.desktop.overlays
        return self.desktop.overlays[0]

    async def guest(self) -> Guest:
        """One who has heard how the board stands."""
        guest = Guest(self)
        (said,) = await guest.hear()
        assert isinstance(said, Standing)
        return guest

    async def over(self, *numbers: int) -> None:
        await until(lambda: list(self.overlay.strokes) == list(numbers))


async def test_a_stroke_is_over_the_desktop_while_it_is_drawn_and_acknowledged() -> None:
    bench = Bench()
    guest = Guest(bench)
    assert await guest.hear() == [Standing(Where.DESKTOP)]
    await guest.say(PEN)
    await until(lambda: bench.overlay.strokes == {1: Stroke(Tool.PEN, Colour.RED, 4, ((1, 1), (5, 5)))})
    await guest.say(More(1, ((9, 9),)), Done(1))
    assert await guest.hear() == [Done(1)]
    assert bench.overlay.strokes[1].points == ((1, 1), (5, 5), (9, 9))
    assert len(bench.face.notices) == 1
    assert "alice" in bench.face.notices[0]
    assert "/erase" in bench.face.typed[0]
    await guest.leave()


async def test_either_side_erases_everything() -> None:
    bench = Bench()
    guest = await bench.guest()
    await guest.say(PEN)
    await bench.over(1)
    bench.feature.erase()
    assert bench.overlay.strokes == {}
    assert await guest.hear() == [Erase(ALL)]
    await guest.say(More(1, ((9, 9),)), Done(1))  # it was on its way: nothing comes of it
    await guest.say(Begin(2, Tool.ARROW, Colour.BLUE, 4, ((0, 0),)), More(2, ((7, 7),)), Done(2))
    assert await guest.hear() == [Done(2)]
    assert bench.overlay.strokes[2].points == ((0, 0), (7, 7))
    await guest.say(Erase(2))
    assert await guest.hear() == [Erase(2)]
    assert bench.overlay.strokes == {}
    await guest.leave()


async def test_what_the_customer_draws_is_over_the_desktop_and_the_technician_erases_it() -> None:
    bench = Bench()
    guest = await bench.guest()
    await bench.feature.draw(Tool.HIGHLIGHTER)
    assert bench.overlay.tool is Tool.HIGHLIGHTER
    for drawn in (Drawn(((1, 1),), last=False), Drawn(((50, 1), (90, 1)), last=True)):
        await asyncio.to_thread(bench.overlay.hand, drawn)
    await until(lambda: bench.overlay.strokes)
    ((number, stroke),) = bench.overlay.strokes.items()
    assert stroke.points == ((1, 1), (50, 1), (90, 1))
    await guest.say(Erase(ALL))
    assert await guest.hear() == [Erase(ALL)]
    assert number not in bench.overlay.strokes
    await guest.leave()


async def test_the_customer_draws_for_nobody_and_over_nothing_is_told_so() -> None:
    bench = Bench()
    await bench.feature.draw(Tool.PEN)
    assert bench.face.notices == ["Nobody can see drawings on your screen now."]
    without = Bench(overlay=False)
    await without.feature.draw(Tool.PEN)
    assert without.face.notices == ["This desktop cannot be drawn over."]


async def test_without_an_overlay_everybody_is_told_every_stroke_of_others() -> None:
    bench = Bench(overlay=False)
    first = Guest(bench)
    assert await first.hear() == [Standing(Where.PICTURE)]
    second = await bench.guest()
    await first.say(PEN, More(1, ((9, 9),)), Done(1))
    assert await first.hear() == [Done(1)]
    assert await second.hear(3) == [PEN, More(1, ((9, 9),)), Done(1)]
    late = Guest(bench)
    assert await late.hear(3) == [
        Standing(Where.PICTURE), Begin(1, Tool.PEN, Colour.RED, 4, ((1, 1), (5, 5), (9, 9))), Done(1)
    ]  # fmt: skip
    assert bench.face.notices == []  # nothing is on the customer's desktop
    for guest in (first, second, late):
        await guest.leave()


async def test_a_long_stroke_is_told_to_who_comes_later_in_pieces() -> None:
    bench = Bench(overlay=False)
    guest = await bench.guest()
    points = tuple((n, n) for n in range(3 * MAX_PIECE))
    await guest.say(Begin(1, Tool.PEN, Colour.RED, 4, points[:MAX_PIECE]))
    for at in (MAX_PIECE, 2 * MAX_PIECE):
        await guest.say(More(1, points[at : at + MAX_PIECE]))
    await guest.say(Erase(7))
    await guest.hear()
    late = await bench.guest()
    told = await late.hear(3)
    assert tuple(point for piece in told for point in piece.points) == points
    await guest.leave()
    await late.leave()


def places(bench: Bench) -> list[tuple[tuple[int, int], ...]]:
    """Where a first stroke was over the desktop, and where not, one after the other."""
    each = [shown[1].points if 1 in shown else () for shown in bench.overlay.shown]
    return [now for before, now in zip([(), *each], each, strict=False) if now != before]


async def test_a_laser_pointer_goes_when_it_rests_and_is_back_when_it_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draw, "REST", 0.05)
    bench = Bench()
    guest = await bench.guest()
    await guest.say(laser(1, 3))
    await until(lambda: places(bench) == [((3, 3),), ()])  # seen, and gone again, whenever that is looked at
    await guest.say(More(1, ((8, 8),)))
    await until(lambda: places(bench) == [((3, 3),), (), ((8, 8),), ()])
    await guest.say(Done(1))
    await bench.over()
    await guest.leave()


async def test_a_laser_pointer_without_an_overlay_comes_and_goes_at_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draw, "REST", 0.05)
    bench = Bench(overlay=False)
    guest, other = await bench.guest(), await bench.guest()
    await guest.say(laser(1, 3))
    assert await other.hear(2) == [laser(1, 3), Erase(1)]
    await guest.say(More(1, ((8, 8),)))
    assert await other.hear(2) == [laser(1, 8), Erase(1)]
    for each in (guest, other):
        await each.leave()


async def test_forbidden_nothing_is_drawn_until_it_is_allowed() -> None:
    bench = Bench()
    guest = await bench.guest()
    await guest.say(PEN)
    await bench.over(1)
    bench.feature.forbid(True)
    assert await guest.hear(2) == [Erase(ALL), Standing(Where.OFF)]
    await guest.say(Begin(2, Tool.PEN, Colour.RED, 4, ((1, 1),)))
    assert await guest.hear() == [Erase(2)]
    await bench.feature.draw(Tool.PEN)
    assert bench.overlay.tool is None
    assert bench.overlay.strokes == {}
    bench.feature.forbid(False)
    assert await guest.hear() == [Standing(Where.DESKTOP)]
    await guest.say(Begin(3, Tool.PEN, Colour.RED, 4, ((1, 1),)))
    await bench.over(3)
    await guest.leave()


async def test_a_pause_stops_drawing_and_leaves_what_is_there() -> None:
    bench = Bench()
    guest = await bench.guest()
    await guest.say(PEN, laser(2, 4))
    await bench.over(1, 2)
    bench.seen = False
    bench.feature.stand()
    assert await guest.hear(2) == [Erase(2), Standing(Where.OFF)]
    await guest.say(More(1, ((9, 9),)), Begin(3, Tool.PEN, Colour.RED, 4, ((1, 1),)))
    assert await guest.hear() == [Erase(3)]
    assert bench.overlay.strokes[1].points == ((1, 1), (5, 5))
    bench.seen = True
    bench.feature.stand()
    assert await guest.hear() == [Standing(Where.DESKTOP)]
    await guest.leave()


async def test_when_the_last_one_leaves_nothing_stays() -> None:
    bench = Bench()
    first, second = await bench.guest(), await bench.guest()
    await first.say(PEN, Done(1))
    await bench.over(1)
    await first.leave()
    await bench.over(1)
    await second.leave()
    assert bench.overlay.strokes == {}


@pytest.mark.parametrize("turns", range(8))
async def test_a_link_that_said_goodbye_is_not_waited_for(turns: int) -> None:
    bench = Bench()
    guest = await bench.guest()
    await guest.say(PEN, Done(1))
    await guest.hear()
    await guest.channel.close()
    for _ in range(turns):  # whatever the run is doing then
        await asyncio.sleep(0)
    guest.run.cancel()  # as the session does with what a link that has ended was used for
    await asyncio.wait([guest.run])
    assert bench.overlay.strokes == {}


async def test_a_withdrawn_grant_takes_the_drawings_with_it_at_once() -> None:
    bench = Bench()
    guest = await bench.guest()
    await guest.say(PEN)
    await bench.over(1)
    bench.seen = False
    guest.run.cancel()  # as the session does
    await asyncio.wait([guest.run])
    assert bench.overlay.strokes == {}
    other = await bench.guest()
    await other.say(Erase(5))
    await other.channel.close(NotAllowed("The customer has withdrawn it."))
    with pytest.raises(NotAllowed):
        await other.run


async def test_a_lost_link_leaves_them_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draw, "GRACE", 60.0)
    bench = Bench()
    guest = await bench.guest()
    await guest.say(PEN, Done(1), laser(2, 3))
    await bench.over(1, 2)
    await break_off(guest.channel)
    await asyncio.wait([guest.run])
    await bench.over(1)  # nobody holds the laser pointer any more
    leaving = bench.feature._leaving
    assert leaving is not None
    back = await bench.guest()
    assert leaving.cancelled()
    assert list(bench.overlay.strokes) == [1]
    monkeypatch.setattr(draw, "GRACE", 0.05)
    await break_off(back.channel)
    await asyncio.wait([back.run])
    await bench.over()


async def test_the_end_closes_the_overlay() -> None:
    bench = Bench()
    guest = await bench.guest()
    await guest.say(PEN)
    await bench.over(1)
    bench.feature.close()
    assert bench.overlay.closed
    guest.run.cancel()


# who means no good


def more(count: int) -> list[Any]:
    return [More(1, tuple((n, n) for n in range(MAX_PIECE))) for _ in range(count)]


@pytest.mark.parametrize("hostile", [[PEN, PEN], [PEN, *more(MAX_POINTS // MAX_PIECE)]])
async def test_rules_that_are_broken_end_it(hostile: list[Any]) -> None:
    bench = Bench()
    guest = await bench.guest()
    await guest.say(*hostile)
    with pytest.raises(PeerBroke):
        await asyncio.wait_for(guest.run, 10)


async def test_strokes_of_others_are_not_theirs_to_draw_on() -> None:
    bench = Bench()
    first, second = await bench.guest(), await bench.guest()
    await first.say(PEN)
    await bench.over(1)
    await second.say(More(1, ((70, 70),)), Done(1), Erase(9))
    assert await second.hear() == [Erase(9)]
    assert bench.overlay.strokes[1].points == PEN.points
    await first.leave()
    await second.leave()


async def test_the_oldest_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draw, "PER_SECOND", 1e6)
    bench = Bench()
    guest = await bench.guest()
    for number in range(1, MAX_STROKES + 3):
        await guest.say(Begin(number, Tool.PEN, Colour.RED, 4, ((1, 1),)), Done(number))
    heard = await guest.hear(MAX_STROKES + 4)
    assert [said for said in heard if isinstance(said, Erase)] == [Erase(1), Erase(2)]
    assert len(bench.overlay.strokes) == MAX_STROKES
    await guest.leave()


async def test_a_flood_is_slowed_and_one_notice_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()
    guest = await bench.guest()
    monkeypatch.setattr(draw, "BURST", 20)
    began = asyncio.get_running_loop().time()
    slow = await bench.guest()  # with the smaller bucket
    for number in range(1, 61):
        await slow.say(Begin(number, Tool.LASER, Colour.RED, 4, ((1, 1),)), Done(number))
    await slow.hear(120)  # Erase and Done of each
    assert asyncio.get_running_loop().time() - began > 0.8
    assert len(bench.face.notices) == 1
    await guest.leave()
    await slow.leave()


async def test_who_does_not_read_costs_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draw, "PER_SECOND", 1e6)
    monkeypatch.setattr(draw, "MOST", 20)
    bench = Bench(overlay=False)
    deaf, busy = await bench.guest(), await bench.guest()
    for number in range(1, 200):
        await busy.say(Begin(number, Tool.PEN, Colour.RED, 4, ((1, 1),)), Done(number), Erase(number))
        await busy.hear(2)
    guests: Callable[[], list[Any]] = lambda: list(bench.feature._guests)  # noqa: E731
    assert max(len(guest._waiting) for guest in guests()) <= 40
    await busy.say(Begin(500, Tool.PEN, Colour.RED, 4, ((1, 1),)))
    last = Begin(500, Tool.PEN, Colour.RED, 4, ((1, 1),))
    while (await deaf.hear())[0] != last:  # it gets there all the same
        pass
    await busy.leave()
    await deaf.leave()
