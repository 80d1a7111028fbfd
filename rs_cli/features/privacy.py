"""Privacy at the technician's: what is wanted, said again before it runs out, and what is in force over there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from rs_relay.channels.privacy import RENEW, SPEC, Keep, Part, State, Up
from rs_relay.errors import NotAllowed
from rs_relay.link.channel import Channel, ChannelClosed


class Privacy:
    """`changed` is called whenever `state` has become another; it is empty while no channel is open.

    A customer who ends it withdraws the grant: `run` ends with NotAllowed, and nothing is asked for anew."""

    spec = SPEC

    def __init__(self, changed: Callable[[State], None] = lambda state: None, renew: float = RENEW) -> None:
        self.wanted: frozenset[Part] = frozenset()
        self.state = State()
        self._changed, self._renew = changed, renew
        self._channel: Channel[Up, State] | None = None

    async def run(self, channel: Channel[Up, State]) -> None:
        self._channel = channel
        saying = asyncio.create_task(self._say_again(channel), name="privacy")
        try:
            async for state in channel:
                self._become(state)
        except NotAllowed:
            self.wanted = frozenset()  # withdrawn: it is wanted no more, until it is asked for anew
            raise
        finally:
            saying.cancel()
            self._channel = None
            self._become(State())

    async def keep(self, parts: frozenset[Part]) -> None:
        """From now on these, on this link and on later ones."""
        self.wanted = parts
        if self._channel is not None:
            await self._say(self._channel)

    async def _say_again(self, channel: Channel[Up, State]) -> None:
        while True:
            await self._say(channel)
            await asyncio.sleep(self._renew)

    async def _say(self, channel: Channel[Up, State]) -> None:
        try:
            await channel.send(Keep(tuple(sorted(self.wanted))))
        except ChannelClosed:
            return  # `run` hears it, and the next link begins with it

    def _become(self, state: State) -> None:
        if state != self.state:
            self.state = state
            self._changed(state)
