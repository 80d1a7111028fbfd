"""`rs shell SESSION`: a shell on the customer's computer, in this terminal."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated, Any

import typer

from rs_cli.command_line.options import REACH, AsJson, Number, Timeout
from rs_cli.doing.reach import reach
from rs_cli.terminal import output
from rs_relay.channels.shell import About
from rs_relay.errors import UsageError
from rs_relay.text import printable

app = typer.Typer()


@app.command()
def shell(
    session: Number,
    new: Annotated[bool, typer.Option("--new", help="A new one, whatever there is.")] = False,
    attach: Annotated[
        int, typer.Option("--attach", metavar="N", min=0, help="That one, whoever looks into it now.")
    ] = 0,
    list_: Annotated[bool, typer.Option("--list", help="Only list the shells that are open.")] = False,
    as_json: AsJson = False,
    timeout: Timeout = REACH,
) -> int:
    """Open a shell on the customer's computer, or go on with the one you left.

    At the start of a line, ~d leaves (the shell goes on), ~. ends the shell, ~? helps. It ends with the session.
    """
    if list_:
        _show(asyncio.run(_known(session, timeout)), as_json)
        return 0
    if as_json:
        raise UsageError("--json goes with --list.", f"`rs exec {session} --json -- COMMAND…` runs one command.")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("A shell needs a terminal.", f"`rs exec {session} -- COMMAND…` works in a pipe.")
    status, said = asyncio.run(_look(session, attach, new, timeout))
    if said:
        output.complain(f"rs: {said}")
    return status


async def _look(number: int, attach: int, new: bool, timeout: float) -> tuple[int, str]:
    from rs_cli.doing.looking import look

    async with reach(number, timeout) as session:
        return await look(session, attach, new)


async def _known(number: int, timeout: float) -> tuple[About, ...]:
    from rs_cli.features.shell import ShellList

    asking = ShellList()
    async with reach(number, timeout) as session:
        return await session.during(asking, asking.known())


def _show(shells: tuple[About, ...], as_json: bool) -> None:
    if as_json:
        output.data([_as_data(shell) for shell in shells])
        return
    if not shells:
        output.note("No shell is open there.")
        return
    output.table(("#", "runs", "since", "state"), (_as_row(shell) for shell in shells))


def _as_row(shell: About) -> dict[str, str]:
    from datetime import datetime

    since = datetime.fromtimestamp(shell.began).strftime("%H:%M")
    state = "attached" if shell.attached else "detached"
    return {"#": str(shell.number), "runs": printable(shell.program, 32), "since": since, "state": state}


def _as_data(shell: About) -> dict[str, Any]:
    return {"shell": shell.number, "runs": shell.program, "began": shell.began, "attached": shell.attached}
