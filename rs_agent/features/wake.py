"""Wakes other computers in this one's network, at a pace that disturbs nobody. The customer reads each."""

from __future__ import annotations

import asyncio
import time

from rs_agent.bucket import Bucket
from rs_agent.feature import Context
from rs_agent.language import N_, _
from rs_agent.unattended.network import wake
from rs_relay.channels.wake import SPEC, Sent
from rs_relay.channels.wake import Wake as Asked
from rs_relay.errors import LocalProblem
from rs_relay.link.channel import Channel
from rs_relay.text import printable

BURST, PER_SECOND = 8, 0.2  # packets: a shop full of tills at once, and no flood


class Wake:
    spec = SPEC

    def __init__(self, context: Context) -> None:
        self._context = context
        self._pace = Bucket(BURST, PER_SECOND, time.monotonic)

    async def run(self, channel: Channel[Sent, Asked]) -> None:
        async for asked in channel:
            await asyncio.sleep(self._pace.take())
            who = printable(self._context.technician, 64)
            self._context.face.notice(_("{who} wakes another computer in your network.").format(who=who))
            self._context.note("wake", asked.mac)
            cards = await asyncio.to_thread(wake, asked.mac)
            if not cards:
                raise LocalProblem(N_("No network card of the customer's computer took the packet."))
            await channel.send(Sent(asked.mac, cards))
