from __future__ import annotations

import asyncio

from rs_agent.consent import ANSWER_WITHIN, Changes, Consent, Matter
from rs_agent.desk import Desk
from rs_relay.channels.consent import Grant
from rs_relay.link.spec import Permission
from tests.support.customer import FakeFace

VIEW, CONTROL = Permission.VIEW, Permission.CONTROL


class Bench:
    def __init__(self) -> None:
        self.now = 0.0
        self.face = FakeFace()
        self.changes: list[Changes] = []
        self.consent = Consent([VIEW, CONTROL])
        self.consent.admit(1)
        self.desk = Desk(self.consent, self.face, "/folder", self.changes.append, clock=lambda: self.now)

    def answer(self, yes: bool) -> None:
        assert self.face.on_show is not None
        self.desk.answer(self.face.on_show.number, yes)


async def test_a_question_is_shown_and_taken_off() -> None:
    bench = Bench()
    bench.desk.ask(1, [VIEW], "alice")
    assert bench.face.on_show is not None
    bench.answer(True)
    assert bench.face.on_show is None
    assert bench.changes == [{(1, VIEW)}, {(1, VIEW)}]


async def test_who_waits_gets_the_answer() -> None:
    bench = Bench()
    waiting = asyncio.create_task(bench.desk.settle(1, VIEW, "alice"))
    other = asyncio.create_task(bench.desk.settle(1, VIEW, "alice"))
    await asyncio.sleep(0)
    assert len(bench.face.questions) == 1
    bench.answer(True)
    assert await waiting
    assert await other


async def test_what_was_refused_or_withdrawn_is_not_asked_again_by_waiting() -> None:
    bench = Bench()
    bench.desk.ask(1, [VIEW], "alice")
    bench.answer(False)
    assert not await bench.desk.settle(1, VIEW, "alice")
    bench.desk.allow(1, VIEW)
    bench.desk.withdraw([VIEW])
    assert not await bench.desk.settle(1, VIEW, "alice")
    assert len(bench.face.questions) == 1


async def test_silence_for_a_minute_is_a_no() -> None:
    bench = Bench()
    waiting = asyncio.create_task(bench.desk.settle(1, VIEW, "alice"))
    await asyncio.sleep(0)
    bench.now = ANSWER_WITHIN - 1
    bench.desk.tick()
    assert bench.face.on_show is not None
    bench.now = ANSWER_WITHIN
    bench.desk.tick()
    assert bench.face.on_show is None
    assert not await waiting
    assert bench.consent.grants(1)[VIEW] is Grant.REFUSED


async def test_the_timer_is_wound_for_each_question() -> None:
    bench = Bench()
    bench.desk.ask(1, [VIEW, CONTROL], "alice")
    bench.answer(True)
    timer = bench.desk._timer
    assert timer is not None
    assert not timer.cancelled()
    bench.answer(True)
    assert bench.desk._timer is None
    assert timer.cancelled()


async def test_the_customer_may_allow_instead_of_answering() -> None:
    bench = Bench()
    waiting = asyncio.create_task(bench.desk.settle(1, VIEW, "alice"))
    await asyncio.sleep(0)
    bench.desk.allow(1, VIEW)
    assert await waiting
    assert bench.face.on_show is None


async def test_closing_takes_the_question_off() -> None:
    bench = Bench()
    bench.desk.ask(1, [VIEW], "alice")
    bench.desk.close()
    assert bench.face.on_show is None
    assert bench.desk._timer is None


async def test_a_matter_is_waited_for() -> None:
    bench = Bench()
    waiting = asyncio.create_task(bench.desk.decide(1, Matter.INVITE, "alice"))
    await asyncio.sleep(0)
    bench.answer(True)
    assert await waiting
    assert bench.face.on_show is None


async def test_the_question_of_who_went_away_is_taken_off() -> None:
    bench = Bench()
    waiting = asyncio.create_task(bench.desk.decide(1, Matter.INVITE, "alice"))
    await asyncio.sleep(0)
    assert bench.face.on_show is not None
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert bench.face.on_show is None
    waiting = asyncio.create_task(bench.desk.decide(1, Matter.INVITE, "alice"))
    await asyncio.sleep(0)
    bench.desk.dismiss(1)
    assert not await waiting
