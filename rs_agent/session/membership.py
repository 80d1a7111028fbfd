"""Who comes into a session, leaves it, is taken out, or hands it over.

The law: grants are one technician's. Who is taken out loses, in this order, the key, the grants, the channels and the
links. What one who hands over was allowed becomes the successor's only if the customer says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rs_agent.consent import Matter
from rs_agent.desk import Desk
from rs_agent.journal import Journal, NoJournal
from rs_agent.language import N_, _
from rs_agent.session.chores import Chores
from rs_agent.session.guests import Guests
from rs_agent.session.made import Made
from rs_agent.session.party import Party, Technician
from rs_agent.session.visits import Visits
from rs_agent.ui.base import Face
from rs_relay.channels.consent import HANDED_OVER, REMOVED
from rs_relay.channels.party import Done, Down, HandOver, Invite, Remove, Up
from rs_relay.errors import NoSuchSession, NotAllowed
from rs_relay.link.channel import Channel
from rs_relay.link.spec import Permission
from rs_relay.text import printable


@dataclass(frozen=True)
class Membership:
    """`over`: the session is at its end; `end` brings it there. `changed`: who is here is another now."""

    party: Party
    desk: Desk
    guests: Guests
    visits: Visits
    made: Made
    face: Face
    journal: Journal | NoJournal
    chores: Chores
    over: Callable[[], bool]
    end: Callable[[str], None]
    changed: Callable[[], None]

    def welcome(self, technician: Technician) -> None:
        """Somebody has come with an invitation. They may do nothing yet."""
        self.journal.write("joined", who=technician.name)
        text = _("{who} has joined the session. They may do nothing before you allow it to them, too.")
        self.face.notice(text.format(who=printable(technician.name)))
        self.made.speech().tell(f"{printable(technician.name)} has joined the session.")
        self.changed()

    async def speak(self, channel: Channel[Down, Up], who: Technician) -> None:
        """The channel on which `who` invites, hands over, takes out."""
        match await channel.receive():
            case Invite():
                await self.guests.invite(channel, who)
            case HandOver(number=number):
                successor = self._other(who, number)
                await channel.send(Done())
                self.chores.begin(self._hand_over(who, successor))
            case Remove(number=number):
                gone = self._other(who, number)
                await channel.send(Done())
                self.part(gone, REMOVED)

    def _other(self, who: Technician, number: int) -> Technician:
        """That technician, whom `who` may send away or put in their own place. Raises NotAllowed, NoSuchSession."""
        if self.party.leader is not who:
            raise NotAllowed("Only who leads the session may do that.", "`rs sessions show` tells who does.")
        other = self.party.numbered(number)
        if other is None or other is who:
            raise NoSuchSession("No such other technician is in the session.", "`rs sessions show` lists them.")
        return other

    async def _hand_over(self, who: Technician, successor: Technician) -> None:
        consent = self.desk.consent
        passes = [p for p in Permission if consent.granted(who.number, p) and not consent.granted(successor.number, p)]
        self.party.hand_over(successor)
        self.journal.write("handed-over", who=who.name, to=successor.name)
        text = _("{who} has handed the session over to {whom} and is gone.")
        self.face.notice(text.format(who=printable(who.name), whom=printable(successor.name)))
        self.part(who, HANDED_OVER)
        agreed = passes and await self.desk.decide(
            successor.number, Matter.TAKE_OVER, successor.name, whom=who.name, passes=passes
        )
        for permission in passes if agreed else ():
            self.desk.allow(successor.number, permission)

    def part(self, who: Technician, reason: str) -> None:
        """`who` is nobody here from this moment. The last one's leave is the session's end."""
        if who not in self.party or self.over():
            return
        if len(self.party) == 1:
            self.end(N_("The last technician has left the session."))
            return
        self.party.dismiss(who)
        self.journal.write("left", who=who.name, reason=reason)
        if reason != HANDED_OVER:
            self.face.notice(_("{who} is no longer in the session.").format(who=printable(who.name)))
        self.made.speech().tell(f"{printable(who.name)} is no longer in the session.")
        self.chores.begin(self.visits.see_off(who, reason))
        self.desk.dismiss(who.number)
        self.changed()
