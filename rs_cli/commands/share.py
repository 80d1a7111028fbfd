"""`rs share SESSION`: the screen turned round. The customer looks at the technician's, in a window of their own."""

from __future__ import annotations

import asyncio

import typer

from rs_cli.command_line.options import REACH, Number, Timeout
from rs_cli.commands.screenshot import Monitor
from rs_cli.doing.reach import reach
from rs_cli.features.share import CLOSED, SHOWN, Share, check_screen
from rs_cli.terminal import output

app = typer.Typer()
STOPPED = "Your screen is no longer shown."


@app.command()
def share(session: Number, monitor: Monitor = 0, timeout: Timeout = REACH) -> None:
    """Show your screen to the customer, until Ctrl-C or until they close the window.

    They are asked first. They see all of it (or of the monitor you name), as you see it, and can do nothing there."""
    asyncio.run(_share(session, monitor - 1, timeout))


async def _share(number: int, monitor: int, timeout: float) -> None:
    shown = Share(monitor, _tell)
    await asyncio.to_thread(check_screen)
    async with reach(number, timeout) as session:
        await session.during(shown, shown.over())
    output.note(CLOSED)


def _tell(on: bool) -> None:
    output.note(f"{SHOWN} Ctrl-C stops it." if on else STOPPED)
