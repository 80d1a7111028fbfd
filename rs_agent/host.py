"""The life of the agent: present at the relay, a code on show, one session, the end.

    dial ──▶ a code on show ──right secret──▶ session, for as long as it lasts ──▶ the end
               │    ▲
               └────┘ expired, or wrong three times: the next code

The law: the code's secret half stays here and is shown to the customer only; wrong tries are counted here, since the
relay is not trusted to. Nothing the relay says ends a session or opens one: it can only keep the two apart. When the
relay goes away, the session stays, and this end comes back under the same name with the proof that it is the same.
A code for a second technician is another offer beside that: of the same making and the same rules, one at a time.
So does an agent that is started anew after a restart of its computer, with what its ticket says; nobody back within the
time that the ticket gives, and the session is over here, too.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import math
import secrets
import time
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from rs_agent.desktop.base import Desktop
from rs_agent.feature import Returned
from rs_agent.journal import Journal, NoJournal
from rs_agent.language import N_, _
from rs_agent.session import ticket as tickets
from rs_agent.session.guests import Invitation
from rs_agent.session.party import Technician
from rs_agent.session.plan import Past, Plan
from rs_agent.session.returning import Returning
from rs_agent.session.session import Session
from rs_agent.session.ticket import Ticket
from rs_agent.ui.base import Face, InForce
from rs_relay.channels.draw import Tool
from rs_relay.errors import ConnectionLost, LocalProblem, RsError, Unreachable, WrongCode
from rs_relay.link import codes, dial, primitives
from rs_relay.link.backoff import Backoff
from rs_relay.link.codes import Code
from rs_relay.link.dial import Conversation, Relay
from rs_relay.link.handshake import Attempts, Opened, Role
from rs_relay.link.link import Facts, Link
from rs_relay.link.spec import Permission
from rs_relay.link.websocket import RecordSocket
from rs_relay.text import printable
from rs_relay.wire import messages

log = logging.getLogger(__name__)

LEAVING = 0.2  # seconds for taking leave of the relay
ANSWERING = 8  # knocks that are answered at the same time: a lying relay costs no more sockets than that
WAITING = 64  # knocks answered or waiting their turn, which comes in milliseconds: scripts start many `rs` at once


@dataclass(frozen=True)
class Identity:
    """Who this run of the agent is: public name, proof for the relay, key for those who have been inside before."""

    host: str = field(default_factory=lambda: secrets.token_hex(16))
    rejoin: str = field(default_factory=lambda: secrets.token_hex(32), repr=False)
    door: str = field(default_factory=lambda: secrets.token_hex(32), repr=False)

    def hello(self, name: str) -> messages.Hello:
        deposit = hashlib.sha256(bytes.fromhex(self.door)).hexdigest()
        return messages.Hello(messages.VERSION, self.host, self.rejoin, deposit, name)


@dataclass
class Offer:
    """A code on show."""

    code: Code
    until: float  # by the loop's clock
    attempts: Attempts = field(default_factory=Attempts)


@dataclass
class Guest(Offer):
    """A code that is on its way to a second technician."""

    seconds: float = 0.0
    events: asyncio.Queue[int | Technician | RsError] = field(default_factory=asyncio.Queue)

    @property
    def spoken(self) -> str:
        return self.code.spoken()


class Host:
    """One session's life, from the code to the end. Also the customer's Actions, but for `stop`."""

    def __init__(
        self,
        relay: Relay,
        plan: Plan,
        desktop: Desktop,
        face: Face,
        journal: Journal | NoJournal,
        returning: Returning | None = None,
    ) -> None:
        self.session: Session | None = None
        self._relay, self._plan, self._desktop, self._face, self._journal = relay, plan, desktop, face, journal
        self._identity = Identity()
        self._returning = returning
        if returning is not None:
            returning.make = self._ticket
        self._conversation: Conversation | None = None  # the one with the relay that is on now
        self._offer: Offer | None = None
        self._guest: Guest | None = None
        self._void = asyncio.Event()  # the code on show is used up
        self._answers: set[asyncio.Task[None]] = set()
        self._turns = asyncio.Semaphore(ANSWERING)
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self, typed: Code | None = None) -> None:
        """Until the session has ended, or `stop`. With `typed`, joins the technician's code instead of showing one.

        Raises RsError when the relay cannot be reached at the start, and WrongCode for a typed code that is wrong.
        """
        conversation, welcome = await dial.host(self._relay, self._identity.hello(self._plan.name))
        try:
            if typed is not None:
                await self._join(conversation, typed)
        except BaseException:
            await conversation.close()
            raise
        await self._live(asyncio.create_task(self._keep(conversation, welcome), name="host"))

    async def come_back(self, ticket: Ticket, returned: Returned, clock: Callable[[], float] = time.time) -> None:
        """Goes on with the session of `ticket` until it has ended, or `stop`. `clock`: the wall's."""
        self._identity = Identity(ticket.host, ticket.rejoin, ticket.door)
        past = Past(
            ticket.who, ticket.began, ticket.grants, ticket.granted_once, ticket.paused, ticket.lines, returned,
            ticket.seats,
        )  # fmt: skip
        self._begin(ticket.who[0], bytes.fromhex(ticket.key), past)
        waiting = asyncio.create_task(self._await_return(ticket.deadline, clock), name="return")
        try:
            await self._live(asyncio.create_task(self._find_back(), name="host"))
        finally:
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)

    async def _live(self, keeping: asyncio.Task[None]) -> None:
        try:
            await asyncio.wait({keeping, self._done}, return_when=asyncio.FIRST_COMPLETED)
            if not self._done.done():
                await keeping  # it never ends by itself: a defect of ours, which must not go unseen
        finally:
            await self._leave(keeping)

    async def _find_back(self) -> None:
        await self._keep(*await self._again(Backoff()))

    async def _await_return(self, deadline: float, clock: Callable[[], float]) -> None:
        """The customer reads how long it is waited; then it is over."""
        while self.session is not None and not self.session.linked:
            left = deadline - clock()
            if left <= 0:
                self.session.end(N_("Nobody came back into the session in time after the restart."))
                return
            self._face.notice(
                _("Waiting for {who} to come back, {minutes} more minutes at most. stop ends it.").format(
                    who=printable(self.session.leader, 64), minutes=math.ceil(left / 60)
                )
            )
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left % 60 or 60):
                    await self.session.joined()

    async def stop(self, reason: str) -> None:
        """Ends the session, if there is one, and `run`."""
        if self.session is not None:
            self.session.end(reason)
            await asyncio.shield(self.session.ended)
        self._finish()

    def let_go(self) -> None:
        """Lets go of every key, from any thread."""
        if self.session is not None:
            self.session.let_go()

    def _ticket(self, id: str, deadline: float) -> Ticket:
        """What an agent that is started anew needs to be this one. Raises LocalProblem."""
        if self.session is None or self.session.party.leader is None or self._returning is None:
            raise LocalProblem("There is no session to come back to.")
        past, plan = self.session.past(), self._plan
        return Ticket(
            id=id, relay=self._relay.url, host=self._identity.host, rejoin=self._identity.rejoin,
            door=self._identity.door, key=self.session.party.leader.key.hex(), name=plan.name, folder=str(plan.folder),
            desktop=self._desktop.name, journal=self._journal.folder is not None, who=past.who, began=past.began,
            grants=past.grants, granted_once=past.granted_once, seats=past.seats, paused=past.paused, lines=past.lines,
            boot_id=self._returning.boot_id(), writer=tickets.me(), written=self._returning.now(), deadline=deadline,
        )  # fmt: skip

    # --- the customer's actions ---

    def answer(self, number: int, yes: bool) -> None:
        if self.session is not None:
            self.session.answer(number, yes)

    def heed(self, number: int) -> None:
        if self.session is not None:
            self.session.heed(number)

    def withdraw(self, permissions: Iterable[Permission], who: str = "") -> None:
        if self.session is not None:
            self.session.withdraw(permissions, who)
        else:
            self._plan_for(self._plan.allow - frozenset(permissions))

    def allow(self, permission: Permission, who: str = "") -> None:
        if self.session is not None:
            self.session.allow(permission, who)
        else:
            self._plan_for(self._plan.allow | {permission})

    def remove(self, who: str) -> None:
        if self.session is not None:
            self.session.remove(who)

    def pause(self, on: bool) -> None:
        if self.session is not None:
            self.session.pause(on)

    def say(self, text: str) -> None:
        if self.session is not None:
            self.session.say(text)

    def draw(self, tool: Tool) -> None:
        if self.session is not None:
            self.session.draw(tool)

    def erase(self) -> None:
        if self.session is not None:
            self.session.erase()

    def forbid_drawing(self, on: bool) -> None:
        if self.session is not None:
            self.session.forbid_drawing(on)

    def stop_restart(self) -> None:
        if self.session is None or not self.session.stop_restart():
            self._face.notice(_("No restart is being counted down."))

    def _plan_for(self, allow: frozenset[Permission]) -> None:
        self._plan = replace(self._plan, allow=allow & self._plan.offered)
        self._face.in_force(InForce(granted=self._plan.allow))

    # --- present at the relay ---

    async def _keep(self, conversation: Conversation, welcome: messages.Welcome) -> None:
        """Stays at the relay for as long as this life lasts, through every loss of the connection."""
        backoff = Backoff()
        while True:
            try:
                await self._serve(conversation, welcome)
            finally:
                await self._part(conversation)
            self._face.notice(_("The connection to the relay was lost; trying again."))
            conversation, welcome = await self._again(backoff)
            backoff.reset()
            self._face.notice(_("The relay is back."))

    async def _again(self, backoff: Backoff) -> tuple[Conversation, messages.Welcome]:
        while True:
            await asyncio.sleep(backoff.next())
            try:
                return await dial.host(self._relay, self._identity.hello(self._plan.name))
            except RsError as e:  # whatever it says: a session is not the relay's to end
                log.info("the relay: %s", e.message)

    async def _serve(self, conversation: Conversation, welcome: messages.Welcome) -> None:
        """Returns when the connection to the relay is lost."""
        self._conversation = conversation
        offering = asyncio.create_task(self._offer_codes(conversation, welcome.slots), name="code")
        try:
            async for knock in conversation.knocks():
                if len(self._answers) < WAITING:
                    self._start(self._answer(conversation, knock))
        finally:
            offering.cancel()
            await asyncio.gather(offering, return_exceptions=True)

    # --- the code ---

    async def _offer_codes(self, conversation: Conversation, held: Iterable[str]) -> None:
        """A code on show, always, until somebody has joined. `held`: slots that the relay still keeps for us."""
        if self._offer is not None and self._offer.code.slot not in held:
            self._offer = None
        backoff = Backoff()
        while self.session is None:
            try:
                offer = self._offer or await self._next_code(conversation)
                await self._until_void(offer)
                self._offer = None
                await conversation.retire(offer.code.slot)
            except ConnectionLost:
                return  # _serve hears it, too
            except RsError as e:
                self._face.problem(e.message, e.hint)
                await asyncio.sleep(1 + backoff.next())

    async def _next_code(self, conversation: Conversation) -> Offer:
        slot = await conversation.ask_slot()
        lifetime = min(slot.ttl, codes.LIFETIME)
        offer = Offer(Code(slot.slot, codes.make_secret()), asyncio.get_running_loop().time() + lifetime)
        self._offer = offer
        self._void.clear()
        self._face.code(offer.code.spoken(), max(1, round(lifetime / 60)))
        self._start(self._ready())
        return offer

    async def _ready(self) -> bool:
        """The ciphers are there: loaded, and where they are not installed fetched, while the code is read out."""
        try:
            await asyncio.to_thread(primitives.load)
        except ImportError as e:
            self._face.problem(_("What a session needs is missing on this computer."), str(e))
            return False
        return True

    async def _until_void(self, offer: Offer) -> None:
        try:
            async with asyncio.timeout_at(offer.until):
                await self._void.wait()
        except TimeoutError:
            self._face.notice(_("The code was not used in time. Here is a new one."))

    async def invite(self) -> Invitation:
        """A code for a second technician. Raises RsError."""
        if self._conversation is None:
            raise Unreachable("The relay is not connected to the customer's computer now.")
        slot = await self._conversation.ask_slot()
        lifetime = min(slot.ttl, codes.LIFETIME)
        until = asyncio.get_running_loop().time() + lifetime
        guest = self._guest = Guest(Code(slot.slot, codes.make_secret()), until, seconds=lifetime)
        late = WrongCode("The code was not used in time.", "Invite again.")
        asyncio.get_running_loop().call_later(lifetime, guest.events.put_nowait, late)
        return guest

    async def call_off(self, invitation: Invitation) -> None:
        """That code opens nothing any more."""
        guest = self._guest
        if guest is None or guest.spoken != invitation.spoken:
            return
        self._guest = None
        if self._conversation is not None:
            with contextlib.suppress(RsError):  # the relay forgets it by itself when its time is over
                await self._conversation.retire(guest.code.slot)

    # --- knocks ---

    async def _answer(self, conversation: Conversation, knock: messages.Knocked) -> None:
        """One knock, from the ticket to a link of the session."""
        try:
            async with self._turns:
                if not await self._ready():
                    return
                if knock.slot:
                    await self._answer_code(conversation, knock)
                else:
                    await self._answer_again(knock)
        except RsError as e:
            log.info("a knock came to nothing: %s", e.message)

    async def _answer_code(self, conversation: Conversation, knock: messages.Knocked) -> None:
        offer = next((o for o in (self._offer, self._guest) if o is not None and o.code.slot == knock.slot), None)
        if offer is None or offer.attempts.retired:
            return
        socket = await dial.attach(self._relay, knock.ticket)
        try:
            opened = await dial.hold(socket, offer.code.secret, offer.attempts, knock.link, Role.AGENT)
        except WrongCode:
            await self._wrong(conversation, offer, _who(knock.name))
            return
        if isinstance(offer, Guest):
            self._welcome(offer, opened, socket, _who(knock.name))
        else:
            self._open(opened, socket, _who(knock.name))

    async def _wrong(self, conversation: Conversation, offer: Offer, who: str) -> None:
        left = max(0, codes.MAX_WRONG - offer.attempts.failures)
        text = _("{who} typed a wrong code ({left} more tries).").format(who=printable(who, 64), left=left)
        self._face.notice(text)
        self._journal.write("wrong-code", who=who)
        if isinstance(offer, Guest):
            void = WrongCode("A wrong code was typed three times: it is void.", "Invite again.")
            offer.events.put_nowait(void if offer.attempts.retired else left)
        elif offer.attempts.retired:
            self._face.notice(_("That code is void now. Here is a new one."))
            self._void.set()
        await conversation.failed(offer.code.slot)

    async def _answer_again(self, knock: messages.Knocked) -> None:
        socket = await dial.attach(self._relay, knock.ticket)
        who: list[Technician] = []

        def find(rid: bytes) -> bytes | None:
            found = None if self.session is None else self.session.find(rid)
            who.extend([found] if found is not None else ())
            return None if found is None else found.key

        opened = await dial.readmit(socket, find)
        self._attach(opened, socket, who[0])

    async def _join(self, conversation: Conversation, code: Code) -> None:
        if not await self._ready():
            raise RsError(_("What a session needs is missing on this computer."))
        ticket = await conversation.join(code.slot)
        socket = await dial.attach(self._relay, ticket.ticket)
        opened = await dial.join(socket, code, ticket.link, Role.AGENT, self._plan.name)
        self._open(opened, socket, _("the technician"))

    # --- the session ---

    def _open(self, opened: Opened, socket: RecordSocket, who: str) -> None:
        session = self._begin(who, opened.resume)
        self._void.set()
        if session.party.leader is not None:
            self._attach(opened, socket, session.party.leader)

    def _begin(self, who: str, key: bytes, past: Past | None = None) -> Session:
        session = self.session = Session(
            self._plan, self._desktop, self._face, self._journal, who, departure=self._returning, past=past, key=key,
            inviter=self,
        )  # fmt: skip
        session.ended.add_done_callback(lambda _ended: self._finish())
        return session

    def _welcome(self, guest: Guest, opened: Opened, socket: RecordSocket, who: str) -> None:
        """The second technician, with a key of their own; nobody if the invitation was called off meanwhile."""
        if self.session is None or self._guest is not guest or self.session.ended.done():
            socket.abort()
            return
        technician = self.session.admit(who, opened.resume)
        self._attach(opened, socket, technician)
        guest.events.put_nowait(technician)

    def _attach(self, opened: Opened, socket: RecordSocket, who: Technician) -> None:
        if self.session is None:
            socket.abort()
            return
        link = Link(opened, Role.AGENT, socket, line=self.session.line_of(who))
        link.start(Facts(self._identity.host, self._identity.door, self._plan.name, link.round_trip or 0.0))
        self.session.attach(link, who)

    # --- the end ---

    def _finish(self) -> None:
        self._guest = None
        if self._returning is not None:
            self._returning.stay()
        if not self._done.done():
            self._done.set_result(None)

    async def _part(self, conversation: Conversation) -> None:
        """Close it, and let go of the code on show if it is for good."""
        if self._done.done() and self._offer is not None:
            with contextlib.suppress(RsError):
                await conversation.retire(self._offer.code.slot)
        await conversation.close()

    async def _leave(self, keeping: asyncio.Task[None]) -> None:
        self._finish()
        tasks = {keeping, *self._answers}
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=LEAVING)
        self._offer = None

    def _start(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(work, name="knock")
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)


def _who(name: str) -> str:
    """The name that the relay gives, or words for having none (an open relay knows nobody)."""
    return name or _("an unknown technician")
