"""`rs watch [SESSION]`: what happens, line by line: for a person, or with --json for a program."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated

import msgspec
import typer

from rs_cli.command_line.answers import (
    WatchChat,
    WatchConnection,
    WatchEnded,
    WatchEvent,
    WatchJoined,
    WatchLeft,
    WatchPermissions,
    WatchTransfer,
)
from rs_cli.command_line.options import AsJson
from rs_cli.doing.watching import Watch
from rs_cli.terminal import output
from rs_relay.errors import RsError
from rs_relay.text import printable
from rs_relay.transfer.part import amount

app = typer.Typer()
NAME, TEXT = 30, 500  # cells
LOOK = 0.5  # seconds between two looks whether somebody still reads


@app.command()
def watch(
    session: Annotated[
        int | None, typer.Argument(metavar="[SESSION]", help="The session's number; without it, all of them.")
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(
            "--timeout", metavar="SECONDS", min=0.1, help="How long to try to reach it; without it, for ever."
        ),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Follow what happens in a session: the connection, what the customer allows, the chat, the files that
    any of your `rs` programs moved, the end.

    Ends when the session has ended, with the status of that (7), or of what went wrong; of several, with the last."""
    return asyncio.run(_watch(Watch(session, timeout), as_json))


async def _watch(watching: Watch, as_json: bool) -> int:
    telling = asyncio.create_task(_tell(watching, as_json))
    while not telling.done():
        await asyncio.wait((telling,), timeout=LOOK)
        if not telling.done() and output.unread():  # `rs watch | grep -m 1`: nothing may come that would tell us so
            telling.cancel()
            await asyncio.wait((telling,))
            raise BrokenPipeError
    return telling.result()


async def _tell(watching: Watch, as_json: bool) -> int:
    async for event in watching.events():
        if as_json:
            output.data(msgspec.to_builtins(event))
        else:
            output.answer(_as_text(event))
    ends: list[RsError] = list(watching.ends.values())
    return ends[-1].exit_status if ends else 0


def _as_text(event: WatchEvent) -> str:
    at = datetime.fromtimestamp(event.at).strftime("%H:%M:%S")
    return f"{at} [{event.session}] {_words(event)}"


def _words(event: WatchEvent) -> str:
    match event:
        case WatchConnection(state="lost"):
            return f"connection lost: {printable(event.why, TEXT)}"
        case WatchConnection():
            return "connected" if event.state == "open" else "connecting"
        case WatchPermissions():
            granted = [name for name, grant in event.permissions.items() if grant == "granted"]
            asking = [name for name, grant in event.permissions.items() if grant == "asking"]
            words = f"allowed: {', '.join(granted) or 'nothing'}"
            return words + (f"; the customer is asked for: {', '.join(asking)}" if asking else "")
        case WatchJoined() | WatchLeft():
            came = isinstance(event, WatchJoined)
            return f"{printable(event.name, NAME)} {'is in the session' if came else 'has left the session'}"
        case WatchChat():
            return f"{printable(event.name, NAME) or event.who}: {printable(event.text, TEXT)}"
        case WatchTransfer():
            return _moved(event)
        case WatchEnded():
            return f"ended: {printable(event.why, TEXT)}"


def _moved(event: WatchTransfer) -> str:
    done = "sent" if event.direction == "send" else "fetched"
    name = printable(event.label, NAME)
    many = f"{event.files} files, " if event.files > 1 else ""
    size = f"{many}{amount(event.bytes)}"
    if event.state == "done":
        left = f"; {event.skipped} skipped" if event.skipped else ""
        return f"{done}: {name} ({size}){left}"
    why = f": {printable(event.why, TEXT)}" if event.why else ""
    if event.failed:
        return f"not all {done}: {name} ({size}; {event.failed} failed){why}"
    return f"not {done}: {name} ({event.state} after {size}){why}"
