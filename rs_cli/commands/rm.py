"""`rs rm 3:old.txt`: files and folders of the customer's, gone for good."""

from __future__ import annotations

import posixpath
import sys
from functools import partial
from typing import Annotated

import typer

from rs_cli.command_line.options import REACH, AsJson, SomePaths, Timeout
from rs_cli.doing.there import There, carry_out, expanded, paths
from rs_cli.terminal import listing, output
from rs_relay.errors import NoSuchSession, NotAllowed, UsageError
from rs_relay.text import printable

app = typer.Typer()
SHOWN = 80  # cells of a path in a question


@app.command()
def rm(
    what: SomePaths,
    recursive: Annotated[
        bool, typer.Option("--recursive", "-r", "-R", help="Folders with all that is in them.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", "-f", help="Do not ask; what is not there is no failure.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say what was removed.")] = False,
    as_json: AsJson = False,
    timeout: Timeout = REACH,
) -> int:
    """Remove files and folders of the customer's. There is no way back; links are removed, not what they lead to."""
    for remote in paths(what, "rm"):
        _refuse_top(remote.path)

    async def remove(there: There) -> None:
        try:
            found = await expanded(there)
        except NoSuchSession:
            if force:
                return
            raise
        if not force:
            _ask(found, there.path, recursive)
        for path in found:
            await _remove(there, path, recursive, force, verbose, as_json)

    return carry_out(what, "rm", timeout, remove, as_json)


async def _remove(there: There, path: str, recursive: bool, force: bool, verbose: bool, as_json: bool) -> None:
    passed = partial(_progress, path)
    try:
        count = await there.folders.remove(path, recursive=recursive, passed=passed)
    except NoSuchSession:
        if force:
            return
        raise
    if as_json:
        output.data({"session": there.session, "path": path, "done": "removed", "count": count})
    elif verbose:
        listing.emit(f"removed {listing.shown(path)}" + (f" ({count})" if count > 1 else ""))


def _progress(path: str, count: int) -> None:
    output.progress(f"{printable(path, SHOWN)}: {count} removed …")


def _refuse_top(path: str) -> None:
    """The agent refuses it as well; here nobody need be asked."""
    if posixpath.normpath(path or ".") in (".", "/", "//", "~", ".."):
        raise UsageError("The home folder and the root are not removed.", "Name something in it.")


def _ask(found: list[str], path: str, recursive: bool) -> None:
    """A person is asked before much goes; a script said what it wants."""
    if not (recursive or len(found) > 1) or not sys.stdin.isatty():
        return
    what = printable(path, SHOWN) if len(found) == 1 else f"{len(found)} things ({printable(path, SHOWN)})"
    whole = " and all that is in it" if recursive else ""
    output.complain(f"Remove {what}{whole} from the customer's computer? [y/N] ")
    if sys.stdin.readline().strip().casefold() not in ("y", "yes"):
        raise NotAllowed("Nothing was removed.", "")
