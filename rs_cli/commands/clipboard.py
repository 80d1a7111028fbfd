"""`rs clipboard get|set SESSION`: the customer's clipboard as a pipe."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer

from rs_cli import output
from rs_cli.features.clipboard import Clipboard
from rs_cli.options import REACH, AsJson, Number, Timeout
from rs_cli.reach import reach
from rs_relay.channels.clipboard import MAX_TEXT
from rs_relay.errors import TooLarge, UsageError
from rs_relay.text import printable

app = typer.Typer(no_args_is_help=True, help="Read or set the customer's clipboard.")


@app.command()
def get(session: Number, as_json: AsJson = False, timeout: Timeout = REACH) -> None:
    """Print the customer's clipboard. In a pipe it comes out as it is, without a line break added."""
    text = asyncio.run(_get(session, timeout))
    if as_json:
        output.data({"text": text})
    elif output.is_terminal():
        output.answer(printable(text, MAX_TEXT, lines=True))
    else:
        sys.stdout.buffer.write(text.encode())


@app.command("set")
def set_(
    session: Number,
    text: Annotated[str, typer.Argument(help="The text; `-` or nothing reads standard input.")] = "-",
    as_json: AsJson = False,
    timeout: Timeout = REACH,
) -> None:
    """Put a text on the customer's clipboard."""
    text = _stdin() if text == "-" else text
    asyncio.run(_put(session, text, timeout))
    if as_json:
        output.data({"bytes": len(text.encode())})


def _stdin() -> str:
    data = sys.stdin.buffer.read(MAX_TEXT + 1)
    if len(data) > MAX_TEXT:
        raise TooLarge(f"A clipboard takes at most {MAX_TEXT} bytes.", "Send it as a file: `rs send-file`.")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise UsageError("That is not text (UTF-8).", "Send it as a file: `rs send-file`.") from None


async def _get(number: int, timeout: float) -> str:
    clipboard = Clipboard()
    async with reach(number, timeout) as session:
        return await session.during(clipboard, clipboard.get())


async def _put(number: int, text: str, timeout: float) -> None:
    clipboard = Clipboard()
    async with reach(number, timeout) as session:
        await session.during(clipboard, clipboard.put(text))
