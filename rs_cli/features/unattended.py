"""Enrolment at the technician's end: asks once, and has the answer."""

from __future__ import annotations

import asyncio

from rs_relay.channels.unattended import SPEC, Enrol, Enrolled
from rs_relay.link.channel import Channel


class Enrolment:
    spec = SPEC

    def __init__(self, key: bytes) -> None:
        """`key`: this technician's, public."""
        self._key = key
        self._answer: asyncio.Future[Enrolled] = asyncio.get_running_loop().create_future()

    async def run(self, channel: Channel[Enrol, Enrolled]) -> None:
        if self._answer.done():  # the link was lost after it
            return
        await channel.send(Enrol(self._key))
        answer = await channel.receive()
        if not self._answer.done():
            self._answer.set_result(answer)

    async def enrolled(self) -> Enrolled:
        """Waits while the customer is asked."""
        return await asyncio.shield(self._answer)
