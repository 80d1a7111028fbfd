"""One support session at the customer's computer: its links, the features they use, and the end of it all.

The law: a channel speaks only while the customer's grant for it holds. That is looked at here, by the guard that each
channel is given, on every message in both directions; never by a feature, never by the technician's end. A grant that
is withdrawn denies first, then ends what ran, lets go of every key, and only then is shown as withdrawn: what the
customer reads is what is so.

Grants are one technician's: each link belongs to whoever's key opened it, and what a channel may do is asked of their
table. Who is taken out loses, in this order, the key, the grants, the channels and the links.

Who owns what: each link has one task, each channel one task below it. A technician's end that breaks the rules loses
the channel; one that goes on breaking them loses the link. The session outlives its links, however long there is none.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, cast

from rs_agent.brakes import Brakes
from rs_agent.consent import Changes, Consent, Matter
from rs_agent.desk import Desk
from rs_agent.desktop.base import Desktop
from rs_agent.feature import Departure, Feature, Returned
from rs_agent.features import FEATURES, OFFERED, Entry
from rs_agent.guests import Guests, Inviter
from rs_agent.journal import Journal, NoJournal
from rs_agent.language import N_, _
from rs_agent.party import Party, Seat, Technician
from rs_agent.pausing import PausableDesktop
from rs_agent.speaking import SPEAKER, SpeakingContext, granted
from rs_agent.ui.base import SHOWN_IN_USE, Face, InForce, Standing, Summary
from rs_agent.ui.words import FILES
from rs_relay.channels.consent import HANDED_OVER, LEFT, REMOVED, Ask, Goodbye, Grant, Present, State, Up
from rs_relay.channels.consent import SPEC as CONSENT
from rs_relay.channels.draw import Tool
from rs_relay.channels.party import SPEC as PARTY
from rs_relay.channels.party import Done, HandOver, Invite, Remove
from rs_relay.channels.party import Down as PartyDown
from rs_relay.channels.party import Up as PartyUp
from rs_relay.errors import (
    LocalProblem,
    NoSuchSession,
    NotAllowed,
    PeerBroke,
    RsError,
    SessionEnded,
    UsageError,
)
from rs_relay.link.channel import Channel, ChannelClosed
from rs_relay.link.link import Link, LinkChannel, Request
from rs_relay.link.ration import Line
from rs_relay.link.spec import ChannelSpec, Permission
from rs_relay.text import printable

log = logging.getLogger(__name__)

STRIKES, WITHIN = 5, 10.0  # broken messages within so many seconds, then the link is cut
STOPPING = 1.0  # seconds that the runs of a withdrawn grant may take to end before it is shown as withdrawn
LEAVING = 0.2  # seconds for each step of the end: a customer who says stop is gone within one second
SCREEN = "screen"  # the channel on which the screen is seen
FILE_LINES = 50  # lines about files in the summary
PARTING = 0.3  # seconds that the links of one who leaves have to close


class Speech(Protocol):
    """What the session itself needs of the chat feature."""

    last: int

    def say(self, text: str) -> None: ...

    def tell(self, text: str) -> None: ...


class Drawing(Protocol):
    """What the session itself needs of the draw feature."""

    async def draw(self, tool: Tool) -> None: ...

    def erase(self) -> None: ...

    def forbid(self, on: bool) -> None: ...

    def stand(self) -> None: ...


class Restarts(Protocol):
    """What the session itself needs of the power feature."""

    def call_off(self) -> bool: ...


@dataclass(frozen=True)
class Past:
    """A session as it was when its computer went down."""

    who: tuple[str, ...]  # everybody who was in it
    began: float
    grants: dict[Permission, Grant]
    granted_once: tuple[Permission, ...]
    paused: bool
    lines: int  # of chat
    returned: Returned | None = None
    seats: tuple[Seat, ...] = ()  # of all who were in it when it went down, who leads first


@dataclass(frozen=True)
class Plan:
    """What the customer set before anybody joined."""

    name: str  # of this computer, for show
    folder: Path
    allow: frozenset[Permission] = frozenset()
    features: dict[str, Entry] = field(default_factory=lambda: FEATURES)
    offered: frozenset[Permission] = OFFERED
    brakes: Brakes | None = None


@dataclass(eq=False)
class _Visit:
    """One link of the session."""

    link: Link
    technician: Technician
    strikes: deque[float] = field(default_factory=lambda: deque(maxlen=STRIKES))
    tasks: set[asyncio.Task[None]] = field(default_factory=set)


@dataclass(eq=False)
class _Run:
    """One channel that is open."""

    visit: _Visit
    permission: Permission | None
    channel: LinkChannel[Any, Any]
    task: asyncio.Task[None]


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
        self._context = SpeakingContext(
            self._desktop, face, plan.folder, who, note=self._note, drawable=self._drawable,
            withdraw=lambda permission: self.withdraw([permission]),
            granted=lambda permission: granted(self._desk.consent, self.party, permission),
            granted_to=lambda number, permission: self._desk.consent.granted(number, permission),
            speaker=SPEAKER.get,
            tell=lambda text: self._speech().tell(text),
            records=journal.folder, changed=self._announce, departure=departure,
            returned=past.returned if past else None, lines=past.lines if past else 0,
        )  # fmt: skip
        self._context.party = lambda: self.party
        self._desk = Desk(self._consent(past), face, str(plan.folder), self._consented)
        self._guests = Guests(inviter, self._desk, self.party, journal)
        self._features: dict[str, Feature] = {}
        self._making: dict[str, asyncio.Lock] = {}
        self._visits: dict[_Visit, asyncio.Task[None]] = {}
        self._lines: defaultdict[int, Line] = defaultdict(Line)  # of each technician, by number
        self._runs: set[_Run] = set()
        self._chores: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._ending = ""
        self._names: dict[str, None] = dict.fromkeys(past.who if past else (who,))  # everybody who was here, in order
        once = past.granted_once if past else sorted(plan.allow & plan.offered)
        self._granted_once: dict[Permission, None] = dict.fromkeys(once)
        if past is not None and past.seats:
            for seat in past.seats:
                technician = self.party.admit(seat.name, bytes.fromhex(seat.key), seat.since, seat.number)
                self._desk.consent.admit(technician.number, before=seat.grants)
        else:
            first = self.party.admit(who, key, self._began)
            grants, braked = (past.grants, 0.0) if past else ({}, self._braked())
            self._desk.consent.admit(first.number, plan.allow, grants, braked=braked)
        self._files: list[tuple[str, str]] = []
        journal.write("session-back" if past else "session", who=who, allowed=[str(p) for p in self._granted_once])
        if past is not None:
            self._desktop.paused = past.paused
            self._announce()

    def _consent(self, past: Past | None) -> Consent:
        brakes = self._plan.brakes
        warn = brakes is not None and past is None and brakes.warn()  # who comes back has been through it
        return Consent(self._plan.offered, warn=warn)

    def _braked(self) -> float:
        """Until when nothing powerful can be granted to somebody who comes now."""
        brakes = self._plan.brakes
        return 0.0 if brakes is None else asyncio.get_running_loop().time() + brakes.delay

    def past(self) -> Past:
        """What it is now, for an agent that comes back to it."""
        speech = self._features.get("chat")
        lines = self._context.lines if speech is None else cast(Speech, speech).last
        seats = tuple(Seat.of(one, self._desk.consent.grants(one.number)) for one in self.party.by_rank())
        grants = seats[0].grants if seats else {}
        once, paused = tuple(self._granted_once), self._desktop.paused
        return Past(tuple(self._names), self._began, grants, once, paused, lines, seats=seats)

    @property
    def linked(self) -> bool:
        """Somebody has a link now."""
        return bool(self._visits)

    @property
    def leader(self) -> str:
        """Who answers for it, for show."""
        leader = self.party.leader
        return leader.name if leader is not None else next(iter(self._names))

    async def joined(self) -> None:
        """Until somebody has a link."""
        while not self._visits:
            await self._changed.wait()

    # --- links ---

    def line_of(self, technician: Technician) -> Line:
        """What all links of theirs know of the line to them."""
        return self._lines[technician.number]

    def attach(self, link: Link, technician: Technician) -> None:
        """A link of this session has been opened (and started) with the key of `technician`."""
        if self._ending or technician not in self.party:  # taken out while the link was being made
            link.abort(SessionEnded("The session has ended."))
            return
        visit = _Visit(link, technician)
        self._visits[visit] = asyncio.create_task(self._visit(visit), name="link")
        self._journal.write("link", who=technician.name)
        self._announce()

    def find(self, rid: bytes) -> Technician | None:
        """Whose key has that public name; None for one that opens nothing (any more)."""
        return None if self._ending else self.party.find(rid)

    async def _visit(self, visit: _Visit) -> None:
        try:
            async for request in visit.link.requests():
                task = asyncio.create_task(self._channel(visit, request), name="channel")
                visit.tasks.add(task)
                task.add_done_callback(visit.tasks.discard)
        finally:
            await _cancelled(visit.tasks, STOPPING)
            self._visits.pop(visit, None)
            self._journal.write("link-ended", who=visit.technician.name)
            self._announce()

    # --- channels ---

    async def _channel(self, visit: _Visit, request: Request) -> None:
        """From the request for a channel to its end."""
        who = visit.technician
        SPEAKER.set(who.number)
        if request.name == CONSENT.name:
            await self._run(visit, request, None, CONSENT, lambda channel: self._speak_consent(channel, who))
            return
        if request.name == PARTY.name:
            await self._run(visit, request, None, PARTY, lambda channel: self._speak_party(channel, who))
            return
        entry = self._plan.features.get(request.name)
        if entry is None:
            request.refuse(UsageError("The customer's program does not have that feature."))
            return
        if entry.permission is not None and not await self._desk.settle(who.number, entry.permission, who.name):
            self._journal.write("refused", who=who.name, permission=str(entry.permission))
            forbidden = entry.permission not in self._plan.offered
            request.refuse(_forbidden(entry.permission) if forbidden else _denied(entry.permission))
            return
        try:
            feature = await self._feature(request.name, entry)
        except RsError as e:
            request.refuse(e)
            return
        except Exception:
            log.exception("the feature %s could not be made", entry.home)
            request.refuse(LocalProblem("That does not work on the customer's computer."))
            return
        await self._run(visit, request, entry.permission, entry.spec(), feature.run)

    async def _run(
        self,
        visit: _Visit,
        request: Request,
        permission: Permission | None,
        spec: ChannelSpec[Any, Any],
        speak: Callable[[Channel[Any, Any]], Any],
    ) -> None:
        def guard() -> None:
            if visit.technician not in self.party and spec is not CONSENT:  # the goodbye goes there
                raise SessionEnded("The session has ended.")
            if permission is not None and (self._ending or not self._granted(visit, permission)):
                raise _denied(permission)

        try:
            channel = request.accept(spec, guard)
        except ChannelClosed:
            return
        run = _Run(visit, permission, channel, cast("asyncio.Task[None]", asyncio.current_task()))
        self._runs.add(run)
        if shown := permission in SHOWN_IN_USE or spec.name == SCREEN:
            self._announce()
        try:
            await speak(channel)
            await channel.close()
        except ChannelClosed:
            pass
        except RsError as e:
            await channel.close(e)
            self._strike(visit, e)
        except Exception:
            log.exception("the feature behind %s broke", spec.name)
            await channel.close(LocalProblem("That went wrong at the customer's computer."))
        finally:
            self._runs.discard(run)
            if shown:
                self._announce()

    def _strike(self, visit: _Visit, error: RsError) -> None:
        if not isinstance(error, PeerBroke):
            return
        now = self._clock()
        visit.strikes.append(now)
        if len(visit.strikes) == STRIKES and now - visit.strikes[0] < WITHIN:
            self._journal.write("cut-off", who=visit.technician.name)
            visit.link.abort(error)

    async def _feature(self, name: str, entry: Entry) -> Feature:
        """The session's one object of that feature, made when first used."""
        async with self._making.setdefault(name, asyncio.Lock()):
            if name not in self._features:
                self._features[name] = await asyncio.to_thread(entry.make, self._context)
        return self._features[name]

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
                        self._part(who, LEFT)
        finally:
            await _cancelled({telling}, LEAVING)

    async def _tell_state(self, channel: Channel[State | Goodbye, Up], who: Technician) -> None:
        try:
            while not self._ending and who in self.party:
                changed = self._changed
                await channel.send(self._state(who), replaces="state")
                await changed.wait()
        except (ChannelClosed, SessionEnded):
            pass  # the loop of the run hears it too, and ends

    def _state(self, who: Technician) -> State:
        links = Counter(visit.technician.number for visit in self._visits)
        leader = self.party.leader
        present = tuple(Present(t.number, t.name, t.since, links[t.number], t is leader, t is who) for t in self.party)
        grants = self._desk.consent.grants(who.number)
        return State(grants, self._plan.name, len(self._visits), str(self._plan.folder), present)

    def _granted(self, visit: _Visit, permission: Permission | None) -> bool:
        return self._desk.consent.granted(visit.technician.number, permission)

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
        over = {r for r in self._runs if not self._granted(r.visit, r.permission) and r not in self._farewells()}
        lost = {permission for number, permission in changes if not consent.granted(number, permission)}
        alone = [feature for permission, feature in self._busy() if permission in lost]
        if over or alone:
            self._chore(self._stop_runs(over, alone))
        else:
            self._announce()

    def _ask_alone(self) -> None:
        """The technician's hands rest while a question is on show: the answer is the customer's own."""
        asking = self._desk.consent.question is not None
        if asking and not self._desktop.asking and (control := self._features.get("control")) is not None:
            self._chore(asyncio.to_thread(getattr(control, "let_go", _nothing)))
        self._desktop.asking = asking

    def _busy(self) -> list[tuple[Permission | None, Feature]]:
        """Features of which something goes on, also without a channel."""
        made = self._features.items()
        return [(self._plan.features[name].permission, f) for name, f in made if getattr(f, "busy", False)]

    async def _stop_runs(self, runs: set[_Run], alone: Iterable[Feature]) -> None:
        """`alone`: features of which something goes on without a channel."""
        for run in runs:
            gone = run.visit.technician not in self.party
            run.channel.cut(SessionEnded("The session has ended.") if gone else _denied(run.permission))
        ending = {asyncio.ensure_future(getattr(feature, "withdrawn")()) for feature in alone}  # noqa: B009
        await _cancelled({run.task for run in runs}, STOPPING)
        if ending:
            await asyncio.wait(ending, timeout=STOPPING)
        self._announce()

    def _announce(self) -> None:
        """Shows the customer, and tells every technician, what holds now. At the end nothing does, said only once."""
        if self._ending:
            return
        consent = self._desk.consent
        connected = {visit.technician for visit in self._visits}
        granted = frozenset(p for p in Permission if consent.granted_to_any(p))
        self._desktop.allowed(granted)
        using = [(run.visit.technician, run.permission) for run in self._runs]
        busy = [permission for permission, _feature in self._busy()]
        used = frozenset(p for p in [*(p for _one, p in using), *busy] if p in SHOWN_IN_USE) & granted
        if self._desktop.paused:  # the desktop puts it back meanwhile
            used -= {Permission.PRIVACY}
        if (drawing := self._drawing()) is not None:
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
        seen = not self._desktop.paused and any(run.channel.spec.name == SCREEN for run in self._runs)
        self._desktop.seen(seen)
        paused = self._desktop.paused
        self._face.in_force(InForce(names, granted, paused, session=True, used=used, seen=seen, each=several))
        self._changed, before = asyncio.Event(), self._changed
        before.set()

    # --- who is here ---

    def admit(self, name: str, key: bytes) -> Technician:
        """Somebody has come with an invitation. They may do nothing yet."""
        technician = self.party.admit(name, key, self._clock())
        self._desk.consent.admit(technician.number, braked=self._braked())
        self._names[technician.name] = None
        self._journal.write("joined", who=technician.name)
        text = _("{who} has joined the session. They may do nothing before you allow it to them, too.")
        self._face.notice(text.format(who=printable(technician.name)))
        self._speech().tell(f"{printable(technician.name)} has joined the session.")
        self._announce()
        return technician

    async def _speak_party(self, channel: Channel[PartyDown, PartyUp], who: Technician) -> None:
        match await channel.receive():
            case Invite():
                await self._guests.invite(channel, who)
            case HandOver(number=number):
                successor = self._other(who, number)
                await channel.send(Done())
                self._chore(self._hand_over(who, successor))
            case Remove(number=number):
                gone = self._other(who, number)
                await channel.send(Done())
                self._part(gone, REMOVED)

    def _other(self, who: Technician, number: int) -> Technician:
        """That technician, whom `who` may send away or put in their own place. Raises NotAllowed, NoSuchSession."""
        if self.party.leader is not who:
            raise NotAllowed("Only who leads the session may do that.", "`rs sessions show` tells who does.")
        other = self.party.numbered(number)
        if other is None or other is who:
            raise NoSuchSession("No such other technician is in the session.", "`rs sessions show` lists them.")
        return other

    async def _hand_over(self, who: Technician, successor: Technician) -> None:
        """What `who` was allowed ends now; it becomes `successor`'s only if the customer says so."""
        consent = self._desk.consent
        passes = [p for p in Permission if consent.granted(who.number, p) and not consent.granted(successor.number, p)]
        self.party.hand_over(successor)
        self._journal.write("handed-over", who=who.name, to=successor.name)
        text = _("{who} has handed the session over to {whom} and is gone.")
        self._face.notice(text.format(who=printable(who.name), whom=printable(successor.name)))
        self._part(who, HANDED_OVER)
        agreed = passes and await self._desk.decide(
            successor.number, Matter.TAKE_OVER, successor.name, whom=who.name, passes=passes
        )
        for permission in passes if agreed else ():
            self._desk.allow(successor.number, permission)

    def _part(self, who: Technician, reason: str) -> None:
        """`who` is nobody here from this moment. The last one's leave is the session's end."""
        if who not in self.party or self._ending:
            return
        if len(self.party) == 1:
            self.end(N_("The last technician has left the session."))
            return
        self.party.dismiss(who)
        self._journal.write("left", who=who.name, reason=reason)
        if reason != HANDED_OVER:
            self._face.notice(_("{who} is no longer in the session.").format(who=printable(who.name)))
        self._speech().tell(f"{printable(who.name)} is no longer in the session.")
        self._chore(self._see_off(who, self._farewells(who), reason))
        self._desk.dismiss(who.number)
        self._announce()

    async def _see_off(self, who: Technician, farewells: list[_Run], reason: str) -> None:
        """Ends the channels and links of one who is nobody here any more; told why, where they listen."""
        await asyncio.gather(*(self._farewell(run, reason) for run in farewells))
        visits = [visit for visit in self._visits if visit.technician is who]
        tasks = {run.task for run in self._runs if run.visit in visits} - {asyncio.current_task()}
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*(visit.link.close(reason) for visit in visits)), PARTING)
        for visit in visits:
            visit.link.abort(SessionEnded("The session has ended."))
        await _cancelled(tasks, STOPPING)

    # --- the customer's actions (see ui.base.Actions) ---

    def answer(self, number: int, yes: bool) -> None:
        self._desk.answer(number, yes)

    def heed(self, number: int) -> None:
        if self._desk.heed(number) and self._plan.brakes is not None:
            self._plan.brakes.heeded()
            self._journal.write("warned")

    def withdraw(self, permissions: Iterable[Permission], who: str = "") -> None:
        if not who:
            self._desk.withdraw(permissions)
        elif (named := self._named(who)) is not None:
            self._desk.withdraw(permissions, named.number)

    def allow(self, permission: Permission, who: str = "") -> None:
        if not who and len(self.party) > 1:
            self._face.problem(N_("Several technicians are here: say whom you mean."), self._everybody())
            return
        if (named := self._named(who)) is None:
            return
        if (seconds := self._desk.waits(named.number, permission)) > 0:
            self._face.notice(
                _("That can be allowed in {seconds} seconds.").format(seconds=math.ceil(seconds))
                if math.isfinite(seconds)
                else _("Wait until they ask for something: there is something to read first.")
            )
            return
        self._desk.allow(named.number, permission)

    def remove(self, who: str) -> None:
        if (named := self._named(who or "0")) is not None:
            self._part(named, REMOVED)

    def _named(self, who: str) -> Technician | None:
        """Tells the customer when there is none of that name. '' is who leads."""
        named = self.party.named(who) if who else self.party.leader
        if named is None:
            self._face.problem(N_("No technician of that name is here."), self._everybody())
        return named

    def _everybody(self) -> str:
        return ", ".join(f"{one.number} {printable(one.name)}" for one in self.party)

    def pause(self, on: bool) -> None:
        if self._desktop.paused == on:
            return
        self._desktop.paused = on
        self._journal.write("paused" if on else "resumed")
        self._speech().tell("The customer has paused the session." if on else "The customer has resumed the session.")
        if on and (control := self._features.get("control")) is not None:
            self._chore(asyncio.to_thread(getattr(control, "let_go", _nothing)))
        self._context.pulse.beat()
        self._announce()

    def say(self, text: str) -> None:
        try:
            self._speech().say(text)
        except RsError as e:
            self._face.problem(e.message, e.hint)

    def draw(self, tool: Tool) -> None:
        self._chore(self._draw(lambda drawing: drawing.draw(tool)))

    def erase(self) -> None:
        if (drawing := self._drawing()) is not None:
            drawing.erase()

    def forbid_drawing(self, on: bool) -> None:
        async def forbid(drawing: Drawing) -> None:
            drawing.forbid(on)

        self._chore(self._draw(forbid))

    async def _draw(self, act: Callable[[Drawing], Coroutine[Any, Any, None]]) -> None:
        if "draw" in self._plan.features and not self._ending:
            await act(cast(Drawing, await self._feature("draw", self._plan.features["draw"])))

    def _drawing(self) -> Drawing | None:
        """The board, if there has been need of one."""
        return cast("Drawing | None", self._features.get("draw"))

    def _drawable(self) -> bool:
        consent = self._desk.consent
        seen = granted(consent, self.party, Permission.VIEW) and not self._desktop.paused and not self._ending
        return seen and consent.question is None

    def stop_restart(self) -> bool:
        """Calls off the restart that is counted down; whether there was one."""
        power = self._features.get("power")
        return power is not None and cast(Restarts, power).call_off()

    def _speech(self) -> Speech:
        """Chat, made at once: it needs nothing that is slow to load."""
        if "chat" not in self._features:
            self._features["chat"] = self._plan.features["chat"].make(self._context)
        return cast(Speech, self._features["chat"])

    # --- the end ---

    def let_go(self) -> None:
        """Lets go of every key, from any thread, within a fraction of a second: the agent's emergency exit."""
        control = self._features.get("control")
        if control is not None:
            getattr(control, "let_go", _nothing)()

    def end(self, reason: str) -> None:
        """Ends the session, for all links; `ended` tells when it is done. Nothing passes any channel from here on."""
        if not self._ending:
            self._ending = reason
            self._chore(self._finish(reason))

    async def _finish(self, reason: str) -> None:
        self._desk.close()
        myself = asyncio.current_task()
        farewells = self._farewells()
        try:
            await asyncio.gather(
                *(self._farewell(run, reason) for run in farewells),
                _cancelled({run.task for run in self._runs if run not in farewells}, LEAVING),
            )
            links = [visit.link for visit in self._visits]
            await asyncio.wait_for(asyncio.gather(*(link.close(reason) for link in links)), LEAVING)
        except TimeoutError:
            log.info("a link did not close in time; it is cut")
        finally:
            for visit in list(self._visits):
                visit.link.abort(SessionEnded("The session has ended."))
            others = {t for t in [*self._visits.values(), *self._chores] if t is not myself}
            await _cancelled(others, LEAVING)
            for feature in self._features.values():
                getattr(feature, "close", _nothing)()
            self._sum_up(reason)
            if not self.ended.done():
                self.ended.set_result(reason)

    def _farewells(self, who: Technician | None = None) -> list[_Run]:
        """Where a goodbye is heard: at every end, or at those of one technician."""
        runs = [r for r in self._runs if r.permission is None and r.channel.spec.name == CONSENT.name]
        return [run for run in runs if who is None or run.visit.technician is who]

    async def _farewell(self, run: _Run, reason: str) -> None:
        try:
            await asyncio.wait_for(run.channel.send(Goodbye(reason)), LEAVING)
        except (TimeoutError, ChannelClosed):
            log.info("a link did not take the goodbye")

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

    def _chore(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="session")
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)


def _forbidden(permission: Permission) -> NotAllowed:
    return NotAllowed(
        f"The customer's computer is set never to allow {permission}.", "Whoever looks after it can change that."
    )


def _denied(permission: Permission | None) -> NotAllowed:
    return NotAllowed(f"The customer has not allowed {permission}.")


async def _cancelled(tasks: Iterable[asyncio.Task[None]], seconds: float) -> None:
    """Cancels `tasks` and waits for them, but not longer than `seconds`."""
    waiting = set(tasks)
    for task in waiting:
        task.cancel()
    if waiting:
        await asyncio.wait(waiting, timeout=seconds)


def _nothing() -> None:
    """What a feature does at the end, or with keys held down, if it says nothing about it."""
