"""`rs connect [CODE]`: join the session of a customer who reads their code out; `rs connect NAME`: come in at a device.

A code is spent by the join, whatever becomes of it. Where it stands on the command line, `rs_cli.main` has
overwritten the process's title before this module was even imported; the prompt is still the better way. An access
code is asked for or read from standard input, and never an argument: it is good for more than once.
"""

from __future__ import annotations

import asyncio
import re
import sys
from typing import Annotated

import typer

from rs_cli.command_line.options import AsJson
from rs_cli.joining import pairing
from rs_cli.state import config
from rs_cli.state.book import Book, Entry
from rs_cli.terminal import output
from rs_relay.errors import UsageError
from rs_relay.link import codes
from rs_relay.text import printable

app = typer.Typer()
_CODE_LIKE = re.compile(r"[\d\s.\-\u2010-\u2013]*")


@app.command()
def connect(
    code: Annotated[
        str,
        typer.Argument(
            metavar="[CODE|DEVICE]",
            help="The code, in any grouping; without it you are asked. Or one of your devices.",
            show_default=False,
        ),
    ] = "",
    access_code_stdin: Annotated[
        bool, typer.Option("--access-code-stdin", help="Read the device's access code from standard input.")
    ] = False,
    no_tui: Annotated[bool, typer.Option("--no-tui", help="Print the session's number and return.")] = False,
    as_json: AsJson = False,
) -> None:
    """Join a customer's session by the code they read to you, or one of your devices by its name."""
    if _CODE_LIKE.fullmatch(code) and not access_code_stdin:
        entry = asyncio.run(_join(codes.parse(code or _ask())))
    else:
        entry = asyncio.run(_visit(code, access_code_stdin))
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


def _ask_access_code(name: str, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().strip()
    if not sys.stdin.isatty():
        raise UsageError("The access code of a device is typed.", "Or add --access-code-stdin and pipe it.")
    text: str = typer.prompt(f"Access code of {name}", hide_input=True, err=True)
    return text


async def _join(code: codes.Code) -> Entry:
    from rs_cli.session.dialled import Dialled

    relay = config.load().relay()
    paired = await Dialled(relay).join(code)
    return await pairing.keep(paired, relay.url, Book())


async def _visit(wanted: str, from_stdin: bool) -> Entry:
    from rs_cli.joining.coming_in import come_in, pin_of
    from rs_cli.joining.picking import pick, place
    from rs_cli.session.dialled import Dialled

    relay = config.load().relay()
    dialled = Dialled(relay)
    device = pick(wanted, await dialled.devices())
    pin_of(device)  # before anybody types a code for it
    code = _ask_access_code(place(device), from_stdin)
    return await come_in(dialled, device, code, relay.url, Book())
