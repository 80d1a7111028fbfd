"""`rs df 3:`: how much room there is on a disk of the customer's."""

from __future__ import annotations

from typing import Annotated

import typer

from rs_cli.command_line.options import HOME, REACH, AsJson, Paths, Timeout
from rs_cli.doing.there import There, carry_out
from rs_cli.terminal import listing, output
from rs_relay.channels.folders import text

app = typer.Typer()


@app.command()
def df(
    what: Paths = HOME,
    human: Annotated[bool, typer.Option("--human", "-h", help="Sizes as 3.4K, 120M.")] = False,
    as_json: AsJson = False,
    timeout: Timeout = REACH,
) -> int:
    """Tell size, use and free room of the file system that a path of the customer's is on."""
    rows: list[dict[str, str]] = []

    async def space(there: There) -> None:
        ended = await there.folders.space(there.path)
        used = max(ended.size - ended.free, 0)
        path = text(ended.path)
        if as_json:
            output.data({"session": there.session, "path": path, "size": ended.size, "free": ended.free})
            return
        numbers = [listing.human(n) if human else str(n // 1024) for n in (ended.size, used, ended.free)]
        share = f"{-(-100 * used // ended.size)}%" if ended.size else "-"
        unit = "Size" if human else "1K-blocks"
        cells = [*numbers, share, listing.shown(path)]
        rows.append(dict(zip([unit, "Used", "Available", "Use%", "Path"], cells, strict=True)))

    status = carry_out(what or [":"], "df", timeout, space, as_json)
    if rows:
        output.table(rows[0].keys(), rows)
    return status
