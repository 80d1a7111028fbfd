"""What the customer does in a session (see ui.base.Actions), from the loop: it holds at once, and they read of it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any

from rs_agent.brakes import Brakes
from rs_agent.desk import Desk
from rs_agent.feature import Pulse
from rs_agent.journal import Journal, NoJournal
from rs_agent.language import N_, _
from rs_agent.session.chores import Chores
from rs_agent.session.made import Drawing, Made
from rs_agent.session.party import Party, Technician
from rs_agent.session.pausing import PausableDesktop
from rs_agent.ui.base import Face
from rs_relay.channels.consent import REMOVED
from rs_relay.channels.draw import Tool
from rs_relay.errors import RsError
from rs_relay.link.spec import Permission
from rs_relay.text import printable


@dataclass(frozen=True)
class CustomersActions:
    """`part`: takes somebody out. `over`: the session is at its end. `changed`: what holds is another now."""

    desk: Desk
    party: Party
    made: Made
    desktop: PausableDesktop
    face: Face
    journal: Journal | NoJournal
    brakes: Brakes | None
    pulse: Pulse
    chores: Chores
    part: Callable[[Technician, str], None]
    over: Callable[[], bool]
    changed: Callable[[], None]

    def answer(self, number: int, yes: bool) -> None:
        self.desk.answer(number, yes)

    def heed(self, number: int) -> None:
        if self.desk.heed(number) and self.brakes is not None:
            self.brakes.heeded()
            self.journal.write("warned")

    def withdraw(self, permissions: Iterable[Permission], who: str = "") -> None:
        if not who:
            self.desk.withdraw(permissions)
        elif (named := self._named(who)) is not None:
            self.desk.withdraw(permissions, named.number)

    def allow(self, permission: Permission, who: str = "") -> None:
        if not who and len(self.party) > 1:
            self.face.problem(N_("Several technicians are here: say whom you mean."), self._everybody())
            return
        if (named := self._named(who)) is None:
            return
        if (seconds := self.desk.waits(named.number, permission)) > 0:
            self.face.notice(
                _("That can be allowed in {seconds} seconds.").format(seconds=math.ceil(seconds))
                if math.isfinite(seconds)
                else _("Wait until they ask for something: there is something to read first.")
            )
            return
        self.desk.allow(named.number, permission)

    def remove(self, who: str) -> None:
        if (named := self._named(who or "0")) is not None:
            self.part(named, REMOVED)

    def _named(self, who: str) -> Technician | None:
        """Tells the customer when there is none of that name. '' is who leads."""
        named = self.party.named(who) if who else self.party.leader
        if named is None:
            self.face.problem(N_("No technician of that name is here."), self._everybody())
        return named

    def _everybody(self) -> str:
        return ", ".join(f"{one.number} {printable(one.name)}" for one in self.party)

    def pause(self, on: bool) -> None:
        if self.desktop.paused == on:
            return
        self.desktop.paused = on
        self.journal.write("paused" if on else "resumed")
        text = "The customer has paused the session." if on else "The customer has resumed the session."
        self.made.speech().tell(text)
        if on and self.made.controlled():
            self.chores.begin(asyncio.to_thread(self.made.let_go))
        self.pulse.beat()
        self.changed()

    def say(self, text: str) -> None:
        try:
            self.made.speech().say(text)
        except RsError as e:
            self.face.problem(e.message, e.hint)

    def draw(self, tool: Tool) -> None:
        self._draw(lambda drawing: drawing.draw(tool))

    def erase(self) -> None:
        if (drawing := self.made.drawing()) is not None:
            drawing.erase()

    def forbid_drawing(self, on: bool) -> None:
        async def forbid(drawing: Drawing) -> None:
            drawing.forbid(on)

        self._draw(forbid)

    def _draw(self, act: Callable[[Drawing], Coroutine[Any, Any, None]]) -> None:
        async def unless_over() -> None:
            if not self.over():
                await self.made.draw(act)

        self.chores.begin(unless_over())
