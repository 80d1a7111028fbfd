"""How a verb gets at a session: reached within its time, and narrated on standard error to a person who waits."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from rs_cli.session.events import Began, Event, Moved, Opening, Stopped
from rs_cli.session.status import Lost
from rs_cli.session.technician import Technician, open_session
from rs_cli.terminal import output
from rs_relay.errors import RsError
from rs_relay.text import printable

PATIENCE = 0.7  # seconds before a person is told what they are waiting for


def step_back() -> None:
    """This program moves much and hurries for nobody: let the screen window and the relay go first on this computer."""
    if hasattr(os, "setpriority"):
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, 0, 10)


@asynccontextmanager
async def reach(number: int | None, timeout: float) -> AsyncIterator[Technician]:
    """The session, open. Raises what `open_session` raises; a hint for an error in it names the session."""
    narrator = Narrator()
    async with open_session(number, timeout=timeout, heard=narrator.hear) as session:
        try:
            yield session
        except RsError as error:
            error.hint = error.hint.replace("SESSION", str(session.entry.number))
            raise
    narrator.silence()


class Narrator:
    """Says on a terminal what takes longer than a moment; nothing in a pipe."""

    def __init__(self) -> None:
        self._later: dict[str, asyncio.TimerHandle] = {}

    def hear(self, event: Event) -> None:
        match event:
            case Moved(Lost(why, retry_in)):
                output.progress(f"{printable(why)} Trying again in {max(retry_in, 0.1):.1f} s.")
            case Opening(feature):
                text = f"Waiting for the customer to allow {feature} …"
                self._later[feature] = asyncio.get_running_loop().call_later(PATIENCE, output.progress, text)
            case Began(feature) | Stopped(feature):
                if waiting := self._later.pop(feature, None):
                    waiting.cancel()
            case _:
                pass

    def silence(self) -> None:
        for waiting in self._later.values():
            waiting.cancel()
