"""`rs find 3:Documents --name '*.pdf'`: looks through folders of the customer's, and tells what it finds as it goes."""

from __future__ import annotations

import re
import time
from datetime import datetime
from functools import partial
from typing import Annotated

import typer
from msgspec.structs import replace

from rs_cli.command_line.options import HOME, REACH, AsJson, Paths, Timeout
from rs_cli.doing.there import There, carry_out
from rs_cli.features.folders import Thing
from rs_cli.terminal import listing, output
from rs_relay.channels.folders import Find, Kind, wire
from rs_relay.errors import UsageError

app = typer.Typer()
KINDS = {"f": Kind.FILE, "d": Kind.FOLDER, "l": Kind.LINK}
_SIZE = re.compile(r"([+-]?)(\d+)([bkMGT]?)", re.IGNORECASE)
_UNITS = {"": 1, "b": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}
_AGE = re.compile(r"(\d+(?:\.\d+)?)([smhdw])")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 7 * 86400.0}


@app.command()
def find(
    what: Paths = HOME,
    name: Annotated[str, typer.Option("--name", help="Only names like this: '*.pdf'.")] = "*",
    iname: Annotated[str, typer.Option("--iname", help="The same, capitals or not.")] = "",
    kind: Annotated[str, typer.Option("--type", help="f files, d folders, l links.")] = "",
    size: Annotated[str, typer.Option("--size", help="+10M at least, -1k at most, 500 exactly.")] = "",
    newer: Annotated[str, typer.Option("--newer", metavar="WHEN", help="Changed since: 7d, 12h, 2026-11-28.")] = "",
    older: Annotated[str, typer.Option("--older", metavar="WHEN", help="Not changed since.")] = "",
    depth: Annotated[int, typer.Option("--maxdepth", min=1, max=64, help="Levels of folders to go down.")] = 64,
    long: Annotated[bool, typer.Option("--long", "-l", help="As `ls -l`.")] = False,
    null: Annotated[bool, typer.Option("--null", "-0", help="NUL after each path, paths as they are.")] = False,
    as_json: AsJson = False,
    timeout: Timeout = REACH,
) -> int:
    """Look for files in folders of the customer's. Ctrl-C ends it there too; links are not followed."""
    larger, smaller = _size(size)
    now = time.time()
    wanted = Find(
        0, "", name=wire(iname or name), fold=bool(iname), kind=_kind(kind), larger=larger, smaller=smaller,
        after=_when(newer, now), before=_when(older, now), depth=depth,
    )  # fmt: skip

    async def look(there: There) -> None:
        asked = replace(wanted, path=wire(there.path))
        say = partial(_say, there, long=long, null=null, as_json=as_json)
        ended = await there.folders.find(asked, say, lambda count: output.progress(f"{count} looked at …"))
        if ended.more:
            output.note("rs: There is more; the search went no further.")

    return carry_out(what or [":"], "find", timeout, look, as_json)


def _say(there: There, thing: Thing, *, long: bool, null: bool, as_json: bool) -> None:
    base = there.path.rstrip("/") or ("/" if there.path else "")
    path = f"{base}/{thing.name}" if base and base != "/" else base + thing.name
    shown = Thing(path, thing.entry, thing.target)
    if as_json:
        output.data({"session": there.session, **listing.as_data(shown)})
    elif null:
        listing.emit(path, end="\0")
    elif long:
        listing.emit(listing.long_lines([shown], time.time(), human_sizes=False)[0])
    else:
        listing.emit(listing.shown(path))


def _kind(letter: str) -> Kind | None:
    if letter and letter not in KINDS:
        raise UsageError("--type is f, d or l.", "")
    return KINDS.get(letter)


def _size(text: str) -> tuple[int, int]:
    """(at least, at most), -1: any. Raises UsageError."""
    if not text:
        return -1, -1
    found = _SIZE.fullmatch(text)
    if found is None:
        raise UsageError("--size is a number with k, M, G or T: +10M at least, -1k at most.", "")
    amount = int(found[2]) * _UNITS[found[3].lower()]
    return (-1 if found[1] == "-" else amount), (-1 if found[1] == "+" else amount)


def _when(text: str, now: float) -> float:
    """Seconds since 1970, 0 for nothing. Raises UsageError."""
    if not text:
        return 0.0
    if found := _AGE.fullmatch(text):
        return now - float(found[1]) * _SECONDS[found[2]]
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise UsageError("That is no time.", "7d, 12h, 30m ago, or a date: 2026-11-28, 2026-11-28T14:00") from None
