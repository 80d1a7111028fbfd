"""Live links over memory sockets: channels open, speak, wait, are refused, end; a broken line ends everything."""

from __future__ import annotations

import asyncio

import pytest

from rs_relay.channels import chat, clipboard, consent
from rs_relay.channels.chat import Line, Say, Who
from rs_relay.errors import ConnectionLost, NotAllowed, PeerBroke, TooLarge
from rs_relay.link.channel import ChannelClosed
from rs_relay.link.spec import ChannelSpec, Priority
from tests.support.two_ends import FACTS, MemorySocket, joined_links


async def _open(technician, agent, spec, guard=None):
    opening = asyncio.create_task(technician.open(spec))
    request = await anext(agent.requests())
    assert request.name == spec.name
    theirs = request.accept(spec, guard)
    return await opening, theirs


async def test_the_agent_says_who_it_is_first() -> None:
    technician, agent = joined_links()
    assert await technician.facts() == FACTS
    await technician.close()
    await agent.close()


async def test_a_channel_carries_messages_both_ways_and_ends_cleanly() -> None:
    technician, agent = joined_links()
    mine, theirs = await _open(technician, agent, chat.SPEC)
    await mine.send(Say("k", "good day"))
    assert await theirs.receive() == Say("k", "good day")
    line = Line(1, Who.CUSTOMER, "ada", "help", 0.0)
    await theirs.send(line)
    await theirs.close()
    assert [m async for m in mine] == [line]
    await technician.close()
    assert await agent.ended is None


async def test_a_refusal_carries_its_reason() -> None:
    technician, agent = joined_links()
    opening = asyncio.create_task(technician.open(clipboard.SPEC))
    request = await anext(agent.requests())
    request.refuse(NotAllowed("The customer has not allowed clipboard."))
    with pytest.raises(NotAllowed, match="has not allowed clipboard"):
        await opening
    technician.abort()
    agent.abort()


async def test_what_is_said_first_goes_along_and_is_heard_when_the_channel_is_accepted() -> None:
    technician, agent = joined_links()
    opening = asyncio.create_task(technician.open(chat.SPEC, Say("k", "good day")))
    request = await anext(agent.requests())
    theirs = request.accept(chat.SPEC)
    assert await theirs.receive() == Say("k", "good day")  # though the other end does not know of that yet
    mine = await opening
    await mine.send(Say("l", "and again"))
    assert await theirs.receive() == Say("l", "and again")
    technician.abort()
    agent.abort()


async def test_what_is_said_first_passes_the_guard_as_all_else() -> None:
    technician, agent = joined_links()

    def guard() -> None:
        raise NotAllowed("The customer has not allowed chat.")

    opening = asyncio.create_task(technician.open(chat.SPEC, Say("k", "good day")))
    theirs = (await anext(agent.requests())).accept(chat.SPEC, guard)
    with pytest.raises(NotAllowed):
        await theirs.receive()
    await opening
    technician.abort()
    agent.abort()


async def test_what_is_long_is_said_after_the_channel_was_accepted() -> None:
    technician, agent = joined_links()
    opening = asyncio.create_task(technician.open(chat.SPEC, Say("k", "good day " * 200)))
    theirs = (await anext(agent.requests())).accept(chat.SPEC)
    await opening
    assert await theirs.receive() == Say("k", "good day " * 200)
    technician.abort()
    agent.abort()


async def test_a_message_larger_than_window_and_record_arrives_whole() -> None:
    technician, agent = joined_links()
    mine, theirs = await _open(technician, agent, clipboard.SPEC)
    text = "x" * (5 * 1024 * 1024)
    sending = asyncio.create_task(mine.send(clipboard.Put(text)))
    assert (await theirs.receive()).text == text
    await sending
    with pytest.raises(TooLarge):
        await mine.send(clipboard.Put("x" * (clipboard.MAX_TEXT + 4096)))
    technician.abort()
    agent.abort()


async def test_a_sender_waits_for_a_receiver_that_does_not_take() -> None:
    technician, agent = joined_links()
    mine, theirs = await _open(technician, agent, clipboard.SPEC)
    sent = 0

    async def flood() -> None:
        nonlocal sent
        while True:
            await mine.send(clipboard.Put("y" * 100_000))
            sent += 1

    flooding = asyncio.create_task(flood())
    for _ in range(2000):
        await asyncio.sleep(0)
    # window (1 MiB), the queue (512 KiB) and one message that waits: never more
    assert 10 <= sent <= 17
    before = sent
    for _ in range(8):
        await theirs.receive()
    for _ in range(2000):
        await asyncio.sleep(0)
    assert sent > before
    flooding.cancel()
    technician.abort()
    agent.abort()


async def test_a_guard_stops_what_is_said_and_heard_at_once() -> None:
    technician, agent = joined_links()
    allowed = True

    def guard() -> None:
        if not allowed:
            raise NotAllowed("The customer has withdrawn it.")

    mine, theirs = await _open(technician, agent, clipboard.SPEC, guard)
    await mine.send(clipboard.Put("1"))
    await mine.send(clipboard.Put("2"))
    assert await theirs.receive() == clipboard.Put("1")
    allowed = False
    with pytest.raises(NotAllowed):
        await theirs.receive()
    with pytest.raises(NotAllowed):
        await theirs.send(clipboard.Done())
    theirs.cut(NotAllowed("The customer has withdrawn it."))
    with pytest.raises(NotAllowed):
        async for _ in mine:
            pass
    technician.abort()
    agent.abort()


