"""How a verb gets at a session: reached within its time, and narrated on standard error to a person who waits."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from rs_cli import output
from rs_cli.session.events import Event, Moved, Opening
from rs_cli.session.status import Connecting, Lost
from rs_cli.session.technician import Technician, open_session

ASKED = ("clipboard", "files", "screen", "control")  # channels that may have to wait for the customer's yes


@asynccontextmanager
async def reach(number: int | None, timeout: float) -> AsyncIterator[Technician]:
    """The session, open. Raises what `open_session` raises."""
    async with open_session(number, timeout=timeout, heard=narrate) as session:
        yield session


def narrate(event: Event) -> None:
    """One line for what a person at a terminal would wonder about; nothing in a pipe."""
    match event:
        case Moved(Connecting(1)):
            output.progress("Connecting to the customer's computer …")
        case Moved(Lost(why, retry_in)):
            output.progress(f"{why} Trying again in {max(retry_in, 0.1):.1f} s.")
        case Opening(feature) if feature in ASKED:
            output.progress(f"Opening {feature}; the customer may be asked to allow it …")
        case _:
            pass
