"""Batches on a live channel: bounded, in both directions at once, and parked when the channel goes."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator

import msgspec
import pytest

from rs_relay.channels.files import SPEC
from rs_relay.errors import PeerBroke, TransferFailed
from rs_relay.transfer import carrier as carriers
from rs_relay.transfer import messages as m
from rs_relay.transfer.carrier import INBOX_BYTES, Carrier, Inbox
from rs_relay.transfer.receiver import NOTHING, Receiver
from rs_relay.transfer.sender import Found, Sender
from tests.support.channels import MemoryChannel, break_off, channel_pair
from tests.support.transfer import MemoryLanding, MemorySource, Told, opening, plan_of


def nothing() -> None: ...


class Manners:
    """Gives each step `room` bytes, and keeps what it was told."""

    def __init__(self, room: int) -> None:
        self.room, self.turns, self.took = room, 0, list[float]()

    async def turn(self, most: int) -> int:
        self.turns += 1
        return min(most, self.room)

    def worked(self, seconds: float) -> None:
        self.took.append(seconds)


class End:
    """One end of a channel, with a carrier."""

    def __init__(
        self, channel: MemoryChannel, clock: Callable[[], float] = time.monotonic, manners: Manners | None = None
    ) -> None:
        self.carrier = Carrier(channel, clock, manners)
        self.landing = MemoryLanding()
        self.told = Told()
        self.serving = asyncio.create_task(self.carrier.serve(self.first))

    def first(self, message: object) -> None:
        if isinstance(message, m.Open):
            receiver = Receiver(lambda opened: self.landing, self.told)
            self.carrier.start(message.batch, lambda inbox: self.carrier.receive(receiver, inbox, nothing), message)

    def send(self, batch: int, plan: Iterator[Found]) -> tuple[Sender, asyncio.Task[None]]:
        sender = Sender(opening(batch, key=f"{batch}"), plan, Told())
        return sender, self.carrier.start(batch, lambda inbox: self.carrier.send(sender, inbox, nothing))


async def test_many_batches_both_ways_at_once() -> None:
    up, down = channel_pair(SPEC)
    technician, agent = End(up), End(down)
    files = {f"f{i}": bytes([i]) * (i * 400_000) for i in range(4)}
    jobs = []
    for number in range(6):
        jobs.append(technician.send(number, plan_of({f"{number}/{n}": d for n, d in files.items()}))[1])
        jobs.append(agent.send(100 + number, plan_of({f"{number}/{n}": d for n, d in files.items()}))[1])
    async with asyncio.timeout(60):
        await asyncio.gather(*jobs)
    expected = {f"{number}/{n}": d for number in range(6) for n, d in files.items()}
    assert technician.landing.final == agent.landing.final == expected
    await up.close()
    await technician.serving
    await agent.serving


@pytest.mark.parametrize("sending", [True, False])
async def test_whoever_gives_way_works_in_steps_of_the_size_they_are_given(sending: bool) -> None:
    up, down = channel_pair(SPEC)
    manners, size = Manners(64 * 1024), 4 * 1024 * 1024
    here, there = End(up, manners=manners if sending else None), End(down, manners=None if sending else manners)
    async with asyncio.timeout(60):
        await here.send(1, plan_of({"a": bytes(size)}))[1]
    assert there.landing.final == {"a": bytes(size)}
    assert manners.turns >= size // (64 * 1024 + m.PIECE_MAX)  # a step ends with the piece that fills it
    assert manners.took
    assert all(seconds > 0 for seconds in manners.took)
    await up.close()
    await asyncio.gather(here.serving, there.serving)


async def test_a_lost_link_parks_and_the_next_goes_on() -> None:
    files = {"a": bytes(300_000), "b": b"x" * 200_000}
    landing, sender = MemoryLanding(), Sender(opening(), plan_of(files), Told())
    receiver = Receiver(lambda opened: landing, Told())
    for attempt in range(100):
        up, down = channel_pair(SPEC)
        here, there = Carrier(up, time.monotonic), Carrier(down, time.monotonic)

        def first(message: object, there: Carrier = there) -> None:
            if isinstance(message, m.Open):
                there.start(1, lambda inbox: there.receive(receiver, inbox, nothing), message)

        serving = [asyncio.create_task(here.serve(lambda late: None)), asyncio.create_task(there.serve(first))]
        if attempt:
            sender.join(1)
        job = here.start(1, lambda inbox, here=here: here.send(sender, inbox, nothing))  # type: ignore[misc]
        while not job.done() and down.heard < 12:  # noqa: ASYNC110 (the count of messages has no event)
            await asyncio.sleep(0)
        await (up.close() if job.done() else break_off(up))
        await asyncio.gather(*serving, return_exceptions=True)
        if sender.finished:
            break
    assert landing.final == files
    assert attempt > 0


@pytest.mark.parametrize("sending", [True, False])
async def test_who_falls_silent_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch, sending: bool) -> None:
    monkeypatch.setattr(carriers, "BEAT", 0.02)
    up, down = channel_pair(SPEC)
    heard: list[object] = []
    here = End(up, lambda: 10.0 * sum(isinstance(message, m.Still) for message in heard))

    async def listen() -> None:
        async for message in down:
            heard.append(message)

    listening = asyncio.create_task(listen())
    receiver = Receiver(lambda opened: MemoryLanding(), Told())
    async with asyncio.timeout(20):
        if sending:
            machine, job = here.send(1, plan_of({"a": bytes(300_000)}))
            await job
            error = machine.aborted
        else:
            await here.carrier.start(1, lambda inbox: here.carrier.receive(receiver, inbox, nothing))
            error = receiver.aborted
    assert isinstance(error, TransferFailed)
    assert "silent" in error.message
    await up.close()
    await listening
    kinds = {type(message) for message in heard}
    assert {m.Still, m.Abort} <= kinds


async def test_signs_of_life_keep_a_transfer_that_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carriers, "BEAT", 0.02)
    up, down = channel_pair(SPEC)
    now = 0.0
    technician, agent = End(up, lambda: now), End(down, lambda: now)
    asked, found = threading.Event(), threading.Event()

    class Slow(MemorySource):
        def read(self, offset: int, count: int) -> bytes:
            asked.set()
            assert found.wait(60)
            return super().read(offset, count)

    async with asyncio.timeout(60):
        sending = technician.send(1, plan_of({"a": Slow(bytes(600_000))}))[1]
        while not (asked.is_set() and agent.carrier._inboxes):  # noqa: ASYNC110 (a thread's)
            await asyncio.sleep(0.001)
        inboxes = (technician.carrier._inboxes[1], agent.carrier._inboxes[1])
        for _ in range(3):  # altogether longer than SILENCE
            now += carriers.SILENCE / 2
            while not all(inbox.heard_at == now for inbox in inboxes):  # noqa: ASYNC110 (a message has no event)
                await asyncio.sleep(0.001)
        assert not sending.done()
        found.set()
        await sending
    assert len(agent.landing.final["a"]) == 600_000
    await up.close()
    await technician.serving


async def test_a_sender_that_ignores_the_window_is_cut_off() -> None:
    up, down = channel_pair(SPEC)
    agent = End(down)
    blocked = asyncio.Event()

    async def never(inbox: Inbox[object]) -> None:
        await blocked.wait()

    agent.carrier.start(1, never)
    piece = m.Piece(1, 0, 0, memoryview(bytes(m.PIECE_MAX)))
    with pytest.raises(PeerBroke, match="more at once"):
        async with asyncio.timeout(30):
            flood = asyncio.create_task(_flood(up, piece))
            await agent.serving
    flood.cancel()


async def _flood(channel: MemoryChannel, message: object) -> None:
    for _ in range(2 * INBOX_BYTES // m.PIECE_MAX):
        await channel.send(message)


async def test_an_honest_sender_never_has_more_than_the_window_under_way() -> None:
    up, down = channel_pair(SPEC)
    technician = End(up)
    technician.send(1, plan_of({"a": bytes(3 * m.WINDOW)}))
    said = 0
    async with asyncio.timeout(30):
        while True:
            message = await down.receive()
            if isinstance(message, m.Offer):
                await down.send(m.Accept(1, 0, 0, NOTHING))
            if isinstance(message, m.Piece):
                break
        said = m.weight(message)
        try:
            while True:  # nothing is acknowledged: it must stop by itself
                said += m.weight(await asyncio.wait_for(down.receive(), 0.3))
        except TimeoutError:
            pass
    assert 0 < said <= m.WINDOW
    technician.serving.cancel()


async def test_too_many_batches() -> None:
    up, down = channel_pair(SPEC)
    agent = End(down)
    for number in range(m.BATCHES_MAX + 1):
        await up.send(opening(number, key=f"{number}"))
    with pytest.raises(PeerBroke):
        async with asyncio.timeout(10):
            await agent.serving


async def test_what_breaks_the_rules_ends_the_channel_and_leaves_no_task() -> None:
    up, down = channel_pair(SPEC)
    agent = End(down)
    await up.send(opening())
    await up.send(m.Piece(1, 7, 0, memoryview(b"x")))
    with pytest.raises(PeerBroke):
        async with asyncio.timeout(10):
            await agent.serving
    assert not [t for t in asyncio.all_tasks() if t.get_name().startswith(("batch", "files"))]


async def test_an_error_of_the_batch_is_told_and_the_channel_lives() -> None:
    up, down = channel_pair(SPEC)

    def refuse(opened: m.Open) -> MemoryLanding:
        raise TransferFailed("The file's name is too long.")

    carrier = Carrier(down, time.monotonic)

    def first(message: object) -> None:
        if isinstance(message, m.Open):
            receiver = Receiver(refuse, Told())
            carrier.start(message.batch, lambda inbox: carrier.receive(receiver, inbox, nothing), message)

    serving = asyncio.create_task(carrier.serve(first))
    technician = End(up)
    sender, job = technician.send(1, plan_of({"a": b"x"}))
    async with asyncio.timeout(10):
        await job
    assert isinstance(sender.aborted, TransferFailed)
    assert not serving.done()
    await up.close()
    await serving


async def test_small_files_cost_no_round_trips() -> None:
    up, down = channel_pair(SPEC)
    technician, agent = End(up), End(down)
    files = {f"d/f{i}": str(i).encode() for i in range(3000)}
    _, job = technician.send(1, plan_of(files))
    async with asyncio.timeout(60):
        await job
    assert agent.landing.final == files
    assert down.heard <= 3000 + 2
    await up.close()


async def test_a_slow_reader_of_the_disk_does_not_stop_the_answers_of_another() -> None:
    """A batch whose source gives nothing yet leaves the channel to the others."""

    class Slow(MemorySource):
        def read(self, offset: int, count: int) -> bytes:
            time.sleep(0.02)
            return super().read(offset, count)

    up, down = channel_pair(SPEC)
    technician, agent = End(up), End(down)
    slow = technician.send(1, plan_of({"slow": Slow(bytes(9_000_000))}))[1]
    fast = technician.send(2, plan_of({"fast": bytes(9_000_000)}))[1]
    async with asyncio.timeout(60):
        await fast
        assert not slow.done()
        await slow
    assert set(agent.landing.final) == {"slow", "fast"}
    await up.close()


def test_the_channel_takes_what_the_transfer_says() -> None:
    piece = m.Piece(2**31, m.ITEMS_MAX, 2**62, memoryview(bytes(m.PIECE_MAX)), True)
    assert len(msgspec.msgpack.encode(piece)) <= SPEC.max_message
    assert SPEC.window >= m.WINDOW


@pytest.mark.parametrize("by_the_receiver", [True, False])
async def test_a_rate_holds_one_batch_and_no_other(by_the_receiver: bool) -> None:
    """Held, it moves nothing more; at a rate, that much; let go, all. Who asks for it makes no difference."""
    up, down = channel_pair(SPEC)
    receiving, sending = End(up), End(down)
    landed = receiving.landing.final

    async def rate(value: int) -> None:
        if by_the_receiver:
            await up.send(m.Rate(1, value))
            await asyncio.sleep(0.01)
        else:
            sending.carrier.limit(1, value)

    _, job = sending.send(1, plan_of({"slow": bytes(400_000)}))
    await rate(0)
    _, other = sending.send(2, plan_of({"other": bytes(3_000_000)}))
    async with asyncio.timeout(20):
        await other
        assert set(landed) == {"other"}
        assert not job.done()
        began = time.monotonic()
        await rate(1_000_000)
        (part,) = receiving.landing.parts.values()
        while len(part) < 300_000:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        assert time.monotonic() - began > 0.15
        await rate(m.UNKNOWN)
        await job
    assert landed["slow"] == bytes(400_000)
    await up.close()
    await asyncio.gather(sending.serving, receiving.serving)


async def test_what_is_no_rate_breaks_the_rules() -> None:
    up, down = channel_pair(SPEC)
    end = End(down)
    await up.send(m.Rate(1, -2))
    with pytest.raises(PeerBroke):
        await end.serving