async def test_a_message_that_breaks_the_channels_rules_leaves_the_link_alive() -> None:
    technician, agent = joined_links()
    mine, theirs = await _open(technician, agent, chat.SPEC)
    technician.session.send(mine._number, b"\xc1 not messagepack")
    technician.wake()
    with pytest.raises(PeerBroke):
        await theirs.receive()
    again, there = await _open(technician, agent, consent.SPEC)
    await again.send(consent.Goodbye("bye"))
    assert await there.receive() == consent.Goodbye("bye")
    technician.abort()
    agent.abort()


async def test_a_line_that_breaks_tells_everybody_who_waits() -> None:
    technician, agent = joined_links()
    mine, _ = await _open(technician, agent, chat.SPEC)
    waiting = asyncio.create_task(mine.receive())
    opening = asyncio.create_task(technician.open(clipboard.SPEC))
    await asyncio.sleep(0)
    technician._socket.abort()
    with pytest.raises(ChannelClosed) as closed:
        await waiting
    assert isinstance(closed.value.error, ConnectionLost)
    with pytest.raises(ConnectionLost):
        await opening
    assert isinstance(await technician.ended, ConnectionLost)
    assert isinstance(await agent.ended, ConnectionLost)
    with pytest.raises(ConnectionLost):
        await technician.open(chat.SPEC)


async def test_a_flipped_bit_ends_the_link_at_both_ends() -> None:
    technician, agent = joined_links()
    mine, _ = await _open(technician, agent, chat.SPEC)
    socket = technician._socket
    assert isinstance(socket, MemorySocket)
    honest = socket.send

    async def flip(data: bytes | bytearray, headroom: int = 0) -> None:
        bad = bytearray(data)
        bad[-1] ^= 1
        await honest(bad)

    socket.send = flip  # type: ignore[method-assign]
    await mine.send(Say("k", "text"))
    assert isinstance(await agent.ended, ConnectionLost)
    assert isinstance(await technician.ended, ConnectionLost)


async def test_closing_sends_what_is_queued_first() -> None:
    technician, agent = joined_links()
    mine, theirs = await _open(technician, agent, chat.SPEC)
    for n in range(20):
        await mine.send(Say(str(n), "text"))
    heard = asyncio.create_task(asyncio.wait_for(_all(theirs), 10))
    await technician.close("done")
    assert [m.key for m in await heard] == [str(n) for n in range(20)]
    assert await agent.ended is None


async def test_closing_waits_for_bulk_that_the_line_has_no_room_for_yet() -> None:
    bulk = ChannelSpec("bulk", None, Priority.BULK, Say, Line)
    technician, agent = joined_links()
    mine, theirs = await _open(technician, agent, bulk)
    honest = technician._socket.receive

    async def late() -> bytes:
        record = await honest()
        await asyncio.sleep(0.03)
        return record

    technician._socket.receive = late  # type: ignore[method-assign]
    heard = asyncio.create_task(asyncio.wait_for(_all(theirs), 10))
    for n in range(60):
        await mine.send(Say(str(n), "x" * 1000))
    await asyncio.sleep(0.01)  # as much as may be under way is
    assert mine.queued
    await technician.close("done")
    assert [m.key for m in await heard] == [str(n) for n in range(60)]
    assert await agent.ended is None


async def test_what_a_closed_channel_still_has_to_say_is_counted_as_bulk() -> None:
    bulk = ChannelSpec("bulk", None, Priority.BULK, Say, Line)
    technician, agent = joined_links()
    mine, theirs = await _open(technician, agent, bulk)
    counted: list[bool] = []
    honest = technician._ration.sent
    technician._ration.sent = lambda size, is_bulk: (counted.append(is_bulk), honest(size, is_bulk))  # type: ignore[func-returns-value, method-assign]
    heard = asyncio.create_task(asyncio.wait_for(_all(theirs), 10))
    for n in range(60):
        await mine.send(Say(str(n), "x" * 1000))
    await mine.close()
    counted.clear()
    assert [m.key for m in await heard] == [str(n) for n in range(60)]
    assert sum(counted) >= 10
    await technician.close()


async def _all(channel):
    return [m async for m in channel]


async def test_giving_up_on_an_opening_lets_go_of_it() -> None:
    technician, agent = joined_links()
    opening = asyncio.create_task(technician.open(clipboard.SPEC))
    request = await anext(agent.requests())
    opening.cancel()
    for _ in range(50):
        await asyncio.sleep(0)
    with pytest.raises(ChannelClosed):
        request.accept(clipboard.SPEC)
    mine, theirs = await _open(technician, agent, chat.SPEC)
    await mine.send(Say("k", "still here"))
    assert (await theirs.receive()).text == "still here"
    technician.abort()
    agent.abort()


async def test_what_is_heard_and_needs_no_answer_does_not_wake_who_speaks(monkeypatch: pytest.MonkeyPatch) -> None:
    technician, agent = joined_links()
    mine, theirs = await _open(technician, agent, chat.SPEC)
    await mine.send(Say("k", "first"))
    await theirs.receive()
    await asyncio.sleep(0)
    looked = 0
    honest = agent.session.next_record

    def next_record(*arguments, **named):
        nonlocal looked
        looked += 1
        return honest(*arguments, **named)

    monkeypatch.setattr(agent.session, "next_record", next_record)
    for number in range(20):
        await mine.send(Say("k", f"{number}"))
        assert await theirs.receive() == Say("k", f"{number}")
    assert looked < 5  # a ping's answer, perhaps
    technician.abort()
    agent.abort()
