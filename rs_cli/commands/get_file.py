"""`rs get-file [SESSION] REMOTE [LOCAL]`: fetch a file or directory of the customer's, also into a pipe."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer

from rs_cli import output
from rs_cli.accounts import account
from rs_cli.bars import bars
from rs_cli.features.files import Files, Report
from rs_cli.options import REACH, AsJson, Timeout
from rs_cli.reach import reach, step_back
from rs_relay.errors import UsageError

app = typer.Typer()


@app.command()
def get_file(
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="[SESSION] REMOTE [LOCAL]",
            help="The session's number (not needed if there is only one), the path there (below the customer's home), "
            "and where to put it: a folder, a file's name, or `-` for standard output. Without it: here.",
        ),
    ],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files of the same name; else they get a numbered name.")
    ] = False,
    as_json: AsJson = False,
    timeout: Timeout = REACH,
) -> int:
    """Fetch a file or directory. What was interrupted goes on where it stopped, also when fetched again later."""
    number, remote, local = _read(what)
    if local == "-" and as_json:
        raise UsageError("The file and JSON cannot both go to standard output.", "Name a file instead of `-`.")
    if local == "-" and output.is_terminal():
        raise UsageError("A file is not written to a terminal.", "Pipe it into a program, or name a file.")
    step_back()
    session, report = asyncio.run(_get(number, remote, local, overwrite, timeout))
    if local == "-":
        report.check()
        return 0
    return account(session, report, as_json)


def _read(what: list[str]) -> tuple[int | None, str, str]:
    first, *rest = what
    number = int(first) if first.isascii() and first.isdigit() and rest else None
    words = what if number is None else rest
    if not 1 <= len(words) <= 2:
        raise UsageError("One path there and at most one place here can be named.", "`rs get-file --help` explains.")
    return number, words[0], words[1] if len(words) == 2 else "."


async def _get(number: int | None, remote: str, local: str, overwrite: bool, timeout: float) -> tuple[int, Report]:
    with bars() as moved:
        files = Files(moved)
        async with reach(number, timeout) as session:
            if local == "-":
                work = files.get_pipe(remote, sys.stdout.fileno())
            else:
                work = files.get(remote, local, overwrite=overwrite)
            report = await session.during(files, work)
            return session.entry.number, report
