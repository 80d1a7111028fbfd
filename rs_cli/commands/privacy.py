"""`rs privacy SESSION`: the customer's screen made dark, their keyboard and mouse held, until Ctrl-C."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from rs_cli.command_line.options import REACH, Number, Timeout
from rs_cli.doing.reach import reach
from rs_cli.features.privacy import Privacy
from rs_cli.terminal import output
from rs_relay.channels.privacy import Part, State
from rs_relay.errors import LocalProblem, UsageError
from rs_relay.text import printable

app = typer.Typer()
SAID = {Part.BLANK: "The customer's screen is dark.", Part.BLOCK: "The customer's keyboard and mouse are held."}
GRACE = 3.0  # seconds: a key that the customer still holds down is in the way only for a moment
REASON = 160  # characters of why the customer's computer cannot


@app.command()
def privacy(
    session: Number,
    blank: Annotated[bool, typer.Option("--blank", help="Make the customer's screen dark.")] = False,
    block: Annotated[bool, typer.Option("--block", help="Hold the customer's keyboard and mouse.")] = False,
    timeout: Timeout = REACH,
) -> None:
    """Blank the customer's screen or block their keyboard and mouse, until Ctrl-C.

    They are asked first, and can end it at any time by pressing Escape three times."""
    asyncio.run(_keep(session, _parts(blank, block), timeout))


def _parts(blank: bool, block: bool) -> frozenset[Part]:
    parts = frozenset(part for part, on in ((Part.BLANK, blank), (Part.BLOCK, block)) if on)
    if not parts:
        raise UsageError("Say what is to be done: --blank, --block or both.")
    return parts


async def _keep(number: int, parts: frozenset[Part], timeout: float) -> None:
    failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    shown: set[Part] = set()

    def told(state: State) -> None:
        for part in state.in_force:
            if part not in shown:
                output.note(f"{SAID[part]} Ctrl-C ends it.")
        shown.clear()
        shown.update(state.in_force)
        for why in state.cannot.values():
            output.note(printable(why, REASON))
        if parts <= set(state.cannot):
            asyncio.get_running_loop().call_later(GRACE, look)

    def look() -> None:
        if parts <= set(feature.state.cannot) and not failed.done():
            failed.set_exception(LocalProblem("Nothing of that can be done at the customer's computer."))

    feature = Privacy(told)
    await feature.keep(parts)
    async with reach(number, timeout) as session:
        await session.during(feature, _over(failed))


async def _over(failed: asyncio.Future[None]) -> None:
    await failed
