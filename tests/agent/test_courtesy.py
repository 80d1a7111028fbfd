"""Bulk work gives way to whoever types, and to nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from rs_agent.courtesy import LATELY, PAUSE, REST, SMALL, TOOK, Courtesy

MOST = 8 * SMALL


class Time:
    """A clock that sleeping moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.stands = 1000.0, False
        self.slept: list[float] = []
        self.typing: Callable[[], None] = lambda: None
        monkeypatch.setattr(asyncio, "sleep", self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += 0.0 if self.stands else seconds
        self.typing()


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    return Time(monkeypatch)


@pytest.fixture
def manners(time: Time) -> Courtesy:
    return Courtesy(lambda: time.now)


async def test_nobody_is_waited_for_where_nobody_types(time: Time, manners: Courtesy) -> None:
    manners.worked(1.0)
    for _ in range(3):
        assert await manners.turn(MOST) == MOST
    await manners.rest()
    assert time.now == 1000.0


async def test_after_a_key_nothing_begins_for_a_moment(time: Time, manners: Courtesy) -> None:
    manners.awaited()
    await manners.rest()
    assert time.now == 1000.0 + REST
    await manners.rest()  # once
    assert time.now == 1000.0 + REST
    manners.awaited()
    assert await manners.turn(MOST) == SMALL
    assert time.now == 1000.0 + 2 * REST


async def test_after_that_the_steps_are_small_and_take_their_share_of_the_time(time: Time, manners: Courtesy) -> None:
    manners.awaited()
    await manners.turn(MOST)
    began, count, took = time.now, 50, 0.002  # within LATELY
    for _ in range(count):
        time.now += took
        manners.worked(took)
        assert await manners.turn(MOST) == SMALL
    assert time.now - began == pytest.approx(count * took * (1 + PAUSE), rel=0.1)


async def test_a_step_is_never_given_more_than_it_asked_for(time: Time, manners: Courtesy) -> None:
    manners.awaited()
    assert await manners.turn(SMALL // 2) == SMALL // 2


async def test_transfers_take_turns_in_the_order_in_which_they_ask(time: Time, manners: Courtesy) -> None:
    time.stands = True
    manners.awaited()
    for _ in range(4):
        await manners.turn(MOST)
    step = (1 + PAUSE) * TOOK[0]
    assert time.slept == pytest.approx([REST, REST + step, REST + 2 * step, REST + 3 * step])


async def test_a_key_while_a_step_waits_its_turn_puts_it_off_once(time: Time, manners: Courtesy) -> None:
    time.typing = manners.awaited  # again and again, faster than any step begins
    manners.awaited()
    await manners.turn(MOST)
    assert time.slept == pytest.approx([REST, REST])


async def test_a_step_that_waited_for_its_disk_holds_nobody_up_for_long(time: Time, manners: Courtesy) -> None:
    manners.awaited()
    await manners.turn(MOST)
    for _ in range(50):
        manners.worked(10.0)
    before = time.now
    await manners.turn(MOST)
    await manners.turn(MOST)
    assert time.now - before < 0.1


async def test_who_stops_typing_is_waited_for_no_longer(time: Time, manners: Courtesy) -> None:
    manners.awaited()
    time.now += LATELY
    assert await manners.turn(MOST) == MOST
    assert time.now == 1000.0 + LATELY
