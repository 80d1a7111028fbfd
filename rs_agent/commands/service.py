"""`rs-agent service install|status|remove [--user]`: the agent as a service, for technicians that the device knows.

Who is not the administrator is asked for them by the system (`sudo`, at this terminal). Then this verb runs once more
as the administrator, and reads what is handed over to the service from its standard input.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence

from rs_agent import config
from rs_agent.language import N_, _
from rs_agent.machine import elevation
from rs_agent.machine.base import own_command
from rs_agent.machine.service import service
from rs_agent.machine.service.base import State
from rs_agent.unattended import serving
from rs_agent.unattended.enrolment import Unattended
from rs_relay.errors import LocalProblem

SAID = {
    State.MISSING: N_("rs-agent is no service on this computer."),
    State.STOPPED: N_("rs-agent is a service on this computer, and does not run now."),
    State.RUNNING: N_("rs-agent is a service on this computer, and runs."),
}
STOPPED = 3  # the exit status of `status` where it does not run, as systemctl's


def run(arguments: Sequence[str]) -> int:
    """Raises RsError, with what would make it possible."""
    options = _parser().parse_args(arguments)
    chosen = service(options.user)
    own = config.state_folder()
    if options.what == "status":
        state = chosen.state()
        print(_(SAID[state]))
        return 0 if state is State.RUNNING else STOPPED
    if not options.user and sys.platform == "linux" and not elevation.is_administrator():
        _as_administrator(options.what, Unattended(own))
    elif options.what == "install":
        serving.install(chosen, own, sys.stdin.buffer.read(serving.MOST + 1) if options.take_over else b"")
    else:
        serving.remove(chosen)
    print(_(SAID[chosen.state()]))
    return 0


def _as_administrator(what: str, kept: Unattended) -> None:
    argv, moves = [*own_command(), "service", what], what == "install" and kept.read() is not None
    handed = serving.handed_over(kept) if moves else b""
    said = asyncio.run(elevation.run([*argv, *(["--take-over"] if moves else [])], handed, tty=sys.stdin.isatty()))
    if said.status:
        raise LocalProblem(N_("The administrator's part of it did not succeed."), said.err.strip()[-300:])
    if moves:
        kept.disable()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="rs-agent service", description=_("Make rs-agent a service that starts with this computer.")
    )
    parser.add_argument("what", choices=("install", "status", "remove"), help=_("what is to be done"))
    parser.add_argument("--user", action="store_true", help=_("a service of your own, which starts when you log in"))
    parser.add_argument(
        "--take-over", action="store_true", help=argparse.SUPPRESS
    )  # what is handed to it comes by stdin
    return parser
