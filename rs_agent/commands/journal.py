"""`rs-agent journal`: what was done on this computer, by whom, and what had been allowed."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from rs_agent import config, retelling
from rs_agent.journal import FILE
from rs_agent.language import _
from rs_relay.errors import LocalProblem, UsageError


def run(arguments: Sequence[str]) -> int:
    """Raises LocalProblem when the record cannot be read."""
    options = _parser().parse_args(arguments)
    if options.last is not None and options.last < 1:
        raise UsageError(_("--last takes a number of sessions, 1 or more."))
    told = retelling.sessions(_lines(config.state_folder()))
    if options.last is not None:
        told = told[-options.last :]
    if options.json:
        _show(json.dumps([retelling.as_json(one) for one in told], indent=2, ensure_ascii=False))
    elif not told:
        _show(_("Nobody has been let in on this computer yet."))
    else:
        _show("\n\n".join("\n".join(retelling.as_text(one)) for one in told))
    return 0


def _lines(folder: Path) -> Iterator[str]:
    """Of the older half first."""
    for file in ((folder / FILE).with_suffix(".jsonl.1"), folder / FILE):
        try:
            with file.open(encoding="utf-8", errors="replace") as lines:
                yield from lines
        except FileNotFoundError:
            continue
        except OSError as e:
            raise LocalProblem(_("The record of sessions cannot be read."), f"{file}: {e.strerror}") from e


def _show(text: str) -> None:
    try:
        print(text, flush=True)
    except BrokenPipeError:  # `| head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="rs-agent journal", description=_("What was done on this computer, by whom, and what you had allowed.")
    )
    parser.add_argument("--json", action="store_true", help=_("as JSON, for programs"))
    parser.add_argument("--last", type=int, metavar="N", help=_("the last N sessions only"))
    return parser
