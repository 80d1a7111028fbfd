"""`rs get-file [SESSION] REMOTE… [LOCAL]`: fetch files and directories of the customer's, also into a pipe."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from rs_cli.command_line.options import REACH, Archive, AsJson, IfNewer, Limit, Overwrite, Quiet, Timeout
from rs_cli.doing.carrying import carry_out
from rs_cli.features.files import Files, Transfer
from rs_cli.terminal import output
from rs_cli.terminal.accounts import account
from rs_cli.transfers import rates
from rs_relay.errors import UsageError

app = typer.Typer()


@app.command()
def get_file(
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="[SESSION] REMOTE... [LOCAL]",
            help="The session's number (not needed if there is only one), the paths there (below the customer's home; "
            "quoted, * ? [ ] and ** stand for several), and where to put them: a folder, a file's name, or `-` for "
            "standard output. Without it: here.",
        ),
    ],
    overwrite: Overwrite = False,
    if_newer: IfNewer = False,
    archive: Archive = False,
    into: Annotated[
        str,
        typer.Option("--into", metavar="FOLDER", help="Put them into this folder here; all words name remote paths."),
    ] = "",
    limit: Limit = "none",
    quiet: Quiet = False,
    as_json: AsJson = False,
    timeout: Timeout = REACH,
) -> int:
    """Fetch files or directories. What was interrupted goes on where it stopped, also when fetched again later."""
    number, remotes, local = _read(what, into)
    check_pipe(remotes, local, as_json)
    rate = rates.parse(limit)

    def begin(files: Files) -> list[Transfer]:
        if local == "-":
            return [files.start_get_pipe(remotes[0], sys.stdout.fileno(), limit=rate)]
        how = {"overwrite": overwrite, "if_newer": if_newer, "modes": archive, "links": archive}
        return [files.start_get(remote, local, limit=rate, **how) for remote in remotes]

    session, report = carry_out(number, begin, timeout, quiet=quiet or local == "-")
    if local == "-":
        report.check()
        return 0
    return account(session, report, as_json, quiet)


def check_pipe(remotes: list[str], local: str, as_json: bool) -> None:
    """Raises UsageError where `local` is standard output and that cannot be meant."""
    if local != "-":
        return
    if len(remotes) > 1:
        raise UsageError("Only one file goes to standard output.")
    if as_json:
        raise UsageError("The file and JSON cannot both go to standard output.", "Name a file instead of `-`.")
    if output.is_terminal():
        raise UsageError("A file is not written to a terminal.", "Pipe it into a program, or name a file.")


def _read(what: list[str], into: str) -> tuple[int | None, list[str], str]:
    first, *rest = what
    number = int(first) if first.isascii() and first.isdigit() and rest else None
    words = what if number is None else rest
    if into:
        if not os.path.isdir(into):
            raise UsageError("There is no such folder here.", f"Make it first: {into}")
        return number, words, into
    if len(words) == 1:
        return number, words, "."
    *remotes, local = words
    if len(remotes) > 1 and not os.path.isdir(local):
        if local == "-":
            return number, remotes, local
        raise UsageError("Several things need a folder here to go into.", "Name it last: `rs get-file 3 a b FOLDER`")
    if local.endswith(("/", os.sep)) and not os.path.isdir(local):
        raise UsageError("There is no such folder here.", f"Make it first: {local}")
    return number, remotes, local
