"""`rs view SESSION`: the window on the customer's screen.

    agent ⇢ channels ─▶ Screen, Control, Consent ─▶ View ─▶ the viewer's process, which has no key and no socket

The session outlives the window, the window outlives a lost link: it shows the last picture in grey until the next one.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated

import typer

from rs_cli.command_line.options import REACH, Number, Timeout
from rs_cli.commands.screenshot import Monitor
from rs_cli.doing.reach import reach
from rs_cli.viewer import child
from rs_cli.viewing import COMPANIONS, PlainDesktop, View, Wish
from rs_relay.channels.screen.messages import Colours, Tune
from rs_relay.errors import UsageError

app = typer.Typer()


@app.command()
def view(
    session: Number,
    monitor: Monitor = 0,
    scale: Annotated[str, typer.Option("--scale", metavar="fit|1:1", help="How the picture begins.")] = "fit",
    view_only: Annotated[bool, typer.Option("--view-only", help="Do not ask for keyboard and mouse.")] = False,
    colours: Annotated[
        Colours, typer.Option("--colours", help="`256` or `16` (greys) for a slow line.", show_choices=False)
    ] = Colours.ALL,
    lossless: Annotated[bool, typer.Option("--lossless", help="Exact pixels only, though it be slow.")] = False,
    rate: Annotated[
        int,
        typer.Option("--rate", metavar="N", min=0, max=60, help="At most N pictures a second; 0: as many as can be."),
    ] = 0,
    plain: Annotated[
        bool, typer.Option("--plain", help="Hide wallpaper and effects over there meanwhile, for a slow line.")
    ] = False,
    timeout: Timeout = REACH,
) -> None:
    """See and control the customer's screen in a window. Its menu is on F8."""
    if scale not in ("fit", "1:1"):
        raise UsageError("--scale takes `fit` or `1:1`.")
    child.check_display()
    wish = Wish(monitor - 1, scale == "1:1", view_only, Tune(colours, lossless, rate))
    asyncio.run(_view(session, wish, plain, timeout))


async def _view(number: int, wish: Wish, plain: bool, timeout: float) -> None:
    companions = [partial(make, plain=plain) if make is PlainDesktop else make for make in COMPANIONS]
    starting = asyncio.create_task(child.start(), name="viewer")  # it loads while the session is reached
    try:
        async with reach(number, timeout) as session:
            viewer = await starting
            await View(session, viewer, wish, companions).run()
    finally:
        await child.dismiss(starting)
