"""What a verb prints and where: answers on standard output, everything else on standard error.

On a terminal an answer is for a person; with `--json` it is one JSON value a line, in plain ASCII without control
characters, so that it is safe on a terminal too. A failure with `--json` is
`{"error": {"code", "message", "hint"}}` on standard output, and the exit status is the same as without.
Text from the other side comes here through `rs_relay.text.printable`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from rs_relay.errors import SENTENCE, RsError
from rs_relay.text import printable

_hushed = False


def is_terminal() -> bool:
    """A person looks at standard output."""
    return sys.stdout.isatty()


def unread() -> bool:
    """Whoever read our standard output, a pipe, has gone. Where that cannot be known, nobody has."""
    try:
        import select

        poll = select.poll()
        poll.register(sys.stdout.fileno(), 0)
        return any(event & select.POLLERR for _, event in poll.poll(0))
    except (ImportError, AttributeError, OSError, ValueError):
        return False


def colour() -> bool:
    """Colours are wanted: https://no-color.org, and a terminal that has them."""
    return is_terminal() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def answer(text: str) -> None:
    print(text, flush=True)


def hush(on: bool = True) -> None:
    """--quiet: the answer and failures, and nothing else."""
    global _hushed
    _hushed = on


def hushed() -> bool:
    return _hushed


def note(text: str) -> None:
    """A line for a person who waits; never part of the answer, nor a failure."""
    if not _hushed:
        complain(text)


def complain(text: str) -> None:
    """A failure, or a question: told also when all else is quiet."""
    print(text, file=sys.stderr, flush=True)


def progress(text: str) -> None:
    """A note that only a terminal gets."""
    if sys.stderr.isatty():
        note(text)


def data(value: Any) -> None:
    """One JSON value, on a line of its own."""
    print(to_json(value), flush=True)


def to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True).replace("\x7f", "\\u007f")


def failure(error: RsError, as_json: bool) -> None:
    if as_json:
        data({"error": {"code": error.code, "message": error.message, "hint": error.hint}})
        return
    # it may repeat the name of a file, whoever named it
    complain(f"rs: {printable(error.message, SENTENCE)}")
    if error.hint:
        complain(f"    {printable(error.hint, SENTENCE)}")


def table(columns: Iterable[str], rows: Iterable[Mapping[str, str]]) -> None:
    """Rows by column name: lined up on a terminal, tabs in a pipe. Cells are already printable."""
    names = list(columns)
    if not is_terminal():
        for row in rows:
            answer("\t".join(row.get(name, "") for name in names))
        return
    from rich.console import Console  # 40 ms, for a terminal only
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=None, pad_edge=False, header_style="bold")
    for name in names:
        shown.add_column(Text(name))
    for row in rows:
        shown.add_row(*(Text(row.get(name, "")) for name in names))
    Console(no_color=not colour()).print(shown)
