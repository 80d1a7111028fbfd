"""`rs login URL`: sign in to a relay with the token its operator gave out."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer

from rs_cli.command_line.options import AsJson
from rs_cli.state import config
from rs_cli.terminal import output
from rs_relay.errors import SignInNeeded, UsageError
from rs_relay.text import printable

app = typer.Typer()


@app.command()
def login(
    url: Annotated[str, typer.Argument(help="The relay's address, such as wss://relay.example.org.")],
    no_token: Annotated[bool, typer.Option("--no-token", help="For a relay on this computer run with --open.")] = False,
    as_json: AsJson = False,
) -> None:
    """Sign in to a relay. The token is asked for, or read from standard input; it is never an argument."""
    address = config.check_url(url)
    token = "" if no_token else _token()
    relay = config.Relay(address, token)
    welcome = asyncio.run(_welcome(relay))
    config.save(config.stored().with_relay(config.Relay(address, token, welcome)))
    if as_json:
        output.data({"relay": address, "name": welcome})
    else:
        who = f" as {printable(welcome, 64)}" if welcome else ""
        output.answer(f"Signed in to {address}{who}.")


def _token() -> str:
    if sys.stdin.isatty():
        token: str = typer.prompt("Token", hide_input=True, err=True)
    else:
        token = sys.stdin.readline()
    token = token.strip()
    if not token:
        raise SignInNeeded("No token was given.", "Ask the relay's operator: `rs-relay technician add NAME` makes one.")
    if not (token.isascii() and token.isprintable()) or " " in token or len(token) > 512:
        raise UsageError("That is not a token.", "Paste it whole, without anything around it.")
    return token


async def _welcome(relay: config.Relay) -> str:
    from rs_cli.session.dialled import Dialled

    return (await Dialled(relay).welcome()).name
