"""Waking computers by an agent in their network."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from rs_relay.channels.wake import SPEC, Sent
from rs_relay.channels.wake import Wake as Ask
from rs_relay.link.channel import Channel


class Wake:
    """`macs`: of the one computer to wake; it is asked for by all of them."""

    spec = SPEC

    def __init__(self, macs: Sequence[str]) -> None:
        self._macs = tuple(macs)
        self._done: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def run(self, channel: Channel[Ask, Sent]) -> None:
        if self._done.done():
            return
        for mac in self._macs:
            await channel.send(Ask(mac))
        cards = max([(await channel.receive()).cards for _ in self._macs], default=0)
        if not self._done.done():
            self._done.set_result(cards)

    async def sent(self) -> int:
        """Into how many networks the packets went."""
        return await asyncio.shield(self._done)
