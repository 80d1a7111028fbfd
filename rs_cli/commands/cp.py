"""`rs cp SOURCE… TARGET`: copy between this computer and a customer's, `3:path` being a path there."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import Annotated

import typer

from rs_cli.command_line.options import REACH, Archive, AsJson, IfNewer, Limit, Overwrite, Quiet, Timeout
from rs_cli.command_line.remote import Remote, parse
from rs_cli.commands.get_file import check_pipe
from rs_cli.doing.carrying import Begin, carry_out
from rs_cli.features.files import Files, Transfer
from rs_cli.state.book import Book
from rs_cli.terminal.accounts import account
from rs_cli.transfers import rates
from rs_relay.errors import UsageError

app = typer.Typer()


@dataclass(frozen=True)
class Copy:
    """Between `remotes`, all of one session, and places of this computer."""

    sending: bool
    remotes: list[Remote]  # one, the target, when sending
    locals: list[str]  # one, the target, when fetching


@app.command()
def cp(
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE... TARGET",
            help="Paths, those of a customer as `3:path` (`:path` in the only session): absolute, or below their home; "
            "quoted, * ? [ ] and ** stand for several. `-` is standard input or output. A target that is a folder is "
            "copied into, else it is the new name. `3:` alone is the customer's folder for received files.",
        ),
    ],
    overwrite: Overwrite = False,
    if_newer: IfNewer = False,
    archive: Archive = False,
    limit: Limit = "none",
    quiet: Quiet = False,
    as_json: AsJson = False,
    timeout: Timeout = REACH,
) -> int:
    """Copy files and directories to or from a customer's computer. Directories go whole."""
    copy = read(what)
    pipe = copy.locals == ["-"]
    number = copy.remotes[0].pick(Book()).number
    rate = rates.parse(limit)
    how = {"overwrite": overwrite, "if_newer": if_newer, "modes": archive, "links": archive}
    if copy.sending:
        begin = _sending(copy, rate, overwrite) if pipe else _sending_files(copy, rate, how)
    else:
        check_pipe([remote.path for remote in copy.remotes], copy.locals[0], as_json)
        begin = _fetching(copy, rate, how)
    session, report = carry_out(number, begin, timeout, quiet=quiet or (pipe and not copy.sending))
    if pipe and not copy.sending:
        report.check()
        return 0
    return account(session, report, as_json, quiet)


def read(what: list[str]) -> Copy:
    """What the words mean. Raises UsageError."""
    if len(what) < 2:
        raise UsageError("A source and a target are needed.", "`rs cp report.pdf 3:Documents`, `rs cp 3:report.pdf .`")
    *sources, target = what
    remotes = [remote for remote in map(parse, sources) if remote]
    to = parse(target)
    if to and remotes:
        raise UsageError("Both ends are customers' computers.", "Copy to this computer first, and on from here.")
    if to:
        if "-" in sources and len(sources) > 1:
            raise UsageError("Standard input is copied alone.")
        for path in sources:
            if path != "-" and not os.path.lexists(path):
                raise UsageError("There is no such file here.", f"Look at the path: {path}")
        return Copy(True, [to], sources)
    if not remotes:
        raise UsageError("No path of a customer's is named.", "It is written with the session's number: 3:path")
    if len(remotes) < len(sources):
        raise UsageError("Some sources are here and some at the customer's.", "Copy them by two commands.")
    if len({(remote.session, remote.name) for remote in remotes}) > 1:
        raise UsageError("The sources are in several sessions.", "Copy them by one command each.")
    if not all(remote.path for remote in remotes):
        raise UsageError("The customer's home is not copied as a whole.", "Name what is in it: 3:Documents")
    into_folder = len(remotes) > 1 or target.endswith(("/", os.sep))
    if into_folder and target != "-" and not os.path.isdir(target):
        raise UsageError("There is no such folder here.", f"Make it first: {target}")
    return Copy(False, remotes, [target])


def _sending(copy: Copy, rate: int, overwrite: bool) -> Begin:
    at = copy.remotes[0].path
    name = at.replace("\\", "/").rpartition("/")[2]
    if not name:
        raise UsageError("Standard input needs a file's name.", "`… | rs cp - 3:NAME`")

    def begin(files: Files) -> list[Transfer]:
        return [files.start_send_pipe(sys.stdin.fileno(), name, limit=rate, at=at, overwrite=overwrite)]

    return begin


def _sending_files(copy: Copy, rate: int, how: dict[str, bool]) -> Begin:
    return lambda files: [files.start_send(copy.locals, limit=rate, at=copy.remotes[0].path, **how)]


def _fetching(copy: Copy, rate: int, how: dict[str, bool]) -> Begin:
    local = copy.locals[0]
    if local == "-":
        return lambda files: [files.start_get_pipe(copy.remotes[0].path, sys.stdout.fileno(), limit=rate)]
    return lambda files: [files.start_get(remote.path, local, limit=rate, **how) for remote in copy.remotes]
