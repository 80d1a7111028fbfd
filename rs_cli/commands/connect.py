"""`rs connect [CODE]`: join the session of a customer who reads their code out.

The code is spent by the join, whatever becomes of it. Where it stands on the command line, `rs_cli.main` has
overwritten the process's title before this module was even imported; the prompt is still the better way.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer

from rs_cli import config, output, pairing
from rs_cli.book import Book, Entry
from rs_cli.options import AsJson
from rs_relay.link import codes
from rs_relay.text import printable

app = typer.Typer()


@app.command()
def connect(
    code: Annotated[
        str, typer.Argument(help="The code, in any grouping; without it you are asked.", show_default=False)
    ] = "",
    no_tui: Annotated[bool, typer.Option("--no-tui", help="Print the session's number and return.")] = False,
    as_json: AsJson = False,
) -> None:
    """Join a customer's session by the code they read to you."""
    entry = asyncio.run(_join(codes.parse(code or _ask())))
    show(entry, as_json, no_tui)


def show(entry: Entry, as_json: bool, no_tui: bool) -> None:
    """Tell of the new session, or open its workspace on a terminal."""
    if as_json:
        output.data({"session": entry.number, "customer": entry.customer, "relay": entry.relay})
    elif no_tui or not (output.is_terminal() and sys.stdin.isatty()):
        output.note(f"Session {entry.number} with {printable(entry.customer, 64) or 'the customer'} is open.")
        output.answer(str(entry.number))
    else:
        from rs_cli.tui.app import run_dashboard  # Textual, for a terminal alone

        run_dashboard(entry.number)


def _ask() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline()
    text: str = typer.prompt("Code", err=True)
    return text


async def _join(code: codes.Code) -> Entry:
    from rs_cli.session.dialled import Dialled

    relay = config.load().relay()
    paired = await Dialled(relay).join(code)
    return await pairing.keep(paired, relay.url, Book())
