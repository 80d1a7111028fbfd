"""Figures as rows, and the rows as text and as Markdown. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.bench.screen.report import NoPlace

BEGIN, END = "<!-- bench-transfer: written by `make bench-transfer REPORT=1` -->", "<!-- bench-transfer: end -->"


@dataclass(frozen=True)
class Row:
    """`value` as it is shown; `wanted` what it must reach and `met` whether it does (None: nothing to reach)."""

    what: str
    value: str
    wanted: str = ""
    met: bool | None = None


@dataclass(frozen=True)
class Found:
    """What one measurement found: the rows, the raw figures for the JSON, and who else took part (name and version)."""

    rows: Sequence[Row]
    raw: dict[str, Any] = field(default_factory=dict)
    versions: Sequence[str] = ()


def text(rows: Iterable[Row]) -> str:
    return "\n".join(f"{row.what:<52}{row.value:>14}   {row.wanted} {_verdict(row)}".rstrip() for row in rows)


def markdown(head: str, rows: Iterable[Row]) -> str:
    lines = [head, "", "| | | to reach | |", "|---|---|---|---|"]
    lines += [f"| {row.what} | {row.value} | {row.wanted} | {_verdict(row, bold=True)} |" for row in rows]
    return "\n".join(lines)


def put(page: str, table: str) -> str:
    """The page with `table` between its two marks. Raises NoPlace where they are not there once each, in order."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end) or BEGIN in rest or END in after:
        raise NoPlace(f"docs/benchmarks.md must hold {BEGIN} and {END}, once each")
    return f"{before}{BEGIN}\n{table.strip()}\n{END}{after}"


def _verdict(row: Row, *, bold: bool = False) -> str:
    if row.met is None:
        return ""
    return "met" if row.met else "**not met**" if bold else "NOT MET"
