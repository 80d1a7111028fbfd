"""`rs-agent resume`: started by the entry that a restart left, it goes on with the session; without one it just ends.

The entry and the ticket are gone before anything else is done, so whatever becomes of this run, there is no second one.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

from rs_agent import config, life
from rs_agent.language import _


def run(arguments: Sequence[str]) -> int:
    """Raises LocalProblem when the session cannot be gone on with."""
    options = _parser().parse_args(arguments)
    for name, folder in (("RS_STATE_DIR", options.state), ("RS_CONFIG_DIR", options.config)):
        if folder:
            os.environ[name] = folder
    settings = config.read({})
    with life.logged(settings.state if options.verbose else None):
        back = life.come_back(settings)
        if back is None:
            return 0
        with life.shown(settings) as face:
            return life.live_on(settings, face, *back)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="rs-agent resume", description=_("Go on with the session that a restart of this computer interrupted.")
    )
    parser.add_argument("--state", metavar="DIR", help=_("where the agent keeps what it must remember"))
    parser.add_argument("--config", metavar="DIR", help=_("where agent.toml is"))
    parser.add_argument("--verbose", action="store_true", help=_("write a log file (no secrets in it)"))
    return parser
