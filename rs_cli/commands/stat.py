"""`rs stat 3:report.pdf`: what is known of one thing of the customer's."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from rs_cli.command_line.options import REACH, AsJson, SomePaths, Timeout
from rs_cli.doing.there import There, carry_out, expanded
from rs_cli.terminal import listing, output
from rs_relay.channels.folders import Kind
from rs_relay.text import printable

app = typer.Typer()
KINDS = {Kind.FILE: "file", Kind.FOLDER: "folder", Kind.LINK: "link", Kind.OTHER: "neither file nor folder"}


@app.command()
def stat(
    what: SomePaths,
    follow: Annotated[bool, typer.Option("--dereference", "-L", help="What a link leads to, not the link.")] = False,
    as_json: AsJson = False,
    timeout: Timeout = REACH,
) -> int:
    """Tell kind, size, time and owner of files and folders of the customer's."""

    async def tell(there: There) -> None:
        for path in await expanded(there):
            thing = await there.folders.stat(path, follow=follow)
            if as_json:
                output.data({"session": there.session, **listing.as_data(thing)})
                continue
            entry = thing.entry
            target = f" -> {listing.shown(thing.target)}" if entry.kind is Kind.LINK else ""
            owner = f"{printable(entry.owner, 32)}:{printable(entry.group, 32)}".strip(":")
            listing.emit(f"    Path: {listing.shown(thing.name)}{target}")
            listing.emit(f"    Kind: {KINDS[entry.kind]}")
            listing.emit(f"    Size: {entry.size} ({listing.human(entry.size)})")
            listing.emit(f"Modified: {_when(entry.mtime)}")
            listing.emit(f"    Mode: {listing.mode(thing)} ({entry.mode & 0o7777:04o}) {owner}".rstrip())

    return carry_out(what, "stat", timeout, tell, as_json)


def _when(at: float) -> str:
    try:
        return datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M:%S %z")
    except (OverflowError, ValueError, OSError):
        return "?"
