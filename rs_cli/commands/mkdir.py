"""`rs mkdir 3:Documents/new`: a folder at the customer's."""

from __future__ import annotations

from typing import Annotated

import typer

from rs_cli.command_line.options import REACH, AsJson, SomePaths, Timeout
from rs_cli.doing.there import There, carry_out
from rs_cli.terminal import listing, output

app = typer.Typer()


@app.command()
def mkdir(
    what: SomePaths,
    parents: Annotated[
        bool, typer.Option("--parents", "-p", help="Also the folders on the way; it may be there already.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say what was made.")] = False,
    as_json: AsJson = False,
    timeout: Timeout = REACH,
) -> int:
    """Make folders on the customer's computer."""

    async def make(there: There) -> None:
        path = await there.folders.make(there.path, parents=parents)
        if as_json:
            output.data({"session": there.session, "path": path, "done": "made"})
        elif verbose:
            listing.emit(f"made {listing.shown(path)}")

    return carry_out(what, "mkdir", timeout, make, as_json)
