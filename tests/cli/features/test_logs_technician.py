from __future__ import annotations

import asyncio

import pytest

from rs_cli.features.logs import Logs
from rs_relay.channels.logs import MAX_LINES, SPEC, Entry, Failed, Lines, Over, Read
from rs_relay.errors import ConnectionLost, LocalProblem
from tests.support.channels import MemoryChannel, break_off, channel_pair
from tests.support.customer import until


def entry(at: float, text: str) -> Entry:
    return Entry(at, 6, "x", 1, text)


class Reading:
    def __init__(self, wanted: Read) -> None:
        self.logs, self.heard = Logs(wanted), list[str]()
        self.task = asyncio.create_task(self._listen())
        self.run: asyncio.Task[None]

    async def _listen(self) -> None:
        async for each in self.logs.entries():
            self.heard.append(each.text)

    async def link(self) -> tuple[MemoryChannel, Read]:
        technician, far = channel_pair(SPEC)
        self.run = asyncio.create_task(self.logs.run(technician))
        asked = await far.receive()
        return far, asked


async def test_all_of_it() -> None:
    reading = Reading(Read(0, 5, unit="cron"))
    far, asked = await reading.link()
    assert (asked.lines, asked.unit) == (5, "cron")
    await far.send(Lines(asked.id, (entry(1.0, "a"), entry(1.0, "a"))))
    await far.send(Lines(77, (entry(1.0, "not asked for"),)))
    await far.send(Over(asked.id, "journal"))
    await asyncio.wait_for(reading.task, 10)
    assert (reading.heard, reading.logs.source) == (["a", "a"], "journal")  # twice, for it was written twice
    await far.close()


async def test_it_goes_on_after_a_lost_link_and_tells_nothing_twice() -> None:
    reading = Reading(Read(0, 10, follow=True))
    far, asked = await reading.link()
    await far.send(Lines(asked.id, (entry(5.0, "a"), entry(6.25, "b"), entry(6.25, "c"))))
    await until(lambda: len(reading.heard) == 3)
    await break_off(far)
    with pytest.raises(ConnectionLost):
        await reading.run
    far, asked = await reading.link()
    assert (asked.since, asked.lines, asked.follow) == (6.25, MAX_LINES, True)
    await far.send(
        Lines(asked.id, (entry(6.0, "of that second"), entry(6.25, "b"), entry(6.25, "c"), entry(6.25, "d")))
    )
    await far.send(Lines(asked.id, (entry(0.0, "without a time"), entry(7.0, "e"))))
    await until(lambda: reading.heard[3:] == ["d", "without a time", "e"])
    reading.task.cancel()
    await far.close()


async def test_no_log() -> None:
    reading = Reading(Read(0))
    far, asked = await reading.link()
    await far.send(Failed(asked.id, "local-problem", "None.", ""))
    with pytest.raises(LocalProblem):
        await asyncio.wait_for(reading.task, 10)
    await far.close()
