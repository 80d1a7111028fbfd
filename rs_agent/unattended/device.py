"""An agent that nobody attends: present at the relay under this device's own name, without a code on show.

    present ──knock──▶ handshake with the access code ──▶ working hours? nobody else in? ──▶ a session ──▶ its end

Law: who is let in is decided here. A try is counted before it is looked at (`tries`), its owner reads of every wrong
one, and whoever sits at this computer sees who is in and ends it with `stop` as in any session. A session has the
permissions that were set at the device, and can ask for no others.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rs_agent import locking
from rs_agent.desktop.base import Desktop
from rs_agent.feature import Returned
from rs_agent.host import Host, Identity
from rs_agent.journal import Journal, NoJournal
from rs_agent.language import N_, _
from rs_agent.session import ticket as tickets
from rs_agent.session.plan import Past, Plan
from rs_agent.session.returning import Returning
from rs_agent.session.session import Session
from rs_agent.session.ticket import Ticket
from rs_agent.ui.base import Face
from rs_agent.unattended import hours
from rs_agent.unattended.enrolment import Record, Unattended
from rs_agent.unattended.tries import GuessLimit
from rs_relay.errors import RsError
from rs_relay.link import dial, visiting
from rs_relay.link.dial import Conversation, Relay
from rs_relay.link.handshake import Abort, Opened, Role, WrongSecret
from rs_relay.link.link import Link
from rs_relay.link.spec import Permission
from rs_relay.link.unattended import Device as Handshake
from rs_relay.link.unattended import Known, NotNow, Unknown, fingerprint
from rs_relay.link.websocket import RecordSocket
from rs_relay.text import printable
from rs_relay.wire import messages

log = logging.getLogger(__name__)

LONGEST = 8 * 3600.0  # seconds of one session; then the access code is asked for again
TELL_EVERY = 60.0  # seconds between two lines about tries that are not looked at: who floods must not fill the journal


@dataclass(frozen=True)
class Here:
    """This computer, as a device asks about it; tests have another."""

    now: Callable[[], datetime] = datetime.now
    occupied: Callable[[], bool] = locking.occupied
    lock: Callable[[], bool] = locking.lock


class Device(Host):
    """One wait and one session of this device. Raises LocalProblem or NoSuchSession when it is not set up."""

    def __init__(
        self,
        relay: Relay,
        plan: Plan,
        desktop: Desktop,
        face: Face,
        journal: Journal | NoJournal,
        kept: Unattended,
        key: Ed25519PrivateKey,
        here: Here = Here(),
        *,
        returning: Returning | None = None,
        look: Callable[[], Desktop] | None = None,
    ) -> None:
        """`returning`: how a session outlives a restart; None where nothing starts this program again. `look`: the
        desktop that there is when a session begins, where it may be another than `desktop` by then."""
        record = kept.require()
        super().__init__(relay, _planned(plan, record), desktop, face, journal, returning)
        self._identity = Identity(record.host, record.rejoin)
        self._kept, self._own, self._here = kept, key, here
        self._tries = GuessLimit(kept.state)
        self._told_of_limit = -TELL_EVERY
        self._whole, self._look = plan, look

    async def return_to(self, ticket: Ticket, returned: Returned) -> None:
        """Goes on with a session of this device after a restart, without its access code, until it has ended. Who is
        logged in by now is asked where the owner wants that."""
        record = self._kept.require()
        asked = record.settings.ask_first and self._here.occupied()
        self._plan = _planned(self._whole, record, asked=asked)
        await self.come_back(tickets.without_grants(ticket) if asked else ticket, returned)

    def _begin(self, who: str, key: bytes, past: Past | None = None) -> Session:
        if self._look is not None:
            self._desktop = self._look()
        session = super()._begin(who, key, past)
        self._limit(session, self._kept.require(), 0.0 if past is None else max(0.0, time.time() - past.began))
        return session

    async def _offer_codes(self, conversation: Conversation, held: Iterable[str]) -> None:
        """No code: who comes has the access code."""
        self._face.notice(_("This computer waits for technicians who know its access code."))
        await asyncio.Event().wait()

    async def _answer(self, conversation: Conversation, knock: messages.Knocked) -> None:
        if not knock.device:
            if not knock.slot:
                await super()._answer(conversation, knock)
            return
        try:
            async with self._turns:
                await self._answer_at_the_device(knock)
        except (RsError, Abort) as e:
            log.info("a knock at the device came to nothing: %s", e)

    async def _answer_at_the_device(self, knock: messages.Knocked) -> None:
        record = self._kept.read()
        if record is None:
            return
        socket = await dial.attach(self._relay, knock.ticket)
        run = Handshake(bytes.fromhex(knock.link), self._own, record.verifier, self._tries, record.admits)
        try:
            opened, known = await visiting.let_in(socket, run)
        except Abort as e:
            self._tell(e, knock.name)
            raise
        who = self._name(record, known)
        refusal = self._refusal(record)
        if refusal:
            self._journal.write("unattended-refused", who=who, reason=refusal)
            await self._turn_away(opened, socket, refusal)
            return
        self._plan = _planned(self._whole, record, asked=record.settings.ask_first and self._here.occupied())
        self._journal.write("unattended", who=who, key=fingerprint(known.key))
        self._face.notice(_("{who} is here with the access code of this computer.").format(who=printable(who, 64)))
        self._open(opened, socket, who)

    def _refusal(self, record: Record) -> str:
        if self.session is not None:
            return N_("Another technician is in a session with this device now.")
        if not hours.within(hours.parse(record.settings.hours), self._here.now()):
            return N_("It is outside the hours that the owner of this device has set.")
        return ""

    async def _turn_away(self, opened: Opened, socket: RecordSocket, reason: str) -> None:
        link = Link(opened, Role.AGENT, socket)
        link.start()
        await link.close(reason)

    def _limit(self, session: Session, record: Record, lasted: float) -> None:
        loop = asyncio.get_running_loop()
        alarm = loop.call_later(LONGEST - lasted, session.end, N_("A session with a device ends after eight hours."))
        session.ended.add_done_callback(lambda _ended: alarm.cancel())
        if record.settings.lock_on_end:
            session.ended.add_done_callback(lambda _ended: loop.run_in_executor(None, self._lock))

    def _lock(self) -> None:
        if not self._here.lock():
            log.info("the screen could not be locked")

    def _name(self, record: Record, known: Known) -> str:
        enrolled = record.technician(known.key)
        return enrolled.name if enrolled is not None else known.name or _("an unknown technician")

    def _tell(self, why: Abort, name: str) -> None:
        """The owner of the device reads of it, there and in the journal. `name`: as the relay says."""
        who = name or _("an unknown technician")
        shown = printable(who, 64)
        match why:
            case NotNow():
                now = asyncio.get_running_loop().time()
                if now - self._told_of_limit >= TELL_EVERY:
                    self._told_of_limit = now
                    self._journal.write("access-code-limit", who=who, seconds=why.seconds)
                    text = _("Too many wrong access codes: none is looked at for {seconds} s.")
                    self._face.notice(text.format(seconds=why.seconds))
            case Unknown(known_as=known):
                self._journal.write("unknown-technician", who=who, key=fingerprint(known.key))
                text = _("{who} typed the right access code, but is not known to this computer. Change the code.")
                self._face.notice(text.format(who=shown))
            case WrongSecret():
                self._journal.write("wrong-access-code", who=who, in_a_row=self._tries.failures)
                self._face.notice(_("{who} typed a wrong access code.").format(who=shown))


def _planned(plan: Plan, record: Record, asked: bool = False) -> Plan:
    """What the owner set, and nothing that this computer forbids. `asked`: granted one by one by who sits here."""
    permitted = (frozenset(record.settings.permissions) & plan.offered) - {Permission.UNATTENDED}
    return replace(plan, allow=frozenset() if asked else permitted, offered=permitted)
