"""The customer's agent as a service, from the technician's end: one wish, and what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from rs_relay.channels.agent_service import SPEC, Asked, Down, Told, Up
from rs_relay.link.channel import Channel


class AgentService:
    """`asked` is called when the customer's computer asks for its administrator."""

    spec = SPEC

    def __init__(self, wish: Up, *, asked: Callable[[], None] = lambda: None) -> None:
        self._wish, self._asked = wish, asked
        self._told: asyncio.Future[Told] = asyncio.get_running_loop().create_future()

    async def run(self, channel: Channel[Up, Down]) -> None:
        if self._told.done():  # the link was lost after it
            return
        await channel.send(self._wish)
        async for said in channel:
            match said:
                case Asked():
                    self._asked()
                case Told() if not self._told.done():
                    self._told.set_result(said)

    async def told(self) -> Told:
        """Waits while somebody is asked there."""
        return await asyncio.shield(self._told)
