"""How things of the customer's are shown: columns, long lines, sizes and times, as the shell's own tools have it.

On a terminal a name goes through the printable filter. In a pipe it is what it is, byte for byte, but for control
characters, so that a line stays a line. Whoever wants each name as it is asks for NUL between them.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rs_cli.features.folders import Thing
from rs_cli.terminal import output
from rs_relay.channels.folders import Kind
from rs_relay.text import cells, printable

NAME_CELLS = 1000  # of one name at most
HALF_YEAR = 182 * 86400.0  # seconds: what is older is shown with its year, as `ls` has it
GAP = 2  # cells between columns
_SIGN = {Kind.FILE: "-", Kind.FOLDER: "d", Kind.LINK: "l", Kind.OTHER: "?"}
_COLOUR = {Kind.FOLDER: "1;34", Kind.LINK: "1;36", Kind.OTHER: "33"}
_CONTROL = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029])


def shown(name: str) -> str:
    """For where it is going: a terminal, or a line in a pipe."""
    if output.is_terminal():
        return printable(name, NAME_CELLS)
    return name.translate({number: f"\\x{number:02x}" for number in _CONTROL if chr(number) in name})


def emit(text: str, end: str = "\n") -> None:
    """On standard output; what is no Unicode as the bytes it was, where this system's names are bytes."""
    sys.stdout.flush()
    data = (text + end).encode("utf-8", "surrogateescape" if os.name == "posix" else "replace")
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def human(size: int) -> str:
    """12, 3.4K, 120M: powers of 1024, rounded up, as `ls -h`."""
    amount, unit = float(size), ""
    for unit in ("", "K", "M", "G", "T", "P", "E"):
        if amount < 1024 or unit == "E":
            break
        amount /= 1024
    if not unit:
        return str(size)
    tenths = -int(-amount * 10 // 1)
    return f"{tenths / 10:.1f}{unit}" if tenths < 100 else f"{-int(-amount // 1)}{unit}"


def moment(at: float, now: float) -> str:
    """Local time, as `ls -l`."""
    try:
        there = time.localtime(at)
    except (OverflowError, ValueError, OSError):
        return "?"
    recent = now - HALF_YEAR < at <= now + 60
    return time.strftime("%b %e %H:%M" if recent else "%b %e  %Y", there)


def mode(thing: Thing) -> str:
    """-rw-r--r--"""
    bits = thing.entry.mode
    letters = "".join(sign if bits & (1 << (8 - n)) else "-" for n, sign in enumerate("rwxrwxrwx"))
    return _SIGN[thing.entry.kind] + letters


def coloured(thing: Thing) -> str:
    name = shown(thing.name)
    code = _COLOUR.get(thing.entry.kind)
    if code is None and thing.entry.kind is Kind.FILE and thing.entry.mode & 0o111:
        code = "1;32"
    return f"\x1b[{code}m{name}\x1b[0m" if code and output.colour() else name


def long_lines(things: Sequence[Thing], now: float, *, human_sizes: bool) -> list[str]:
    """As `ls -l`."""
    rows = []
    for thing in things:
        entry = thing.entry
        size = human(entry.size) if human_sizes else str(entry.size)
        target = f" -> {shown(thing.target)}" if entry.kind is Kind.LINK else ""
        names = printable(entry.owner, 32), printable(entry.group, 32)
        rows.append((mode(thing), *names, size, moment(entry.mtime, now), coloured(thing) + target))
    widths = [max((cells(row[n]) for row in rows), default=0) for n in range(5)]
    right = (3, 4)
    return [
        " ".join(
            row[n].rjust(widths[n]) if n in right else row[n] + " " * (widths[n] - cells(row[n])) for n in range(5)
        )
        + f" {row[5]}"
        for row in rows
    ]


def columns(things: Sequence[Thing], width: int) -> list[str]:
    """Down, then across, each column as wide as its longest name, as `ls`."""
    names = [_Cell(coloured(thing), cells(shown(thing.name))) for thing in things]
    least = min((name.cells for name in names), default=0) + GAP
    for count in range(min(len(names), (width + GAP) // least or 1), 1, -1):
        rows = -(-len(names) // count)
        grid = [names[at : at + rows] for at in range(0, len(names), rows)]
        widths = [max(name.cells for name in column) for column in grid]
        if sum(widths) + GAP * (len(widths) - 1) <= width:
            return [_line(grid, widths, row) for row in range(rows)]
    return [name.text for name in names]


@dataclass(frozen=True)
class _Cell:
    text: str  # colours included
    cells: int


def _line(grid: list[list[_Cell]], widths: list[int], row: int) -> str:
    found = [(column[row], width) for column, width in zip(grid, widths, strict=True) if row < len(column)]
    parts = [name.text + " " * (width - name.cells + GAP) for name, width in found[:-1]]
    return "".join(parts) + found[-1][0].text


def as_data(thing: Thing) -> dict[str, Any]:
    """Documented in docs/json.md."""
    entry = thing.entry
    return {
        "name": thing.name,
        "kind": str(entry.kind),
        "size": entry.size,
        "modified": entry.mtime,
        "mode": f"{entry.mode & 0o7777:04o}",
        "owner": entry.owner,
        "group": entry.group,
        "target": thing.target,
    }


def by_name(things: Iterable[Thing]) -> list[Thing]:
    return sorted(things, key=lambda thing: (thing.name.casefold().lstrip("."), thing.name))
