"""A customer's folders without a network: the agent's own feature on a folder of the test's.

at = Far(home)                    a place of `rs_cli.doing.reach.reach`: every session leads there
monkeypatch.setattr(there, "reach", at)
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from rs_agent.feature import Context
from rs_agent.features.folders import Folders as FoldersThere
from rs_relay.channels.folders import SPEC
from rs_relay.link.channel import ChannelClosed
from rs_relay.link.spec import Permission
from tests.support.channels import MemoryChannel, channel_pair
from tests.support.customer import FakeDesktop, FakeFace


class Far:
    def __init__(self, home: Path) -> None:
        self.home, self.face = home, FakeFace()
        self.granted = {Permission.FILES}
        self.asked: list[int | None] = []  # the sessions that were reached
        self.instead: Callable[[MemoryChannel], Coroutine[Any, Any, None]] | None = None  # a hostile agent

    def feature(self) -> FoldersThere:
        context = Context(
            FakeDesktop(), self.face, self.home, "alice", home=self.home, granted=self.granted.__contains__
        )
        return FoldersThere(context)

    @asynccontextmanager
    async def __call__(self, number: int | None, timeout: float) -> AsyncIterator[Any]:
        self.asked.append(number)
        yield SimpleNamespace(entry=SimpleNamespace(number=number), during=self.during)

    async def during(self, feature: Any, work: Coroutine[Any, Any, Any]) -> Any:
        """As a session does it, on one link."""
        ours, theirs = channel_pair(SPEC)
        there = asyncio.create_task((self.instead or self.feature().run)(theirs))
        here = asyncio.create_task(feature.run(ours))
        doing = asyncio.create_task(work)
        tasks: list[asyncio.Task[Any]] = [here, doing]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if doing.done():
                return doing.result()
            doing.cancel()
            await here  # it raises what was wrong
            raise AssertionError("the channel was closed without a reason")
        finally:
            await ours.close()
            for task in (*tasks, there):
                task.cancel()
            await asyncio.gather(*tasks, there, return_exceptions=True)


async def serve(home: Path, channel: MemoryChannel) -> None:
    """The agent's half, until the channel ends."""
    try:
        await Far(home).feature().run(channel)
    except ChannelClosed:
        pass
