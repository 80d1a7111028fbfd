"""`rs mv 3:a 3:b`: another name or place for things of the customer's, within one session."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from rs_cli.command_line.options import REACH, AsJson, SomePaths, Timeout
from rs_cli.doing.there import There, Trouble, each, expanded, paths
from rs_cli.state.book import Book
from rs_cli.terminal import listing, output
from rs_relay.channels.folders import Kind
from rs_relay.errors import NoSuchSession, UsageError

app = typer.Typer()


@app.command()
def mv(
    what: SomePaths,
    overwrite: Annotated[bool, typer.Option("--overwrite", "-f", help="Replace what has that name.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say what was moved.")] = False,
    as_json: AsJson = False,
    timeout: Timeout = REACH,
) -> int:
    """Rename or move files and folders of the customer's. The last path is where to; nothing is overwritten unasked."""
    remotes = paths(what, "mv")
    if len(remotes) < 2:
        raise UsageError("Say what and where to.", "`rs mv 3:a.txt 3:Documents`")
    *sources, to = remotes
    book = Book()
    if {remote.pick(book).number for remote in sources} != {to.pick(book).number}:
        raise UsageError("Things are moved within one session.", "`rs get-file` and `rs send-file` go between them.")
    trouble = Trouble(as_json)

    async def move(there: There) -> None:
        found = await expanded(there)
        if len(found) > 1 or len(sources) > 1:
            await _need_folder(there, to.path)
        for path in found:
            now = await there.folders.move(path, to.path, overwrite=overwrite)
            if as_json:
                output.data({"session": there.session, "path": now, "was": path, "done": "moved"})
            elif verbose:
                listing.emit(f"{listing.shown(path)} -> {listing.shown(now)}")

    asyncio.run(each(sources, timeout, move, trouble))
    return trouble.status


async def _need_folder(there: There, path: str) -> None:
    """Several things cannot have one name."""
    try:
        thing = await there.folders.stat(path, follow=True)
    except NoSuchSession:
        thing = None
    if thing is None or thing.entry.kind is not Kind.FOLDER:
        raise UsageError("Several things can only be moved into a folder.", "`rs mkdir` makes one.")
