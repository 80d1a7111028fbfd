"""One thing that concerns who is in a session: a second technician invited, one sent away, the session handed over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from rs_relay.channels.consent import Present
from rs_relay.channels.party import SPEC, Came, Code, Done, Down, Up, Wrong
from rs_relay.errors import NoSuchSession, Unreachable
from rs_relay.link.channel import Channel
from rs_relay.text import printable


class Party:
    spec = SPEC

    def __init__(self, asked: Up, told: Callable[[Code | Wrong], None] = lambda said: None) -> None:
        """`told` hears a code that was made, and each wrong one that was typed."""
        self._asked, self._told = asked, told
        self._answer: asyncio.Future[Came | Done] = asyncio.get_running_loop().create_future()
        self.said = False  # the agent may have heard it

    async def run(self, channel: Channel[Up, Down]) -> None:
        """Says it once: a code ends with the channel that it came through."""
        if self.said:
            raise Unreachable("The connection was lost, and the code with it.", "Invite again.")
        await channel.send(self._asked)
        self.said = True
        async for said in channel:
            if isinstance(said, Came | Done):
                self._answer.set_result(said)
                return
            self._told(said)

    async def answer(self) -> Came | Done:
        """Who came, or that it is done. Raises, by way of the session, what the customer or the agent refused."""
        return await self._answer


def named(present: Sequence[Present], name: str) -> Present:
    """The technician of that name, in any case, or of that number. Raises NoSuchSession."""
    wanted = name.strip().casefold()
    by_name = next((one for one in present if one.name.casefold() == wanted), None)
    found = by_name or next((one for one in present if str(one.number) == wanted), None)
    if found is None:
        who = ", ".join(f"{one.number} {printable(one.name, 40)}" for one in present)
        raise NoSuchSession(f"No technician called '{printable(name, 40)}' is in the session.", f"There are: {who}.")
    return found
