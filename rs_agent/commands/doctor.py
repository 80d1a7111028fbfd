"""`rs-agent doctor`: what this computer can and cannot do for a support session, why, and what to do about it."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from rs_agent import config, desktop
from rs_agent.doctor import report
from rs_agent.doctor.probes import PROBES
from rs_agent.doctor.verdict import examine, stops
from rs_agent.doctor.visit import facts
from rs_agent.language import _
from rs_relay.errors import RsError


def run(arguments: Sequence[str]) -> int:
    """0 where a session is possible, else the exit status of what stands in the way."""
    options = _parser().parse_args(arguments)
    settings, problem = _settings(options)
    results = examine(facts(settings, problem), PROBES)
    if options.json:
        _show(report.as_json(results))
    else:
        colours = os.isatty(1) and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
        _show(report.text(results, shutil.get_terminal_size((100, 24)).columns, colours=colours))
    stop = stops(results)
    return 0 if stop is None else stop.error.exit_status


def _settings(options: argparse.Namespace) -> tuple[config.Config, RsError | None]:
    """Those that rs-agent would have; with an error, what of them does not come from the files."""
    wanted = {"relay": options.relay, "desktop": options.desktop, "folder": options.folder}
    try:
        return config.read(wanted), None
    except RsError as e:
        nothing = {"RS_CONFIG_DIR": os.devnull}
        return config.read(wanted, {**os.environ, **nothing}, Path(os.devnull)), e


def _show(text: str) -> None:
    """In a terminal that has not all letters, without them."""
    encoding = sys.stdout.encoding or "ascii"
    print(text.encode(encoding, "replace").decode(encoding), flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="rs-agent doctor",
        description=_("What this computer can and cannot do for a support session, and why. Nothing is changed."),
    )
    parser.add_argument("--json", action="store_true", help=_("one JSON object instead of lines"))
    parser.add_argument("--relay", metavar="URL", help=_("where both sides meet (also RS_RELAY, or agent.toml)"))
    parser.add_argument("--desktop", choices=("auto", *desktop.NAMES), help=_("which desktop is shown"))
    parser.add_argument("--folder", metavar="DIR", help=_("where received files are put"))
    return parser
