"""`rs agent-service install|status|remove SESSION`: the customer's agent as a service of their computer."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from rs_cli.command_line.options import REACH, AsJson, Number, Timeout
from rs_cli.doing.reach import reach
from rs_cli.features.agent_service import AgentService
from rs_cli.terminal import output
from rs_relay.channels.agent_service import Install, Remove, Status, Told, Up

SUMMARY = "Make the customer's agent a service, which starts with their computer."
SAID = {
    "missing": "not there",
    "stopped": "there, and does not run",
    "running": "there, and runs",
    "impossible": "not possible on that computer",
}
User = Annotated[
    bool,
    typer.Option("--user", help="One with the customer's own rights: it needs no administrator, and their log-in."),
]

app = typer.Typer(no_args_is_help=True, help=SUMMARY)


@app.callback()
def group() -> None:
    """Make the customer's agent a service, which starts with their computer."""


@app.command()
def install(session: Number, user: User = False, as_json: AsJson = False, timeout: Timeout = REACH) -> None:
    """Make the customer's agent a service that waits for who was enrolled (`rs unattended enable`).

    The customer is asked, and their computer asks them for its administrator's password. This session stays where it
    is; `rs connect NAME` reaches the service, and a restart in such a session comes back before anybody logs in."""
    _tell(session, _do(session, Install(user), timeout), as_json)


@app.command()
def status(session: Number, as_json: AsJson = False, timeout: Timeout = REACH) -> None:
    """Tell whether the customer's agent is a service there."""
    _tell(session, _do(session, Status(), timeout), as_json)


@app.command()
def remove(session: Number, user: User = False, as_json: AsJson = False, timeout: Timeout = REACH) -> None:
    """Take the service away. With the computer's own goes what technicians come in by; the record of sessions stays."""
    _tell(session, _do(session, Remove(user), timeout), as_json)


def _tell(session: int, told: Told, as_json: bool) -> None:
    if as_json:
        output.data({"session": session, "system": told.system, "user": told.user})
        return
    output.answer(f"The computer's service: {SAID[told.system]}. The customer's own: {SAID[told.user]}.")


def _do(number: int, wish: Up, timeout: float) -> Told:
    return asyncio.run(_done(number, wish, timeout))


async def _done(number: int, wish: Up, timeout: float) -> Told:
    def asked() -> None:
        output.progress("Their computer asks the customer for its administrator's password. Waiting …")

    feature = AgentService(wish, asked=asked)
    async with reach(number, timeout) as session:
        return await session.during(feature, feature.told())
