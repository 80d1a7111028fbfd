"""Privacy at the customer's: their screen dark, their keyboard and mouse held, by the desktop's keeper.

The law: the person at the computer is the stronger one. It ends when they press the keys for that (which withdraws the
grant: whoever wants it again must ask again), when they withdraw or pause, with the link, after LEASE seconds without
a word from the technician's end, when this program is killed, and some seconds after it hangs.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from rs_agent.bucket import Bucket
from rs_agent.desktop.keeping import Change, Kept
from rs_agent.feature import Context
from rs_agent.language import N_, _
from rs_agent.wishes import Wishes
from rs_relay.channels.privacy import LEASE, SPEC, Part, State, Up
from rs_relay.errors import NotAllowed
from rs_relay.link.channel import Channel, ChannelClosed
from rs_relay.link.spec import Permission

CHANGES = {Part.BLANK: Change.BLANK, Part.BLOCK: Change.BLOCK}
BURST, PER_SECOND = 8, 1.0  # a person with a menu; a screen that flickers would be a weapon

BEGINS = {
    Change.BLANK: N_("{who} HAS DARKENED YOUR SCREEN. Press Escape three times to end that."),
    Change.BLOCK: N_("{who} HOLDS YOUR KEYBOARD AND MOUSE. Press Escape three times to end that."),
}
OVER = {
    Change.BLANK: N_("Your screen is no longer darkened."),
    Change.BLOCK: N_("Your keyboard and mouse are yours again."),
}
ENDED = N_("You pressed Escape three times: it may not be done again before you allow it anew.")


class Privacy:
    spec = SPEC

    def __init__(self, context: Context, lease: float = LEASE) -> None:
        self._context, self._lease = context, lease
        self._wishes = Wishes(context.desktop, "privacy", self._changed)

    async def run(self, channel: Channel[State, Up]) -> None:
        pace = Bucket(BURST, PER_SECOND, asyncio.get_running_loop().time)
        telling = asyncio.create_task(self._tell(channel), name="privacy")
        try:
            while True:
                message = await self._next(channel)
                if wait := pace.take():
                    await asyncio.sleep(wait)
                parts = message.parts if message is not None else ()
                await self._wishes.want(channel, frozenset(CHANGES[part] for part in parts))
        except ChannelClosed:
            return
        finally:
            self._wishes.drop(channel)
            telling.cancel()

    def close(self) -> None:
        self._wishes.close()

    async def _next(self, channel: Channel[State, Up]) -> Up | None:
        """None when the lease has run out."""
        try:
            async with asyncio.timeout(self._lease):
                return await channel.receive()
        except TimeoutError:
            return None

    async def _tell(self, channel: Channel[State, Up]) -> None:
        seen = None
        with suppress(ChannelClosed, NotAllowed):  # the loop of the run hears it, too
            while True:
                seen = await self._wishes.wait(seen)
                await channel.send(_state(seen), replaces="state")

    def _changed(self, before: Kept, now: Kept) -> None:
        for change in CHANGES.values():
            if (change in before.in_force) != (change in now.in_force):
                self._show(change, change in now.in_force)
        if now.ended and not before.ended:
            self._context.note("privacy-ended", "by the customer")
            self._context.face.notice(_(ENDED))
            self._context.withdraw(Permission.PRIVACY)

    def _show(self, change: Change, on: bool) -> None:
        who = self._context.technician
        self._context.note("privacy" if on else "privacy-over", str(change))
        self._context.face.notice(_((BEGINS if on else OVER)[change]).replace("{who}", who))


def _state(kept: Kept) -> State:
    in_force = tuple(part for part, change in CHANGES.items() if change in kept.in_force)
    return State(in_force, {part: kept.cannot[change] for part, change in CHANGES.items() if change in kept.cannot})
