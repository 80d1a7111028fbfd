"""`rs logs SESSION`: the log of the customer's system, read and followed."""

from __future__ import annotations

import asyncio
import re
import time
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Annotated

import typer

from rs_cli.command_line.options import REACH, AsJson, Number, Timeout
from rs_cli.doing.reach import reach
from rs_cli.features.logs import Logs
from rs_cli.terminal import machine, output
from rs_cli.terminal.listing import emit
from rs_cli.terminal.machine import PRIORITIES
from rs_relay.channels.logs import MAX_LINES, MAX_UNIT, TEXT, Entry, Read
from rs_relay.errors import UsageError
from rs_relay.text import printable

app = typer.Typer()
UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}
BOLD_RED, RED, YELLOW, PLAIN = "\x1b[1;31m", "\x1b[31m", "\x1b[33m", "\x1b[0m"
COLOURS = {0: BOLD_RED, 1: BOLD_RED, 2: BOLD_RED, 3: RED, 4: YELLOW}


@app.command()
def logs(
    session: Number,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as it grows, until Ctrl-C.")] = False,
    lines: Annotated[
        int | None, typer.Option("--lines", "-n", min=0, max=MAX_LINES, help="The last so many; 100, or 10 with -f.")
    ] = None,
    since: Annotated[
        str, typer.Option("--since", help="10m, 2h, 3d; today, yesterday; 2026-11-28 or 2026-11-28T10:00.")
    ] = "",
    unit: Annotated[str, typer.Option("--unit", "-u", help="Of this service, or program.")] = "",
    priority: Annotated[
        str, typer.Option("--priority", "-p", help=f"Up to this one: {', '.join(PRIORITIES)}, or 0 to 7.")
    ] = "debug",
    as_json: AsJson = False,
    timeout: Timeout = REACH,
) -> None:
    """Print the log of the customer's system: systemd's journal, or the file that syslog writes."""
    if len(unit) > MAX_UNIT:
        raise UsageError("That is not the name of a service.")
    at = moment(since, time.time()) if since else 0.0
    many = lines if lines is not None else MAX_LINES if since else 10 if follow else 100
    asyncio.run(_print(session, Read(0, many, at, unit, level(priority), follow), as_json, timeout))


def moment(text: str, now: float) -> float:
    """Seconds since the epoch, local time. Raises UsageError."""
    if found := re.fullmatch(r"(\d{1,6}) ?(s|m|min|h|d|w)( ago)?", text.strip().lower()):
        return max(now - int(found[1]) * UNITS[found[2]], 0.0)
    today = datetime.fromtimestamp(now).replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        match text.strip().lower():
            case "today":
                at = today
            case "yesterday":
                at = today - timedelta(days=1)
            case _:
                at = datetime.fromisoformat(text.strip())
        return max(at.timestamp(), 0.0)
    except (ValueError, OverflowError, OSError):
        raise UsageError("That is no time.", "10m, 2h, 3d; today, yesterday; 2026-11-28 or 2026-11-28T10:00") from None


def level(text: str) -> int:
    """Raises UsageError."""
    word = {"error": "err", "warn": "warning", "panic": "emerg"}.get(text.lower(), text.lower())
    if word in PRIORITIES:
        return PRIORITIES.index(word)
    if word in {str(number) for number in range(8)}:
        return int(word)
    raise UsageError("There is no such priority.", f"{', '.join(PRIORITIES)}, or 0 to 7")


async def _print(number: int, wanted: Read, as_json: bool, timeout: float) -> None:
    reading = Logs(wanted)

    async def tell() -> None:
        async with aclosing(reading.entries()) as entries:
            async for entry in entries:
                if as_json:
                    output.data(machine.plain(entry))
                else:
                    _tell(entry)

    async with reach(number, timeout) as session:
        await session.during(reading, tell())


def _tell(entry: Entry) -> None:
    """A terminal gets text that it only shows; a pipe gets what was written."""
    line = machine.log_line(entry)
    if not output.is_terminal():
        emit(line)
        return
    shown = printable(line, TEXT + 400)
    colour = COLOURS.get(entry.priority, "")
    output.answer(f"{colour}{shown}{PLAIN}" if colour and output.colour() else shown)
