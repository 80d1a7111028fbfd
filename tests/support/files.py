"""Both ends of the files feature on real folders, over channels in memory that can break."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from rs_agent.feature import Context
from rs_agent.features.files import Files as AgentFiles
from rs_cli.features.files import Files, Report
from rs_relay.channels.files import SPEC
from rs_relay.errors import RsError
from tests.support.channels import MemoryChannel, break_off, channel_pair
from tests.support.customer import FakeDesktop, FakeFace


class Pair:
    """`home` is the customer's, `inbox` their folder for received files, `desk` the technician's folder."""

    def __init__(self, folder: Path, technician: Files | None = None) -> None:
        self.home, self.inbox, self.desk = folder / "home", folder / "home/Downloads/rs", folder / "desk"
        self.home.mkdir(exist_ok=True)
        self.desk.mkdir(exist_ok=True)
        self.face = FakeFace()
        self.notes: list[tuple[str, str]] = []
        self.technician = technician or Files()
        self.restart_agent()
        self.channel: MemoryChannel
        self._runs: list[asyncio.Task[None]] = []

    def restart_agent(self) -> None:
        context = Context(
            FakeDesktop(), self.face, self.inbox, "alice", self.home, lambda kind, text: self.notes.append((kind, text))
        )
        self.agent = AgentFiles(context)

    def connect(self) -> MemoryChannel:
        self.channel, other = channel_pair(SPEC)
        self._runs = [
            asyncio.create_task(self.technician.run(self.channel)),
            asyncio.create_task(self.agent.run(other)),
        ]
        return self.channel

    async def cut(self) -> None:
        await break_off(self.channel)
        await asyncio.gather(*self._runs, return_exceptions=True)

    async def close(self) -> None:
        await self.channel.close()
        for run in self._runs:
            with suppress(RsError):
                await run
        self.agent.close()


@asynccontextmanager
async def pair(folder: Path, technician: Files | None = None) -> AsyncIterator[Pair]:
    made = Pair(folder, technician)
    made.connect()
    try:
        async with asyncio.timeout(60):
            yield made
    finally:
        await made.close()


class OneSession:
    """Stands for `rs_cli.doing.reach.reach`: session 3, whose customer is the agent of `pair`."""

    class Entry:
        number = 3
        customer = "Maria's PC"

    entry = Entry()

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.asked: list[int | None] = []

    @asynccontextmanager
    async def __call__(self, number: int | None, timeout: float) -> AsyncIterator[OneSession]:
        self.asked.append(number)
        yield self

    async def during(self, feature: Files, work: Coroutine[Any, Any, Report]) -> Report:
        made = Pair(self._folder, feature)
        made.connect()
        try:
            return await work
        finally:
            await made.close()
