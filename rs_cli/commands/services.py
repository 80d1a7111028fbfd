"""`rs services SESSION [ACTION] [NAME]`: the customer's services, seen and switched."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from rs_cli.command_line.options import REACH, AsJson, Number, Timeout
from rs_cli.doing.reach import reach
from rs_cli.features.manage import Manage
from rs_cli.features.sysinfo import Sysinfo
from rs_cli.terminal import machine, output
from rs_relay.channels.manage import Action
from rs_relay.channels.sysinfo import Service
from rs_relay.errors import UsageError
from rs_relay.text import printable

app = typer.Typer()
ACTIONS = {str(action): action for action in Action}


@app.command()
def services(
    session: Number,
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME | ACTION NAME]", help=f"ACTION is one of {', '.join(ACTIONS)}."),
    ] = None,
    state: Annotated[str, typer.Option("--state", help="Only those: active, inactive, failed …")] = "",
    user: Annotated[bool, typer.Option("--user", help="The user's own, not the system's.")] = False,
    as_json: AsJson = False,
    timeout: Timeout = REACH,
) -> None:
    """List the services, tell the state of one, or switch one, with the rights that the agent has."""
    match words or []:
        case []:
            _tell(session, asyncio.run(_list(session, "", timeout)), state, user, as_json)
        case [name] if name not in ACTIONS:
            _tell(session, asyncio.run(_list(session, name, timeout)), state, user, as_json)
        case [action, name] if action in ACTIONS:
            now = asyncio.run(_switch(session, name, ACTIONS[action], user, timeout))
            if as_json:
                output.data({"session": session, "service": name, "action": action, "state": now})
            else:
                output.answer(f"{printable(name, 60)}: {action}" + (f", now {printable(now, 20)}" if now else ""))
        case _:
            raise UsageError("Which service?", f"`rs services {session} {{{'|'.join(ACTIONS)}}} NAME`")


def _tell(session: int, found: list[Service], state: str, user: bool, as_json: bool) -> None:
    shown = [s for s in found if (not state or s.state == state) and (not user or s.scope == "user")]
    if as_json:
        output.data({"session": session, "services": [machine.plain(service) for service in shown]})
        return
    output.table(*machine.service_rows(shown, machine.width()))
    if not shown:
        output.note("There is none.")


async def _list(number: int, name: str, timeout: float) -> list[Service]:
    sysinfo = Sysinfo()
    async with reach(number, timeout) as session:
        return await session.during(sysinfo, sysinfo.services(name))


async def _switch(number: int, name: str, action: Action, user: bool, timeout: float) -> str:
    manage = Manage()
    async with reach(number, timeout) as session:
        return await session.during(manage, manage.switch(name, action, user))
