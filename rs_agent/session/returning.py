"""Going down with the computer and coming back into the same session.

    ready ──▶ depart (entry, ticket, restart) ──▶ the computer is down ──▶ `rs-agent resume` takes the ticket
                 └─▶ stay: nothing came of it, and no trace is left

Where a service takes the ticket at its own start, there is no entry (see `serving`). The entry is written before the
ticket: killed in between, a start without a ticket removes the entry and ends. While `under_way`, what takes the
terminal or the desktop away is the restart and no word of the customer's (see `Ending`).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from rs_agent.feature import Returned
from rs_agent.machine import base
from rs_agent.machine.base import Computer
from rs_agent.session import ticket as tickets
from rs_agent.session.ticket import Ticket
from rs_relay.channels.power import WINDOW
from rs_relay.errors import LocalProblem, RsError

log = logging.getLogger(__name__)


class Returning:
    """Of one agent process; `make(id, deadline)` tells all that a ticket holds of the session that is on."""

    def __init__(
        self,
        state: Path,
        computer: Computer,
        *,
        window: float = WINDOW,
        command: Callable[[], Sequence[str]] = base.own_command,
        clock: Callable[[], float] = time.time,
        service: Callable[[], Path | None] = lambda: None,
    ) -> None:
        """`service`: the state folder of one that takes a ticket at its start; None where there is none (may block)."""
        self.state, self.window = state, window
        self.make: Callable[[str, float], Ticket] | None = None
        self.under_way = False
        self._computer, self._command, self._clock, self._service = computer, command, clock, service
        self._place = state  # where the ticket lies
        self._safe = False  # the boot configuration is changed on the way
        self._left = False  # an entry or a ticket of ours may lie there

    def boot_id(self) -> str:
        return self._computer.boot_id()

    def now(self) -> float:
        """By the wall's clock."""
        return self._clock()

    async def ready(self, safe_mode: bool) -> None:
        """Raises LocalProblem when a restart is certain to fail, or not to bring this program back."""
        self._safe = safe_mode
        self._command()
        self._computer.boot_id()
        await self._computer.check(safe_mode)

    async def prepare(self, id: str) -> float:
        """From here on the session comes back whatever happens; the seconds it has for that. Raises LocalProblem: then
        no trace is left."""
        if self.make is None:
            raise LocalProblem("There is no session to come back to.")
        self._left = True
        try:
            service = await asyncio.to_thread(self._service)
            self._place = service or self.state
            if service is None:
                await asyncio.to_thread(self._computer.install, [*self._command(), "resume", *base.own_folders()])
            ticket = self.make(id, self._clock() + self.window)
            ticket = msgspec.structs.replace(ticket, safe_mode=self._safe)
            await asyncio.to_thread(tickets.write, self._place, ticket)
        except BaseException:
            self.stay()
            raise
        return self.window

    async def go(self, safe_mode: bool) -> None:
        """The system has agreed to go down. Raises LocalProblem when it refuses: then no trace is left."""
        self.under_way = True
        try:
            await self._computer.reboot(safe_mode)
        except BaseException:
            self.stay()
            raise

    def goes(self) -> bool:
        """The computer goes down at our word, now."""
        return self.under_way

    def stay(self) -> None:
        """No trace is left. From any thread, also in the last moments of a process that hangs."""
        went, self.under_way = self.under_way, False
        if not self._left:
            return
        self._left = False
        if self._safe and went:
            self._computer.settle()
        for remove in (self._forget, self._computer.remove):
            try:
                remove()
            except RsError as e:
                log.warning("after a restart that was called off: %s", e.message)

    def _forget(self) -> None:
        tickets.forget(self._place)

    async def back(self) -> tuple[Ticket, Returned] | None:
        """The ticket of the session to go on with, and what it comes back from; None where there is none. Nothing of it
        is left here then, nor of the entry. Raises Refused, LocalProblem."""
        boot_id = self._computer.boot_id()
        found = tickets.look(self.state)
        if found is not None and found.boot_id == boot_id and tickets.alive(found.writer):
            return None  # it is on its way down, and has not gone yet
        note = ""
        try:
            ticket = tickets.take(self.state, boot_id, self._clock())
        finally:
            if found is not None and found.safe_mode:  # also where the session is over: the next start is a plain one
                note = await asyncio.to_thread(self._computer.settle)
            self._computer.remove()
            tickets.tidy(self.state, self._clock())
        if ticket is None:
            return None
        return ticket, Returned(ticket.id, self._clock() - ticket.written, ticket.boot_id != boot_id, note)
