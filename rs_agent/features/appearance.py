"""Appearance at the customer's: wallpaper and effects hidden for as long as somebody wants it, by the desktop's keeper,
which also outlives this program for as long as it takes to give them back.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from rs_agent.bucket import Bucket
from rs_agent.desktop.keeping import Change, Kept
from rs_agent.feature import Context
from rs_agent.wishes import Wishes
from rs_relay.channels.appearance import SPEC, Part, State, Up
from rs_relay.link.channel import Channel, ChannelClosed

CHANGES = {Part.WALLPAPER: Change.WALLPAPER, Part.EFFECTS: Change.EFFECTS}
BURST, PER_SECOND = 8, 2.0  # a person with a menu; a wallpaper that flickers helps nobody


class Appearance:
    spec = SPEC

    def __init__(self, context: Context) -> None:
        self._context = context
        self._wishes = Wishes(context.desktop, "appearance", lambda before, now: context.pulse.beat())

    async def run(self, channel: Channel[State, Up]) -> None:
        pace = Bucket(BURST, PER_SECOND, asyncio.get_running_loop().time)
        telling = asyncio.create_task(self._tell(channel), name="appearance")
        try:
            async for message in channel:
                if wait := pace.take():
                    await asyncio.sleep(wait)
                await self._wishes.want(channel, frozenset(CHANGES[part] for part in message.parts))
        finally:
            self._wishes.drop(channel)
            telling.cancel()

    def close(self) -> None:
        self._wishes.close()

    async def _tell(self, channel: Channel[State, Up]) -> None:
        seen = None
        with suppress(ChannelClosed):  # the loop of the run hears it, too
            while True:
                seen = await self._wishes.wait(seen)
                await channel.send(_state(seen), replaces="state")


def _state(kept: Kept) -> State:
    hidden = tuple(part for part, change in CHANGES.items() if change in kept.in_force)
    return State(hidden, {part: kept.cannot[change] for part, change in CHANGES.items() if change in kept.cannot})
