"""The list of verbs. Adding a line here is how a verb joins `rs-agent`.

A module is imported only when its verb is used: `rs-agent` itself must be quick to the code. Each module holds
`run(arguments) -> exit status`, with an argparse parser of its own (`prog="rs-agent NAME"`); it raises RsError, which
`rs_agent.main` makes a sentence of. `rs-agent` alone, with options first, and `rs-agent join` are no verbs of the list:
they are the agent's life (`rs_agent.life`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import cast

from rs_agent.language import N_, _


@dataclass(frozen=True)
class Verb:
    name: str
    module: str
    summary: str  # one line for `rs-agent --help`, marked with N_: translated when shown


VERBS: tuple[Verb, ...] = (
    Verb(
        "journal", "rs_agent.commands.journal", N_("What was done on this computer, by whom, and what you had allowed.")
    ),
    Verb("doctor", "rs_agent.commands.doctor", N_("What this computer can and cannot do for a session, and why.")),
    Verb(
        "unattended",
        "rs_agent.commands.unattended",
        N_("Let technicians in who know an access code, when nobody is here."),
    ),
    Verb("service", "rs_agent.commands.service", N_("Make rs-agent a service that starts with this computer.")),
    Verb(
        "resume", "rs_agent.commands.resume", N_("Go on with the session that a restart of this computer interrupted.")
    ),
)


def run(arguments: Sequence[str]) -> int:
    """What the arguments ask for; its exit status. Raises RsError."""
    for verb in VERBS:
        if arguments and arguments[0] == verb.name:
            return cast(int, import_module(verb.module).run(arguments[1:]))
    from rs_agent.life import run as live

    return live(arguments, [(verb.name, _(verb.summary)) for verb in VERBS])
