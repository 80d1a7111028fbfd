"""Whose channel a feature runs on: the technician for whom it asks, is named, and is allowed things.

Features are shared by all technicians of a session. Which of them speaks goes along with the task of a channel and with
all that it starts (a context variable, not a parameter of each call), also into `asyncio.to_thread`; a thread pool of
a feature's own must be handed `contextvars.copy_context().run`. Where nobody speaks, nothing is allowed that is not
allowed to everybody who is here: the answer can be too strict, never too mild.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

from rs_agent.consent import Consent
from rs_agent.feature import Context
from rs_agent.session.party import Party
from rs_relay.link.spec import Permission

SPEAKER: ContextVar[int] = ContextVar("speaker", default=0)


class SpeakingContext(Context):
    """A Context that answers for whoever speaks. `technician`, as it was made with, names who is gone by now."""

    party: Callable[[], Party]

    @property
    def technician(self) -> str:
        speaker = self.party().numbered(SPEAKER.get())
        return speaker.name if speaker is not None else ", ".join(t.name for t in self.party()) or self._made_for

    @technician.setter
    def technician(self, name: str) -> None:
        self._made_for = name


def granted(consent: Consent, party: Party, permission: Permission) -> bool:
    speaker = SPEAKER.get()
    if speaker:
        return consent.granted(speaker, permission)
    return len(party) > 0 and all(consent.granted(t.number, permission) for t in party)
