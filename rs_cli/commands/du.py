"""`rs du 3:Pictures`: what takes the room."""

from __future__ import annotations

from typing import Annotated

import typer

from rs_cli.command_line.options import HOME, REACH, AsJson, Paths, Timeout
from rs_cli.doing.there import There, carry_out
from rs_cli.terminal import listing, output
from rs_relay.channels.folders import Kind

app = typer.Typer()


@app.command()
def du(
    what: Paths = HOME,
    human: Annotated[bool, typer.Option("--human", "-h", help="Sizes as 3.4K, 120M.")] = False,
    summarize: Annotated[bool, typer.Option("--summarize", "-s", help="Only the sum.")] = False,
    as_json: AsJson = False,
    timeout: Timeout = REACH,
) -> int:
    """Tell what each thing in a folder of the customer's takes on the disk, largest last, and the sum."""

    def size(number: int) -> str:
        return listing.human(number) if human else str(-(-number // 1024))

    async def measure(there: There) -> None:
        answer = await there.folders.measure(there.path, lambda count: output.progress(f"{count} measured …"))
        things = sorted(answer.things, key=lambda thing: thing.entry.size)
        if as_json:
            entries = [{"name": t.name, "kind": str(t.entry.kind), "size": t.entry.size} for t in things]
            whole = {"session": there.session, "path": answer.path, "size": answer.ended.size}
            output.data({**whole, "count": answer.ended.count, "entries": [] if summarize else entries})
            return
        shown = [] if summarize else [(t.entry.size, _named(t.name, t.entry.kind)) for t in things]
        for bytes_, name in [*shown, (answer.ended.size, there.path or "~")]:
            column = f"{size(bytes_):>8}  " if output.is_terminal() else f"{size(bytes_)}\t"
            listing.emit(column + listing.shown(name))

    return carry_out(what or [":"], "du", timeout, measure, as_json)


def _named(name: str, kind: Kind) -> str:
    return f"{name}/" if kind is Kind.FOLDER else name
