"""Programs ended and services switched at the customer's.

What a lost link took away is not asked again: nobody knows whether it was done, and the person is told so.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import Any, cast

from rs_relay.channels.manage import (
    SPEC,
    Action,
    Done,
    Down,
    Failed,
    Find,
    Found,
    Kill,
    Program,
    Switch,
    Up,
)
from rs_relay.errors import ConnectionLost, from_wire
from rs_relay.link.channel import Channel, ChannelClosed

LOST = "The connection was lost before the answer came: whether it was done is not known."
HINT = "Look, with `rs ps` or `rs services`, before you try again."


class Manage:
    spec = SPEC

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._channel: Channel[Up, Down] | None = None
        self._linked = asyncio.Event()

    async def run(self, channel: Channel[Up, Down]) -> None:
        self._channel = channel
        self._linked.set()
        try:
            async for said in channel:
                asked = self._asked.get(said.id)
                if asked is None or asked.done():
                    continue
                if isinstance(said, Failed):
                    asked.set_exception(from_wire(said.code, said.message, said.hint))
                else:
                    asked.set_result(said)
        finally:
            self._channel = None
            self._linked.clear()
            for asked in self._asked.values():
                if not asked.done():
                    asked.set_exception(ConnectionLost(LOST, HINT))
                    asked.exception()  # nobody need wait for it any more

    async def find(self, pids: tuple[int, ...] = (), name: str = "") -> tuple[Program, ...]:
        """What they are now: those of these numbers and those of that name."""
        found: Found = await self._ask(lambda id: Find(id, pids, name))
        return found.programs

    async def kill(self, pid: int, started: float, signal: str = "TERM", tree: bool = False) -> Done:
        """Raises NoSuchSession when that program has ended, LocalProblem when the agent may not."""
        return cast(Done, await self._ask(lambda id: Kill(id, pid, started, signal, tree)))

    async def switch(self, name: str, action: Action, user: bool = False) -> str:
        """The service's state afterwards."""
        done: Done = await self._ask(lambda id: Switch(id, name, action, user))
        return done.state

    async def _ask(self, make: Callable[[int], Up]) -> Any:
        await self._linked.wait()
        id = next(self._numbers)
        asked = self._asked[id] = asyncio.get_running_loop().create_future()
        try:
            if self._channel is None:
                raise ConnectionLost("The connection was lost.")
            try:
                await self._channel.send(make(id))
            except ChannelClosed:
                raise ConnectionLost(LOST, HINT) from None
            return await asked
        finally:
            del self._asked[id]
