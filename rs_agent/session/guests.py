"""A second technician is let in: from the wish of one who is here to the one who comes, or to the end of the code.

    Invite ─▶ the customer is asked ──no──▶ NotAllowed
                  └─yes─▶ Code ─▶ Wrong(left) … ─▶ Came(number, name)      the channel's end is the code's end

One at a time. The session admits who comes (`Session.admit`): nothing is allowed to them before the customer says so.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from rs_agent.consent import Matter
from rs_agent.desk import Desk
from rs_agent.journal import Journal, NoJournal
from rs_agent.session.party import Party, Technician
from rs_relay.channels.party import Came, Code, Down, Up, Wrong
from rs_relay.errors import NotAllowed, PeerBroke, RsError, TooLarge
from rs_relay.link.channel import Channel


class Invitation(Protocol):
    """A code that is on its way to a second technician. `events`: the tries that are left after a wrong one, and at the
    end who came, or why nobody will."""

    seconds: float
    events: asyncio.Queue[int | Technician | RsError]

    @property
    def spoken(self) -> str: ...


class Inviter(Protocol):
    """Who makes codes (the host)."""

    async def invite(self) -> Invitation:
        """Raises RsError."""
        ...

    async def call_off(self, invitation: Invitation) -> None:
        """The code opens nothing any more."""
        ...


class Guests:
    def __init__(self, inviter: Inviter | None, desk: Desk, party: Party, journal: Journal | NoJournal) -> None:
        """`inviter`: None where there can be no second technician."""
        self._inviter, self._desk, self._party, self._journal = inviter, desk, party, journal
        self._busy = False

    async def invite(self, channel: Channel[Down, Up], who: Technician) -> None:
        """Raises NotAllowed for the customer's no, TooLarge where nobody more can come, and what ended the code."""
        if self._inviter is None or self._busy or self._party.full:
            raise TooLarge("Nobody more can be invited now.", "One at a time, and eight technicians at most.")
        self._busy = True
        invitation: Invitation | None = None
        try:
            if not await self._desk.decide(who.number, Matter.INVITE, who.name):
                self._journal.write("refused", who=who.name, permission="invite")
                raise NotAllowed("The customer does not want another technician in the session.")
            self._journal.write("invited", who=who.name)
            invitation = await self._inviter.invite()
            await channel.send(Code(invitation.spoken, invitation.seconds))
            await _await_guest(channel, invitation)
        finally:
            self._busy = False
            if invitation is not None:
                await asyncio.shield(self._inviter.call_off(invitation))


async def _await_guest(channel: Channel[Down, Up], invitation: Invitation) -> None:
    hearing = asyncio.ensure_future(channel.receive())
    try:
        while True:
            event = asyncio.ensure_future(invitation.events.get())
            await asyncio.wait({hearing, event}, return_when=asyncio.FIRST_COMPLETED)
            if hearing.done():
                event.cancel()
                hearing.result()  # raises ChannelClosed: nobody waits for the guest any more
                raise PeerBroke("The other end asked for two things on one channel.")
            match event.result():
                case RsError() as error:
                    raise error
                case Technician() as guest:
                    await channel.send(Came(guest.number, guest.name))
                    return
                case left:
                    await channel.send(Wrong(left))
    finally:
        hearing.cancel()
        await asyncio.gather(hearing, return_exceptions=True)
