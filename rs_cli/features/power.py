"""A restart of the customer's computer, followed from the countdown to the return, over as many links as that takes."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable

from rs_relay.channels.power import DELAY, SPEC, Back, Counting, Down, Going, Over, Reboot, Up
from rs_relay.errors import ConnectionLost, RsError, from_wire
from rs_relay.link.channel import Channel, ChannelClosed


class Power:
    """One restart. `heard` is called with Counting and Going as they come."""

    spec = SPEC

    def __init__(
        self,
        *,
        delay: float = DELAY,
        reason: str = "",
        safe_mode: bool = False,
        heard: Callable[[Counting | Going], None] = lambda said: None,
    ) -> None:
        self._asked = Reboot(secrets.token_hex(16), delay, reason, safe_mode)
        self._heard = heard
        self.away = False  # it said that it goes, and then the link was lost
        loop = asyncio.get_running_loop()
        self._goes: asyncio.Future[Going | Back] = loop.create_future()
        self._back: asyncio.Future[Back] = loop.create_future()

    async def run(self, channel: Channel[Up, Down]) -> None:
        try:
            await channel.send(self._asked)
            async for said in channel:
                if said.id == self._asked.id:
                    self._take(said)
        except ChannelClosed as closed:
            raise closed.error or ConnectionLost("The connection was lost.") from None
        except RsError as error:
            if isinstance(error, ConnectionLost):
                self.away = self._goes.done()
            else:
                self._fail(error)
            raise

    async def goes(self) -> Going | Back:
        """When the computer goes down (or is back already). Raises what keeps it from that: NotAllowed when the
        customer called it off, LocalProblem …"""
        return await asyncio.shield(self._goes)

    async def back(self) -> Back:
        return await asyncio.shield(self._back)

    def _take(self, said: Down) -> None:
        match said:
            case Counting() | Going():
                self._heard(said)
                if isinstance(said, Going) and not self._goes.done():
                    self._goes.set_result(said)
            case Back():
                for waiting in (self._goes, self._back):
                    if not waiting.done():
                        waiting.set_result(said)
            case Over(code=code, message=message, hint=hint):
                self._fail(from_wire(code, message, hint))

    def _fail(self, error: RsError) -> None:
        for waiting in (self._goes, self._back):
            if not waiting.done():
                waiting.set_exception(error)
                waiting.exception()  # nobody need wait for it any more
