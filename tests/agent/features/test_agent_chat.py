from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from rs_agent.feature import Context
from rs_agent.features import chat
from rs_agent.features.chat import Chat
from rs_relay.channels.chat import MAX_TEXT, SPEC, Current, Line, Say, Since, Who
from rs_relay.errors import PeerBroke, TooLarge
from tests.support.channels import MemoryChannel, channel_pair
from tests.support.customer import FakeDesktop, FakeFace, until


def feature() -> tuple[Chat, FakeFace]:
    face = FakeFace()
    return Chat(Context(FakeDesktop(), face, Path(), "alice"), clock=lambda: 7.0), face


def link(of: Chat) -> tuple[MemoryChannel, asyncio.Task[None]]:
    technician, agent = channel_pair(SPEC)
    return technician, asyncio.create_task(of.run(agent))


async def lines(channel: MemoryChannel, count: int) -> list[Line]:
    heard: list[Line] = []
    while len(heard) < count:
        message = await asyncio.wait_for(channel.receive(), 10)
        if isinstance(message, Line):
            heard.append(message)
    return heard


async def test_a_line_is_numbered_shown_and_comes_back_with_its_key() -> None:
    talk, face = feature()
    technician, _ = link(talk)
    await technician.send(Since())
    await technician.send(Say("k1", "hello"))
    assert await lines(technician, 1) == [Line(1, Who.TECHNICIAN, "alice", "hello", 7.0, "k1")]
    assert face.chats == [("alice", "hello")]
    await technician.close()


async def test_the_customers_line_reaches_every_link() -> None:
    talk, _ = feature()
    a, _a = link(talk)
    b, _b = link(talk)
    await a.send(Since())
    await b.send(Since())
    talk.say("it is broken")
    for each in (a, b):
        assert [(x.number, x.who, x.text) for x in await lines(each, 1)] == [(1, Who.CUSTOMER, "it is broken")]
        await each.close()


async def test_a_link_is_sent_only_what_it_has_not_seen_and_told_where_the_past_ends() -> None:
    talk, _ = feature()
    for n in range(5):
        talk.say(str(n))
    technician, _ = link(talk)
    await technician.send(Since(3))
    heard = [await technician.receive() for _ in range(3)]
    assert [m.number for m in heard[:2]] == [4, 5]
    assert heard[2] == Current(5)
    talk.say("new")
    assert (await lines(technician, 1))[0].number == 6
    await technician.close()


async def test_a_repeated_line_is_said_once() -> None:
    talk, face = feature()
    technician, _ = link(talk)
    await technician.send(Say("k1", "hello"))
    await technician.close()
    again, _ = link(talk)
    await again.send(Since())
    await again.send(Say("k1", "hello"))
    await again.send(Say("k2", "hello"))
    assert [x.key for x in await lines(again, 2)] == ["k1", "k2"]
    assert len(face.chats) == 2
    await again.close()


async def test_lines_without_a_key_are_never_the_same() -> None:
    talk, face = feature()
    technician, _ = link(talk)
    for _ in range(2):
        await technician.send(Say("", "hello"))
    await until(lambda: len(face.chats) == 2)
    await technician.close()


@pytest.mark.parametrize("message", [Say("k", "x" * (MAX_TEXT + 1)), Say("k" * 65, "x")])
async def test_what_is_too_long_breaks_the_rules(message: Say) -> None:
    talk, face = feature()
    technician, run = link(talk)
    await technician.send(message)
    with pytest.raises(PeerBroke):
        await run
    assert face.chats == []


async def test_saying_twice_what_was_seen_breaks_the_rules() -> None:
    talk, _ = feature()
    technician, run = link(talk)
    await technician.send(Since())
    await technician.send(Since())
    with pytest.raises(PeerBroke):
        await run


async def test_the_customer_is_told_when_a_line_is_too_long() -> None:
    talk, _ = feature()
    with pytest.raises(TooLarge):
        talk.say("x" * (MAX_TEXT + 1))


async def test_memory_is_bounded_and_numbers_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat, "KEEP", 10)
    talk, _ = feature()
    for n in range(25):
        talk.say(str(n))
    technician, _ = link(talk)
    await technician.send(Since())
    assert [x.number for x in await lines(technician, 10)] == list(range(16, 26))
    await technician.close()


async def test_a_flood_is_slowed_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat, "BURST", 2)
    monkeypatch.setattr(chat, "PER_SECOND", 0.001)
    talk, face = feature()
    technician, run = link(talk)
    for n in range(4):
        await technician.send(Say(str(n), "spam"))
    await until(lambda: len(face.chats) == 2)
    await asyncio.sleep(0.05)
    assert len(face.chats) == 2
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)


async def test_nothing_is_left_when_the_channel_closes() -> None:
    talk, _ = feature()
    before = asyncio.all_tasks()
    technician, run = link(talk)
    await technician.send(Since())
    talk.say("x")
    await lines(technician, 1)
    await technician.close()
    await run
    assert asyncio.all_tasks() == before
