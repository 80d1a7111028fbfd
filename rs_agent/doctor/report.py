"""What is told: lines for a person who reads them out, or one JSON object for a program."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence

from rs_agent.doctor.verdict import Result, Sign, stops
from rs_agent.language import _
from rs_relay.text import cells, printable

COLOURS = {Sign.YES: "\x1b[32m", Sign.PARTLY: "\x1b[33m", Sign.NO: "\x1b[31m"}
PLAIN = "\x1b[0m"
NARROW, WIDE = 50, 110  # columns that lines are wrapped to, at the least and at the most
TEXT = 400  # cells of a reason or an advice: names of files and users are others' words


def text(results: Sequence[Result], columns: int, *, colours: bool = False) -> str:
    """One paragraph for each: sign, title, reason; what to do about it below."""
    signs = {sign: _(sign) for sign in Sign}
    titles = [_(result.probe.title) for result in results]
    wide, long = max(map(cells, signs.values())), max(map(cells, titles))
    indent = wide + long + 4
    width = max(NARROW, min(columns - 1, WIDE))
    lines = []
    for result, title in zip(results, titles, strict=True):
        sign, finding = result.finding.sign, result.finding
        head = f"{_padded(signs[sign], wide)}  {_padded(title, long)}  "
        told = textwrap.wrap(printable(finding.reason, TEXT), width - indent, break_long_words=False) or [""]
        if finding.advice:
            told += textwrap.wrap(
                "> " + printable(finding.advice, TEXT), width - indent, subsequent_indent="  ", break_long_words=False
            )
        first = head + told[0]
        lines.append(f"{COLOURS[sign]}{first[:wide]}{PLAIN}{first[wide:]}" if colours else first)
        lines += [" " * indent + line for line in told[1:]]
    return "\n".join([*lines, "", *textwrap.wrap(conclusion(results), width)])


def conclusion(results: Sequence[Result]) -> str:
    stop = stops(results)
    if stop is not None:
        blocking = next(_(result.probe.title) for result in results if result.finding is stop)
        return _("No support session is possible as it is: see “{what}”.").format(what=blocking)
    return _("A support session is possible.")


def as_json(results: Sequence[Result]) -> str:
    """One line, plain ASCII; docs/doctor.md has the fields."""
    stop = stops(results)
    return json.dumps(
        {
            "possible": stop is None,
            "error": stop.error.code if stop else "",
            "abilities": [
                {
                    "name": result.probe.name,
                    "works": str(result.finding.sign),
                    "reason": printable(result.finding.reason, TEXT),
                    "advice": printable(result.finding.advice, TEXT),
                }
                for result in results
            ],
        }
    )


def _padded(word: str, width: int) -> str:
    return word + " " * (width - cells(word))
