"""One support session at the customer's computer: what holds in it, for whom, until its end.

The law: a channel speaks only while the customer's grant for it holds. That is looked at by the guard that each channel
is given (see `visits`), on every message in both directions; never by a feature, never by the technician's end. A grant
that is withdrawn denies first, then ends what ran, lets go of every key, and only then is shown as withdrawn: what the
customer reads is what is so.

Grants are one technician's: each link belongs to whoever's key opened it, and what a channel may do is asked of their
table. The session outlives its links, however long there is none.

    visits      the links and their channels          membership  who comes, leaves, hands over
    made        the features                          acting      what the customer does
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from rs_agent.consent import Changes, Consent
from rs_agent.desk import Desk
from rs_agent.desktop.base import Desktop
from rs_agent.feature import Departure
from rs_agent.journal import Journal, NoJournal
from rs_agent.language import N_
from rs_agent.session.acting import CustomersActions
from rs_agent.session.chores import Chores, cancelled
from rs_agent.session.guests import Guests, Inviter
from rs_agent.session.made import Made
from rs_agent.session.membership import Membership
from rs_agent.session.party import Party, Seat, Technician
from rs_agent.session.pausing import PausableDesktop
from rs_agent.session.plan import Past, Plan
from rs_agent.session.speaking import SPEAKER, SpeakingContext, granted
from rs_agent.session.visits import LEAVING, Talk, Visits
from rs_agent.ui.base import SHOWN_IN_USE, Face, InForce, Standing, Summary
from rs_agent.ui.words import FILES
from rs_relay.channels import party
from rs_relay.channels.consent import LEFT, Ask, Goodbye, Grant, Present, State, Up
from rs_relay.channels.consent import SPEC as CONSENT
from rs_relay.errors import SessionEnded
from rs_relay.link.channel import Channel, ChannelClosed
from rs_relay.link.spec import ChannelSpec, Permission

FILE_LINES = 50  # lines about files in the summary


class Session:
    """Inside a running loop. `ended` is done, with the reason, when everything of the session has ended."""

    def __init__(
        self,
        plan: Plan,
        desktop: Desktop,
        face: Face,
        journal: Journal | NoJournal,
        who: str,
        clock: Callable[[], float] = time.time,
        *,
        departure: Departure | None = None,
        past: Past | None = None,
        key: bytes = b"",
        inviter: Inviter | None = None,
    ) -> None:
        """`who` begins it, with `key`. `departure`: how it survives a restart of the computer; `past`: what it was
        before one. `inviter`: None where there can be no second technician."""
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._plan, self._face, self._journal, self._clock = plan, face, journal, clock
        self._began = clock() if past is None else past.began
        self._desktop = PausableDesktop(desktop)
        self.party = Party()
        self._chores = Chores()
        self._changed = asyncio.Event()
        self._ending = ""
        self._names: dict[str, None] = dict.fromkeys(past.who if past else (who,))  # everybody who was here, in order
        once = past.granted_once if past else sorted(plan.allow & plan.offered)
        self._granted_once: dict[Permission, None] = dict.fromkeys(once)
        self._files: list[tuple[str, str]] = []
        self._desk = Desk(self._consent(past), face, str(plan.folder), self._consented)
        context = self._context(who, departure, past)
        self._made = Made(plan.features, context)
        talks: dict[str, tuple[ChannelSpec[Any, Any], Talk]] = {
            CONSENT.name: (CONSENT, self._speak_consent), party.SPEC.name: (party.SPEC, self._speak_party),
        }  # fmt: skip
        self._visits = Visits(
            plan, self.party, self._desk, self._made, journal, clock, talks, over=self._is_over, changed=self._announce
        )
        guests = Guests(inviter, self._desk, self.party, journal)
        self._membership = Membership(
            self.party, self._desk, guests, self._visits, self._made, face, journal, self._chores,
            over=self._is_over, end=self.end, changed=self._announce,
        )  # fmt: skip
        acts = CustomersActions(
            self._desk, self.party, self._made, self._desktop, face, journal, plan.brakes, context.pulse, self._chores,
            part=self._membership.part, over=self._is_over, changed=self._announce,
        )  # fmt: skip
        self.answer, self.heed = acts.answer, acts.heed
        self.withdraw, self.allow, self.remove = acts.withdraw, acts.allow, acts.remove
        self.pause, self.say = acts.pause, acts.say
        self.draw, self.erase, self.forbid_drawing = acts.draw, acts.erase, acts.forbid_drawing
        self.line_of, self.attach = self._visits.line_of, self._visits.attach
        self.let_go, self.stop_restart = self._made.let_go, self._made.stop_restart
        self._seat(who, key, past)
        journal.write("session-back" if past else "session", who=who, allowed=[str(p) for p in self._granted_once])
        if past is not None:
            self._desktop.paused = past.paused
            self._announce()

    def _context(self, who: str, departure: Departure | None, past: Past | None) -> SpeakingContext:
        """What the features are made with."""
        context = SpeakingContext(
            self._desktop, self._face, self._plan.folder, who, note=self._note, drawable=self._drawable,
            withdraw=lambda permission: self.withdraw([permission]),
            granted=lambda permission: granted(self._desk.consent, self.party, permission),
            granted_to=lambda number, permission: self._desk.consent.granted(number, permission),
            speaker=SPEAKER.get,
            tell=lambda text: self._made.speech().tell(text),
            records=self._journal.folder, changed=self._announce, departure=departure,
            returned=past.returned if past else None, lines=past.lines if past else 0,
        )  # fmt: skip
        context.party = lambda: self.party
        return context

    def _consent(self, past: Past | None) -> Consent:
        brakes = self._plan.brakes
        warn = brakes is not None and past is None and brakes.warn()  # who comes back has been through it
        return Consent(self._plan.offered, warn=warn)

    def _braked(self) -> float:
        """Until when nothing powerful can be granted to somebody who comes now."""
        brakes = self._plan.brakes
        return 0.0 if brakes is None else asyncio.get_running_loop().time() + brakes.delay

    def _seat(self, who: str, key: bytes, past: Past | None) -> None:
        """Whoever is in it from the beginning."""
        if past is not None and past.seats:
            for seat in past.seats:
                technician = self.party.admit(seat.name, bytes.fromhex(seat.key), seat.since, seat.number)
                self._desk.consent.admit(technician.number, before=seat.grants)
            return
        first = self.party.admit(who, key, self._began)
        grants, braked = (past.grants, 0.0) if past else ({}, self._braked())
        self._desk.consent.admit(first.number, self._plan.allow, grants, braked=braked)

    def past(self) -> Past:
        """What it is now, for an agent that comes back to it."""
        seats = tuple(Seat.of(one, self._desk.consent.grants(one.number)) for one in self.party.by_rank())
        grants = seats[0].grants if seats else {}
        once, paused = tuple(self._granted_once), self._desktop.paused
        return Past(tuple(self._names), self._began, grants, once, paused, self._made.lines(), seats=seats)

    @property
    def linked(self) -> bool:
        """Somebody has a link now."""
        return len(self._visits) > 0

    @property
    def leader(self) -> str:
        """Who answers for it, for show."""
        leader = self.party.leader
        return leader.name if leader is not None else next(iter(self._names))

    async def joined(self) -> None:
        """Until somebody has a link."""
        while not self.linked:
            await self._changed.wait()

    def find(self, rid: bytes) -> Technician | None:
        """Whose key has that public name; None for one that opens nothing (any more)."""
        return None if self._ending else self.party.find(rid)

    def admit(self, name: str, key: bytes) -> Technician:
        """Somebody has come with an invitation. They may do nothing yet."""
        technician = self.party.admit(name, key, self._clock())
        self._desk.consent.admit(technician.number, braked=self._braked())
        self._names[technician.name] = None
        self._membership.welcome(technician)
        return technician

    async def _speak_party(self, channel: Channel[party.Down, party.Up], who: Technician) -> None:
        await self._membership.speak(channel, who)

    # --- consent ---

    async def _speak_consent(self, channel: Channel[State | Goodbye, Up], who: Technician) -> None:
        telling = asyncio.create_task(self._tell_state(channel, who), name="consent")
        try:
            async for message in channel:
                if self._ending:
                    return
                match message:
                    case Ask(permissions=permissions):
                        self._desk.ask(who.number, permissions, who.name)
                    case Goodbye() if self.party.leader is who:
                        self.end(N_("The technician ended the session."))
                    case Goodbye():
                        self._membership.part(who, LEFT)
        finally:
            await cancelled({telling}, LEAVING)

    async def _tell_state(self, channel: Channel[State | Goodbye, Up], who: Technician) -> None:
        try:
            while not self._ending and who in self.party:
                changed = self._changed
                await channel.send(self._state(who), replaces="state")
                await changed.wait()
        except (ChannelClosed, SessionEnded):
            pass  # the loop of the run hears it too, and ends

    def _state(self, who: Technician) -> State:
        links, leader = self._visits.links(), self.party.leader
        present = tuple(Present(t.number, t.name, t.since, links[t.number], t is leader, t is who) for t in self.party)
        grants = self._desk.consent.grants(who.number)
        return State(grants, self._plan.name, len(self._visits), str(self._plan.folder), present)

    def _consented(self, changes: Changes) -> None:
        """The tables have changed, or a question has (the desk calls this)."""
        consent = self._desk.consent
        for number, permission in sorted(changes):
            grant, who = consent.grants(number)[permission], self.party.numbered(number)
            if grant is Grant.ASKING or who is None:
                continue
            self._journal.write(str(grant), permission=str(permission), who=who.name)
            if grant is Grant.GRANTED:
                self._granted_once[permission] = None
        self._ask_alone()
        if consent.question is not None:
            self.erase()  # nobody draws over what the customer has to read, or what looks like it
        ending = self._visits.withdrawn(changes)
        if ending is not None:
            self._chores.begin(ending)
        else:
            self._announce()

    def _ask_alone(self) -> None:
        """The technician's hands rest while a question is on show: the answer is the customer's own."""
        asking = self._desk.consent.question is not None
        if asking and not self._desktop.asking and self._made.controlled():
            self._chores.begin(asyncio.to_thread(self._made.let_go))
        self._desktop.asking = asking

    def _announce(self) -> None:
        """Shows the customer, and tells every technician, what holds now. At the end nothing does, said only once."""
        if self._ending:
            return
        consent = self._desk.consent
        connected = self._visits.connected()
        granted = frozenset(p for p in Permission if consent.granted_to_any(p))
        self._desktop.allowed(granted)
        using = self._visits.using()
        busy = [permission for permission, _feature in self._made.busy()]
        used = frozenset(p for p in [*(p for _one, p in using), *busy] if p in SHOWN_IN_USE) & granted
        if self._desktop.paused:  # the desktop puts it back meanwhile
            used -= {Permission.PRIVACY}
        if (drawing := self._made.drawing()) is not None:
            drawing.stand()
        each = tuple(
            Standing(
                one.number, one.name, one in connected, frozenset(p for p in granted if consent.granted(one.number, p)),
                frozenset(p for who, p in using if who is one and p in used),
            )
            for one in self.party
        )  # fmt: skip
        names = tuple(one.name for one in self.party if one in connected)
        several = each if len(each) > 1 else ()
        seen = not self._desktop.paused and self._visits.seeing()
        self._desktop.seen(seen)
        paused = self._desktop.paused
        self._face.in_force(InForce(names, granted, paused, session=True, used=used, seen=seen, each=several))
        self._changed, before = asyncio.Event(), self._changed
        before.set()

    def _drawable(self) -> bool:
        consent = self._desk.consent
        seen = granted(consent, self.party, Permission.VIEW) and not self._desktop.paused and not self._ending
        return seen and consent.question is None

    # --- the end ---

    def _is_over(self) -> bool:
        return bool(self._ending)

    def end(self, reason: str) -> None:
        """Ends the session, for all links; `ended` tells when it is done. Nothing passes any channel from here on."""
        if not self._ending:
            self._ending = reason
            self._chores.begin(self._finish(reason))

    async def _finish(self, reason: str) -> None:
        self._desk.close()
        try:
            await self._visits.close(reason)
        finally:
            await cancelled(self._visits.abort() | self._chores.others(), LEAVING)
            self._made.close()
            self._sum_up(reason)
            if not self.ended.done():
                self.ended.set_result(reason)

    def _sum_up(self, reason: str) -> None:
        seconds = self._clock() - self._began
        who = tuple(self._names)
        self._journal.write("session-ended", reason=reason, seconds=round(seconds, 1))
        self._desktop.seen(False)
        self._desktop.allowed(frozenset())
        self._face.in_force(InForce())
        self._face.summary(Summary(who, seconds, tuple(self._granted_once), tuple(self._files), reason))

    def _note(self, kind: str, text: str) -> None:
        """A feature's line for the journal; those about files stand in the summary, too."""
        self._journal.write(kind, text=text)
        if kind in FILES and len(self._files) < FILE_LINES:
            self._files.append((kind, text))
