"""`rs-agent service install|status|remove [--user]`: the agent as a service, for technicians that the device knows."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from rs_agent.language import N_, _
from rs_agent.machine.base import own_command
from rs_agent.machine.service import service
from rs_agent.machine.service.base import RUN, State

SAID = {
    State.MISSING: N_("rs-agent is no service on this computer."),
    State.STOPPED: N_("rs-agent is a service on this computer, and does not run now."),
    State.RUNNING: N_("rs-agent is a service on this computer, and runs."),
}
STOPPED = 3  # the exit status of `status` where it does not run, as systemctl's


def run(arguments: Sequence[str]) -> int:
    """Raises LocalProblem, with what would make it possible."""
    options = _parser().parse_args(arguments)
    chosen = service(options.user)
    if options.what == "install":
        chosen.install([*own_command(), *RUN])
    elif options.what == "remove":
        chosen.remove()
    state = chosen.state()
    print(_(SAID[state]))
    return STOPPED if options.what == "status" and state is not State.RUNNING else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="rs-agent service", description=_("Make rs-agent a service that starts with this computer.")
    )
    parser.add_argument("what", choices=("install", "status", "remove"), help=_("what is to be done"))
    parser.add_argument("--user", action="store_true", help=_("a service of your own, which starts when you log in"))
    return parser
