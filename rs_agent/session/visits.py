"""The links of one session and the channels on them: what may be opened, what may speak, and how it is cut.

The law: a channel speaks only while the customer's grant for it holds, to the technician whose link it is. The guard
that each channel is given looks at that on every message in both directions. A technician's end that breaks the rules
loses the channel; one that goes on breaking them loses the link.

Who owns what: each link has one task, each channel one task below it.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Coroutine, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, cast

from rs_agent.consent import Changes
from rs_agent.desk import Desk
from rs_agent.feature import Feature
from rs_agent.journal import Journal, NoJournal
from rs_agent.session.chores import cancelled
from rs_agent.session.made import Made
from rs_agent.session.party import Party, Technician
from rs_agent.session.plan import Plan
from rs_agent.session.speaking import SPEAKER
from rs_agent.ui.base import SHOWN_IN_USE
from rs_relay.channels.consent import SPEC as CONSENT
from rs_relay.channels.consent import Goodbye
from rs_relay.errors import LocalProblem, NotAllowed, PeerBroke, RsError, SessionEnded, UsageError
from rs_relay.link.channel import Channel, ChannelClosed
from rs_relay.link.link import Link, LinkChannel, Request
from rs_relay.link.ration import Line
from rs_relay.link.spec import ChannelSpec, Permission

log = logging.getLogger(__name__)

STRIKES, WITHIN = 5, 10.0  # broken messages within so many seconds, then the link is cut
STOPPING = 1.0  # seconds that the runs of a withdrawn grant may take to end before it is shown as withdrawn
LEAVING = 0.2  # seconds for each step of the end: a customer who says stop is gone within one second
PARTING = 0.3  # seconds that the links of one who leaves have to close
SCREEN = "screen"  # the channel on which the screen is seen

Talk = Callable[[Channel[Any, Any], Technician], Coroutine[Any, Any, None]]


@dataclass(eq=False)
class Visit:
    """One link of the session."""

    link: Link
    technician: Technician
    strikes: deque[float] = field(default_factory=lambda: deque(maxlen=STRIKES))
    tasks: set[asyncio.Task[None]] = field(default_factory=set)


@dataclass(eq=False)
class Run:
    """One channel that is open."""

    visit: Visit
    permission: Permission | None
    channel: LinkChannel[Any, Any]
    task: asyncio.Task[None]


class Visits:
    """`talks`: the channels that the session itself speaks, by name, which need no permission. `over`: the session is
    at its end. `changed`: who is here, or what is used, is another now."""

    def __init__(
        self,
        plan: Plan,
        party: Party,
        desk: Desk,
        made: Made,
        journal: Journal | NoJournal,
        clock: Callable[[], float],
        talks: Mapping[str, tuple[ChannelSpec[Any, Any], Talk]],
        *,
        over: Callable[[], bool],
        changed: Callable[[], None],
    ) -> None:
        self._plan, self._party, self._desk, self._made, self._journal = plan, party, desk, made, journal
        self._clock, self._talks, self._over, self._changed = clock, talks, over, changed
        self._visits: dict[Visit, asyncio.Task[None]] = {}
        self._lines: defaultdict[int, Line] = defaultdict(Line)  # of each technician, by number
        self._runs: set[Run] = set()

    def __len__(self) -> int:
        return len(self._visits)

    # --- links ---

    def line_of(self, technician: Technician) -> Line:
        """What all links of theirs know of the line to them."""
        return self._lines[technician.number]

    def attach(self, link: Link, technician: Technician) -> None:
        """A link of this session has been opened (and started) with the key of `technician`."""
        if self._over() or technician not in self._party:  # taken out while the link was being made
            link.abort(SessionEnded("The session has ended."))
            return
        visit = Visit(link, technician)
        self._visits[visit] = asyncio.create_task(self._visit(visit), name="link")
        self._journal.write("link", who=technician.name)
        self._changed()

    async def _visit(self, visit: Visit) -> None:
        try:
            async for request in visit.link.requests():
                task = asyncio.create_task(self._channel(visit, request), name="channel")
                visit.tasks.add(task)
                task.add_done_callback(visit.tasks.discard)
        finally:
            await cancelled(visit.tasks, STOPPING)
            self._visits.pop(visit, None)
            self._journal.write("link-ended", who=visit.technician.name)
            self._changed()

    # --- channels ---

    async def _channel(self, visit: Visit, request: Request) -> None:
        """From the request for a channel to its end."""
        who = visit.technician
        SPEAKER.set(who.number)
        if request.name in self._talks:
            spec, talk = self._talks[request.name]
            await self._run(visit, request, None, spec, lambda channel: talk(channel, who))
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
            feature = await self._made.feature(request.name)
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
        visit: Visit,
        request: Request,
        permission: Permission | None,
        spec: ChannelSpec[Any, Any],
        speak: Callable[[Channel[Any, Any]], Any],
    ) -> None:
        def guard() -> None:
            if visit.technician not in self._party and spec is not CONSENT:  # the goodbye goes there
                raise SessionEnded("The session has ended.")
            if permission is not None and (self._over() or not self._granted(visit, permission)):
                raise _denied(permission)

        try:
            channel = request.accept(spec, guard)
        except ChannelClosed:
            return
        run = Run(visit, permission, channel, cast("asyncio.Task[None]", asyncio.current_task()))
        self._runs.add(run)
        if shown := permission in SHOWN_IN_USE or spec.name == SCREEN:
            self._changed()
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
                self._changed()

    def _strike(self, visit: Visit, error: RsError) -> None:
        if not isinstance(error, PeerBroke):
            return
        now = self._clock()
        visit.strikes.append(now)
        if len(visit.strikes) == STRIKES and now - visit.strikes[0] < WITHIN:
            self._journal.write("cut-off", who=visit.technician.name)
            visit.link.abort(error)

    def _granted(self, visit: Visit, permission: Permission | None) -> bool:
        return self._desk.consent.granted(visit.technician.number, permission)

    # --- what goes on ---

    def connected(self) -> set[Technician]:
        return {visit.technician for visit in self._visits}

    def links(self) -> Counter[int]:
        """How many each technician has, by number."""
        return Counter(visit.technician.number for visit in self._visits)

    def using(self) -> list[tuple[Technician, Permission | None]]:
        """Of each channel that is open, whose it is and by what permission."""
        return [(run.visit.technician, run.permission) for run in self._runs]

    def seeing(self) -> bool:
        """Somebody has the screen's channel open."""
        return any(run.channel.spec.name == SCREEN for run in self._runs)

    # --- withdrawn, taken out, ended ---

    def withdrawn(self, changes: Changes) -> Coroutine[Any, Any, None] | None:
        """What ends all that is not granted any more after `changes`; None where there is nothing."""
        over = {r for r in self._runs if not self._granted(r.visit, r.permission) and r not in self._farewells()}
        lost = {permission for number, permission in changes if not self._desk.consent.granted(number, permission)}
        alone = [feature for permission, feature in self._made.busy() if permission in lost]
        return self._stop(over, alone) if over or alone else None

    async def _stop(self, runs: set[Run], alone: Iterable[Feature]) -> None:
        """`alone`: features of which something goes on without a channel."""
        for run in runs:
            gone = run.visit.technician not in self._party
            run.channel.cut(SessionEnded("The session has ended.") if gone else _denied(run.permission))
        ending = {asyncio.ensure_future(getattr(feature, "withdrawn")()) for feature in alone}  # noqa: B009
        await cancelled({run.task for run in runs}, STOPPING)
        if ending:
            await asyncio.wait(ending, timeout=STOPPING)
        self._changed()

    def see_off(self, who: Technician, reason: str) -> Coroutine[Any, Any, None]:
        """Ends the channels and links of one who is nobody here any more; told why, where they listen now."""
        return self._see_off(who, self._farewells(who), reason)

    async def _see_off(self, who: Technician, farewells: list[Run], reason: str) -> None:
        await asyncio.gather(*(self._farewell(run, reason) for run in farewells))
        visits = [visit for visit in self._visits if visit.technician is who]
        tasks = {run.task for run in self._runs if run.visit in visits} - {asyncio.current_task()}
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*(visit.link.close(reason) for visit in visits)), PARTING)
        for visit in visits:
            visit.link.abort(SessionEnded("The session has ended."))
        await cancelled(tasks, STOPPING)

    async def close(self, reason: str) -> None:
        """Takes leave of everybody, ends every channel, and closes the links or cuts them; see `tasks` for the rest."""
        farewells = self._farewells()
        try:
            await asyncio.gather(
                *(self._farewell(run, reason) for run in farewells),
                cancelled({run.task for run in self._runs if run not in farewells}, LEAVING),
            )
            links = [visit.link for visit in self._visits]
            await asyncio.wait_for(asyncio.gather(*(link.close(reason) for link in links)), LEAVING)
        except TimeoutError:
            log.info("a link did not close in time; it is cut")

    def abort(self) -> set[asyncio.Task[None]]:
        """Cuts the links that are left; their tasks."""
        for visit in list(self._visits):
            visit.link.abort(SessionEnded("The session has ended."))
        return set(self._visits.values())

    def _farewells(self, who: Technician | None = None) -> list[Run]:
        """Where a goodbye is heard: at every end, or at those of one technician."""
        runs = [r for r in self._runs if r.permission is None and r.channel.spec.name == CONSENT.name]
        return [run for run in runs if who is None or run.visit.technician is who]

    async def _farewell(self, run: Run, reason: str) -> None:
        try:
            await asyncio.wait_for(run.channel.send(Goodbye(reason)), LEAVING)
        except (TimeoutError, ChannelClosed):
            log.info("a link did not take the goodbye")


def _forbidden(permission: Permission) -> NotAllowed:
    return NotAllowed(
        f"The customer's computer is set never to allow {permission}.", "Whoever looks after it can change that."
    )


def _denied(permission: Permission | None) -> NotAllowed:
    return NotAllowed(f"The customer has not allowed {permission}.")
