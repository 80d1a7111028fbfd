"""`rs send-file [SESSION] PATH…`: send files and directories, or a pipe, to the customer's computer."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Annotated

import typer

from rs_cli.accounts import account
from rs_cli.bars import bars
from rs_cli.features.files import Files, Report
from rs_cli.options import REACH, AsJson, Timeout
from rs_cli.reach import reach, step_back
from rs_relay.errors import UsageError

app = typer.Typer()


@app.command()
def send_file(
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="[SESSION] PATH...",
            help="The session's number (not needed if there is only one), then files and directories; `-` is "
            "standard input.",
        ),
    ],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files of the same name; else they get a numbered name.")
    ] = False,
    into: Annotated[
        str, typer.Option("--into", metavar="FOLDER", help="Below the customer's folder for received files.")
    ] = "",
    name: Annotated[str, typer.Option("--name", help="What standard input is called there.")] = "",
    as_json: AsJson = False,
    timeout: Timeout = REACH,
) -> int:
    """Send files or directories. What was interrupted goes on where it stopped, also when sent again later."""
    number, paths = session_and_paths(what)
    if not paths:
        raise UsageError("Nothing to send was named.", "`rs send-file SESSION PATH…`")
    if "-" in paths and (len(paths) > 1 or not name):
        raise UsageError("Standard input is sent alone, and needs a name.", "`rs send-file SESSION - --name NAME`")
    if paths != ["-"] and name:
        raise UsageError("--name is for standard input only.")
    for path in paths:
        if path != "-" and not os.path.lexists(path):
            raise UsageError("There is no such file here.", f"Look at the path: {path}")
    step_back()
    session, report = asyncio.run(_send(number, paths, name, overwrite, into, timeout))
    return account(session, report, as_json)


def session_and_paths(what: list[str]) -> tuple[int | None, list[str]]:
    """The first word is a session's number if it looks like one and is not the only word naming a file that exists."""
    first, *rest = what
    if first.isascii() and first.isdigit() and (rest or not os.path.lexists(first)):
        return int(first), rest
    return None, what


async def _send(
    number: int | None, paths: list[str], name: str, overwrite: bool, into: str, timeout: float
) -> tuple[int, Report]:
    with bars() as moved:
        files = Files(moved)
        async with reach(number, timeout) as session:
            if paths == ["-"]:
                work = files.send_pipe(sys.stdin.fileno(), name, overwrite=overwrite, into=into)
            else:
                work = files.send(paths, overwrite=overwrite, into=into)
            report = await session.during(files, work)
            return session.entry.number, report
