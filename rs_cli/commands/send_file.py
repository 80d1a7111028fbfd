"""`rs send-file [SESSION] PATH…`: send files and directories, or a pipe, to the customer's computer."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from rs_cli.command_line.options import REACH, Archive, AsJson, IfNewer, Limit, Overwrite, Quiet, Timeout
from rs_cli.doing.carrying import carry_out
from rs_cli.features.files import Files, Transfer
from rs_cli.terminal.accounts import account
from rs_cli.transfers import rates
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
    overwrite: Overwrite = False,
    if_newer: IfNewer = False,
    archive: Archive = False,
    into: Annotated[
        str, typer.Option("--into", metavar="FOLDER", help="Below the customer's folder for received files.")
    ] = "",
    name: Annotated[str, typer.Option("--name", help="What standard input is called there.")] = "",
    limit: Limit = "none",
    quiet: Quiet = False,
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
    rate = rates.parse(limit)

    def begin(files: Files) -> list[Transfer]:
        if paths == ["-"]:
            return [files.start_send_pipe(sys.stdin.fileno(), name, limit=rate, into=into, overwrite=overwrite)]
        how = {"into": into, "overwrite": overwrite, "if_newer": if_newer, "modes": archive, "links": archive}
        return [files.start_send(paths, limit=rate, **how)]

    session, report = carry_out(number, begin, timeout, quiet=quiet)
    return account(session, report, as_json, quiet)


def session_and_paths(what: list[str]) -> tuple[int | None, list[str]]:
    """The first word is a session's number if it looks like one and is not the only word naming a file that exists."""
    first, *rest = what
    if first.isascii() and first.isdigit() and (rest or not os.path.lexists(first)):
        return int(first), rest
    return None, what
