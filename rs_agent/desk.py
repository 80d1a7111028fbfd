"""Where questions are put to the customer and waited for: the pure table of `consent`, with a clock and a face.

Whatever changes a grant goes through `_changed`, in this order: the table has changed already, so nothing more passes
the channels; then the face shows or takes off a question; then those who wait for an answer go on; then the session
hears which permissions changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from rs_agent.consent import Changes, Consent, Matter, Question
from rs_agent.ui.base import Face
from rs_relay.link.spec import Permission


class Desk:
    def __init__(
        self,
        consent: Consent,
        face: Face,
        folder: str,
        changed: Callable[[Changes], None],
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.consent = consent
        self._face, self._folder, self._tell = face, folder, changed
        self._loop = asyncio.get_running_loop()
        self._clock = clock or self._loop.time
        self._shown: Question | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._settled = asyncio.Event()

    def ask(self, technician: int, permissions: Iterable[Permission], who: str) -> None:
        changed: Changes = frozenset()
        for permission in permissions:
            changed |= self.consent.ask(technician, permission, who, self._clock())
        self._changed(changed)

    async def settle(self, technician: int, permission: Permission, who: str) -> bool:
        """Whether it is granted; asks the customer if they have never been asked, and waits for them."""
        if not self.consent.settled(technician, permission):
            self.ask(technician, [permission], who)
        while not self.consent.settled(technician, permission):
            await self._settled.wait()
        return self.consent.granted(technician, permission)

    async def decide(
        self, technician: int, matter: Matter, who: str, *, whom: str = "", passes: Iterable[Permission] = ()
    ) -> bool:
        """The customer's word on a matter."""
        proposal, changed = self.consent.propose(technician, matter, who, self._clock(), whom=whom, passes=passes)
        self._changed(changed)
        try:
            while (verdict := self.consent.verdict(proposal)) is None:
                await self._settled.wait()
            return verdict
        finally:  # nobody waits for the answer any more: the question is taken off
            self._changed(self.consent.call_off(proposal, self._clock()))

    def answer(self, number: int, yes: bool) -> None:
        self._changed(self.consent.answer(number, yes, self._clock()))

    def heed(self, number: int) -> bool:
        heeded = self.consent.heed(number, self._clock())
        self._changed(frozenset())
        return heeded

    def waits(self, technician: int, permission: Permission) -> float:
        return self.consent.waits(technician, permission, self._clock())

    def withdraw(self, permissions: Iterable[Permission], technician: int | None = None) -> None:
        self._changed(self.consent.withdraw(permissions, self._clock(), technician))

    def allow(self, technician: int, permission: Permission) -> None:
        self._changed(self.consent.allow(technician, permission, self._clock()))

    def dismiss(self, technician: int) -> None:
        self._changed(self.consent.dismiss(technician, self._clock()))

    def tick(self) -> None:
        """A question has been on show for as long as it may be."""
        self._changed(self.consent.tick(self._clock()))
        self._wind()

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._show(None)

    def _changed(self, changes: Changes) -> None:
        shown = self._shown
        self._show(self.consent.question)
        self._settled, before = asyncio.Event(), self._settled
        before.set()
        if changes or self._shown != shown:
            self._tell(changes)

    def _show(self, question: Question | None) -> None:
        if question == self._shown:
            return
        if self._shown is not None:
            self._face.asked(self._shown)
        self._shown = question
        if question is not None:
            self._face.ask(question, self._folder)
        self._wind()

    def _wind(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._shown is not None:
            self._timer = self._loop.call_later(max(0.0, self._shown.until - self._clock()), self.tick)
