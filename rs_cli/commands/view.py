"""`rs view SESSION`: the window on the customer's screen.

    agent ⇢ channels ─▶ Screen, Control, Consent ─▶ View ─▶ the viewer's process, which has no key and no socket

The session outlives the window, the window outlives a lost link: it shows the last picture in grey until the next one.
"""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from rs_cli.commands.screenshot import Monitor
from rs_cli.options import REACH, Number, Timeout
from rs_cli.reach import reach
from rs_cli.viewer import child
from rs_cli.viewing import View
from rs_relay.errors import UsageError

app = typer.Typer()


@app.command()
def view(
    session: Number,
    monitor: Monitor = 0,
    scale: Annotated[str, typer.Option("--scale", metavar="fit|1:1", help="How the picture begins.")] = "fit",
    view_only: Annotated[bool, typer.Option("--view-only", help="Do not ask for keyboard and mouse.")] = False,
    timeout: Timeout = REACH,
) -> None:
    """See and control the customer's screen in a window. Its menu is on F8."""
    if scale not in ("fit", "1:1"):
        raise UsageError("--scale takes `fit` or `1:1`.")
    child.check_display()
    asyncio.run(_view(session, monitor - 1, scale == "1:1", view_only, timeout))


async def _view(number: int, monitor: int, exact: bool, view_only: bool, timeout: float) -> None:
    async with reach(number, timeout) as session:
        viewer = await child.start()
        try:
            await View(session, viewer, monitor=monitor, exact=exact, view_only=view_only).run()
        finally:
            await viewer.close()
