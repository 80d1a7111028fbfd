"""`rs login URL`: sign in to a relay with the token its operator gave out."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated
from urllib.parse import quote

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
    proxy: Annotated[
        str, typer.Option(metavar="URL", help="The proxy to it ([NAME@]HOST:PORT, socks5://…), `direct` or `system`.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Sign in to a relay. The token is asked for, or read from standard input; it is never an argument.

    A proxy is kept with the relay; its password, if it has a name, is asked for (or read, after the token). Without
    one the environment and this computer's own settings say which (`system` goes back to them)."""
    address = config.check_url(url)
    _check(proxy)
    token = "" if no_token else _token()
    known = config.stored().relays.get(address)
    way = {"": known.proxy if known else "", "system": ""}.get(proxy, proxy)
    if proxy and "@" in way:
        way = _with_password(way)
    welcome = asyncio.run(_welcome(config.Relay(address, token, "", way)))
    config.save(config.stored().with_relay(config.Relay(address, token, welcome, way)))
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


def _check(proxy: str) -> None:
    """Before anything is asked. A password on the command line can be read by others on this computer."""
    if ":" in proxy.rpartition("@")[0].partition("//")[2]:
        raise UsageError("A proxy's password must not be an argument.", "Write NAME@HOST:PORT: it is asked for.")
    if proxy and proxy != "system":
        from rs_relay.link.opening import check_proxy

        check_proxy(proxy)


def _with_password(proxy: str) -> str:
    if sys.stdin.isatty():
        password: str = typer.prompt("The proxy's password", hide_input=True, err=True)
    else:
        password = sys.stdin.readline().rstrip("\n")
    before, _, place = proxy.rpartition("@")
    return f"{before}:{quote(password, safe='')}@{place}"


async def _welcome(relay: config.Relay) -> str:
    from rs_cli.session.dialled import Dialled

    return (await Dialled(relay).welcome()).name
