"""One support session at the customer's computer: its links, the features they use, and the end of it all.

The law: a channel speaks only while the customer's grant for it holds. That is looked at here, by the guard that each
channel is given, on every message in both directions; never by a feature, never by the technician's end. A grant that
is withdrawn denies first, then ends what ran, lets go of every key, and only then is shown as withdrawn: what the
customer reads is what is so.

Who owns what: each link has one task, each channel one task below it. A technician's end that breaks the rules loses
the channel; one that goes on breaking them loses the link. The session outlives its links, however long there is none.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, cast

from rs_agent.brakes import Brakes
from rs_agent.consent import Consent
from rs_agent.desk import Desk
from rs_agent.desktop.base import Desktop
from rs_agent.feature import Context, Departure, Feature, Returned
from rs_agent.features import FEATURES, OFFERED, Entry
from rs_agent.journal import Journal, NoJournal
from rs_agent.language import N_, _
from rs_agent.pausing import PausableDesktop
from rs_agent.ui.base import SHOWN_IN_USE, Face, InForce, Summary
from rs_agent.ui.words import FILES
from rs_relay.channels.consent import SPEC as CONSENT
from rs_relay.channels.consent import Ask, Goodbye, Grant, State, Up
from rs_relay.channels.draw import Tool
from rs_relay.errors import LocalProblem, NotAllowed, PeerBroke, RsError, SessionEnded, UsageError
from rs_relay.link.channel import Channel, ChannelClosed
from rs_relay.link.link import Link, LinkChannel, Request
from rs_relay.link.spec import ChannelSpec, Permission

log = logging.getLogger(__name__)

STRIKES, WITHIN = 5, 10.0  # broken messages within so many seconds, then the link is cut
STOPPING = 1.0  # seconds that the runs of a withdrawn grant may take to end before it is shown as withdrawn
LEAVING = 0.2  # seconds for each step of the end: a customer who says stop is gone within one second
SCREEN = "screen"  # the channel on which the screen is seen
FILE_LINES = 50  # lines about files in the summary


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
    who: str
    strikes: deque[float] = field(default_factory=lambda: deque(maxlen=STRIKES))
    tasks: set[asyncio.Task[None]] = field(default_factory=set)


@dataclass(eq=False)
class _Run:
    """One channel that is open."""

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
    ) -> None:
        """`departure`: how it survives a restart of the computer; `past`: what it was before one."""
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._plan, self._face, self._journal, self._clock = plan, face, journal, clock
        self._began = clock() if past is None else past.began
        self._desktop = PausableDesktop(desktop)
        self._context = Context(
            self._desktop, face, plan.folder, who, note=self._note, drawable=self._drawable,
            withdraw=lambda permission: self.withdraw([permission]),
            granted=lambda permission: self._desk.consent.granted(permission),
            records=journal.folder, changed=self._announce, departure=departure,
            returned=past.returned if past else None, lines=past.lines if past else 0,
        )  # fmt: skip
        self._desk = Desk(self._consent(past), face, str(plan.folder), self._consented)
        self._features: dict[str, Feature] = {}
        self._making: dict[str, asyncio.Lock] = {}
        self._visits: dict[_Visit, asyncio.Task[None]] = {}
        self._runs: set[_Run] = set()
        self._chores: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._ending = ""
        self._names: dict[str, None] = dict.fromkeys(past.who if past else (who,))  # everybody who was here, in order
        once = past.granted_once if past else sorted(plan.allow & plan.offered)
        self._granted_once: dict[Permission, None] = dict.fromkeys(once)
        self._files: list[tuple[str, str]] = []
        journal.write("session-back" if past else "session", who=who, allowed=[str(p) for p in self._granted_once])
        if past is not None:
            self._desktop.paused = past.paused
            self._announce()

    def _consent(self, past: Past | None) -> Consent:
        plan, brakes = self._plan, self._plan.brakes
        if brakes is None or past is not None:  # who is asked again after a restart has been through it
            return Consent(plan.offered, plan.allow, past.grants if past else {})
        now = asyncio.get_running_loop().time()
        return Consent(plan.offered, plan.allow, braked=now + brakes.delay, warn=brakes.warn())

    def past(self) -> Past:
        """What it is now, for an agent that comes back to it."""
        speech = self._features.get("chat")
        lines = self._context.lines if speech is None else cast(Speech, speech).last
        grants = self._desk.consent.grants
        return Past(tuple(self._names), self._began, grants, tuple(self._granted_once), self._desktop.paused, lines)

    @property
    def linked(self) -> bool:
        """Somebody has a link now."""
        return bool(self._visits)

    @property
    def leader(self) -> str:
        """Who began it, for show."""
        return next(iter(self._names))

    async def joined(self) -> None:
        """Until somebody has a link."""
        while not self._visits:
            await self._changed.wait()

    # --- links ---

    def attach(self, link: Link, who: str) -> None:
        """A link of this session has been opened (and started) by `who`."""
        if self._ending:
            link.abort(SessionEnded("The session has ended."))
            return
        visit = _Visit(link, who)
        self._names[who] = None
        self._visits[visit] = asyncio.create_task(self._visit(visit), name="link")
        self._journal.write("link", who=who)
        self._announce()

    async def _visit(self, visit: _Visit) -> None:
        try:
            async for request in visit.link.requests():
                task = asyncio.create_task(self._channel(visit, request), name="channel")
                visit.tasks.add(task)
                task.add_done_callback(visit.tasks.discard)
        finally:
            await _cancelled(visit.tasks, STOPPING)
            self._visits.pop(visit, None)
            self._journal.write("link-ended", who=visit.who)
            self._announce()

    # --- channels ---

    async def _channel(self, visit: _Visit, request: Request) -> None:
        """From the request for a channel to its end."""
        if request.name == CONSENT.name:
            await self._run(visit, request, None, CONSENT, self._speak_consent)
            return
        entry = self._plan.features.get(request.name)
        if entry is None:
            request.refuse(UsageError("The customer's program does not have that feature."))
            return
        if entry.permission is not None and not await self._desk.settle(entry.permission, visit.who):
            self._journal.write("refused", who=visit.who, permission=str(entry.permission))
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
            if permission is not None and (self._ending or not self._desk.consent.granted(permission)):
                raise _denied(permission)

        try:
            channel = request.accept(spec, guard)
        except ChannelClosed:
            return
        run = _Run(permission, channel, cast("asyncio.Task[None]", asyncio.current_task()))
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
            self._journal.write("cut-off", who=visit.who)
            visit.link.abort(error)

    async def _feature(self, name: str, entry: Entry) -> Feature:
        """The session's one object of that feature, made when first used."""
        async with self._making.setdefault(name, asyncio.Lock()):
            if name not in self._features:
                self._features[name] = await asyncio.to_thread(entry.make, self._context)
        return self._features[name]

    # --- consent ---

    async def _speak_consent(self, channel: Channel[State | Goodbye, Up]) -> None:
        telling = asyncio.create_task(self._tell_state(channel), name="consent")
        try:
            async for message in channel:
                if self._ending:
                    return
                match message:
                    case Ask(permissions=permissions):
                        self._desk.ask(permissions, self._who_speaks())
                    case Goodbye():
                        self.end(N_("The technician ended the session."))
        finally:
            await _cancelled({telling}, LEAVING)

    async def _tell_state(self, channel: Channel[State | Goodbye, Up]) -> None:
        try:
            while not self._ending:
                changed = self._changed
                await channel.send(self._state(), replaces="state")
                await changed.wait()
        except ChannelClosed:
            pass  # the loop of the run hears it too, and ends

    def _who_speaks(self) -> str:
        task = asyncio.current_task()
        return next((v.who for v in self._visits if task in v.tasks), self._context.technician)

    def _state(self) -> State:
        return State(self._desk.consent.grants, self._plan.name, len(self._visits), str(self._plan.folder))

    def _consented(self, permissions: frozenset[Permission]) -> None:
        """The table has changed (the desk calls this)."""
        grants = self._desk.consent.grants
        for permission in sorted(permissions):
            if grants[permission] is Grant.ASKING:
                continue
            self._journal.write(str(grants[permission]), permission=str(permission))
            if grants[permission] is Grant.GRANTED:
                self._granted_once[permission] = None
        self._ask_alone()
        if self._desk.consent.question is not None:
            self.erase()  # nobody draws over what the customer has to read, or what looks like it
        over = {run for run in self._runs if run.permission in permissions and not self._allowed(run)}
        lost = {p for p in permissions if not self._desk.consent.granted(p)}
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

    def _allowed(self, run: _Run) -> bool:
        return self._desk.consent.granted(run.permission)

    async def _stop_runs(self, runs: set[_Run], alone: Iterable[Feature]) -> None:
        """`alone`: features of which something goes on without a channel."""
        for run in runs:
            run.channel.cut(_denied(run.permission))
        ending = {asyncio.ensure_future(getattr(feature, "withdrawn")()) for feature in alone}  # noqa: B009
        await _cancelled({run.task for run in runs}, STOPPING)
        if ending:
            await asyncio.wait(ending, timeout=STOPPING)
        self._announce()

    def _announce(self) -> None:
        """Shows the customer, and tells every technician, what holds now. At the end nothing does, said only once."""
        if self._ending:
            return
        connected = tuple(dict.fromkeys(visit.who for visit in self._visits))
        granted = frozenset(p for p, grant in self._desk.consent.grants.items() if grant is Grant.GRANTED)
        using = [run.permission for run in self._runs]
        using += [permission for permission, _ in self._busy()]
        used = frozenset(permission for permission in using if permission in SHOWN_IN_USE) & granted
        if self._desktop.paused:  # the desktop puts it back meanwhile
            used -= {Permission.PRIVACY}
        if (drawing := self._drawing()) is not None:
            drawing.stand()
        seen = not self._desktop.paused and any(run.channel.spec.name == SCREEN for run in self._runs)
        self._desktop.seen(seen)
        self._face.in_force(InForce(connected, granted, self._desktop.paused, session=True, used=used, seen=seen))
        self._changed, before = asyncio.Event(), self._changed
        before.set()

    # --- the customer's actions (see ui.base.Actions) ---

    def answer(self, number: int, yes: bool) -> None:
        self._desk.answer(number, yes)

    def heed(self, number: int) -> None:
        if self._desk.heed(number) and self._plan.brakes is not None:
            self._plan.brakes.heeded()
            self._journal.write("warned")

    def withdraw(self, permissions: Iterable[Permission]) -> None:
        self._desk.withdraw(permissions)

    def allow(self, permission: Permission) -> None:
        if (seconds := self._desk.waits(permission)) > 0:
            self._face.notice(
                _("That can be allowed in {seconds} seconds.").format(seconds=math.ceil(seconds))
                if math.isfinite(seconds)
                else _("Wait until they ask for something: there is something to read first.")
            )
            return
        self._desk.allow(permission)

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
        seen = consent.granted(Permission.VIEW) and not self._desktop.paused and not self._ending
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
        farewells = [r for r in self._runs if r.permission is None and r.channel.spec.name == CONSENT.name]
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
