"""`rs forward SESSION [bind:]port:host:hostport …`: connections through the customer's computer, and from it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Annotated, Any

import typer

from rs_cli.command_line.options import REACH, AsJson, Number, Timeout
from rs_cli.doing.reach import reach
from rs_cli.features.tunnel import Ready, Trouble, Tunnel
from rs_cli.terminal import output
from rs_cli.tunnel.forwarding import Rule, Way, local, reverse, socks
from rs_relay.channels.tunnel import LISTENERS
from rs_relay.errors import UsageError
from rs_relay.text import printable

app = typer.Typer()


@app.command()
def forward(
    session: Number,
    forwards: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[[BIND:]PORT:HOST:HOSTPORT]...",
            help="PORT here leads to HOST:HOSTPORT as the customer's computer reaches it; 0 is any free port.",
        ),
    ] = None,
    locals_: Annotated[
        list[str] | None, typer.Option("-L", "--local", metavar="[BIND:]PORT:HOST:HOSTPORT", help="The same.")
    ] = None,
    reverses: Annotated[
        list[str] | None,
        typer.Option(
            "-R",
            "--reverse",
            metavar="PORT:HOST:HOSTPORT",
            help="PORT of the customer's loopback leads to HOST:HOSTPORT as this computer reaches it.",
        ),
    ] = None,
    dynamics: Annotated[
        list[str] | None,
        typer.Option(
            "-D", "--socks", metavar="[BIND:]PORT", help="A SOCKS proxy here; names are resolved at the customer's."
        ),
    ] = None,
    as_json: AsJson = False,
    timeout: Timeout = REACH,
) -> None:
    """Lead connections through the customer's computer, until Ctrl-C. All options may be given several times."""
    rules = [local(text) for text in [*(forwards or ()), *(locals_ or ())]]
    rules += [reverse(text) for text in reverses or ()]
    rules += [socks(text) for text in dynamics or ()]
    if not rules:
        raise UsageError("Nothing to forward was named.", f"`rs forward {session} 8080:localhost:80`")
    if len(rules) > LISTENERS:
        raise UsageError(f"One command forwards at most {LISTENERS} ports.")
    for rule in rules:
        if rule.open_to_others:
            output.complain(f"Warning: other computers can connect to {rule.here} and reach what the customer's does.")
    asyncio.run(_forward(session, tuple(rules), as_json, timeout))


async def _forward(number: int, rules: tuple[Rule, ...], as_json: bool, timeout: float) -> None:
    tunnel = Tunnel(rules, _Teller(len(rules), as_json).tell)
    async with reach(number, timeout) as session:
        await session.during(tunnel, tunnel.serve())


class _Teller:
    def __init__(self, rules: int, as_json: bool) -> None:
        self._waiting, self._json = rules, as_json

    def tell(self, said: Ready | Trouble) -> None:
        if isinstance(said, Trouble):
            with suppress(BrokenPipeError):
                output.note(f"{printable(str(said.place), 80)}: {printable(said.text)}")
            return
        self._waiting -= 1
        if self._json:
            output.data(_as_data(said))
        else:
            output.answer(_as_text(said))
        if self._waiting == 0:
            output.progress("Ready. Ctrl-C ends it.")


def _as_text(ready: Ready) -> str:
    at, there = printable(str(ready.at)), printable(str(ready.rule.there))
    match ready.rule.way:
        case Way.LOCAL:
            return f"{at} → {there} (as the customer's computer reaches it)"
        case Way.REVERSE:
            return f"{at} at the customer's → {there} (as this computer reaches it)"
        case Way.SOCKS:
            return f"{at} → anywhere that the customer's computer reaches (SOCKS 4, 4a, 5)"


def _as_data(ready: Ready) -> dict[str, Any]:
    to = {"host": ready.rule.there.host, "port": ready.rule.there.port, "path": ready.rule.there.path}
    at = {"host": ready.at.host, "port": ready.at.port, "path": ready.at.path}
    return {"ready": str(ready.rule.way), "at": at, "to": None if ready.rule.way is Way.SOCKS else to}
