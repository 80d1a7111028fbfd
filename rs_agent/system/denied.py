"""What a service manager answers, as an error that says what would help. rs never asks for more rights by itself:
a password that somebody types goes through `rs exec --tty`, before the customer's eyes."""

from __future__ import annotations

from collections.abc import Sequence

from rs_agent.system.tools import Said
from rs_relay.errors import LocalProblem, NoSuchSession, RsError
from rs_relay.text import printable

_DENIED = (
    "access denied",
    "authentication",
    "permission denied",
    "not permitted",
    "superuser",
    "not root",
    "must be root",
)
_UNKNOWN = ("not found", "could not be found", "not loaded", "unrecognized service", "does not exist", "no such")
TEXT = 300  # cells of what a program complains


def error_of(said: Said, name: str, argv: Sequence[str]) -> RsError:
    """`argv` failed for the service `name`."""
    text = f"{said.err}\n{said.out}".lower()
    if any(word in text for word in _DENIED):
        return denied(name, f"sudo {' '.join(argv)}")
    if any(word in text for word in _UNKNOWN):
        return unknown(name)
    why = (said.err or said.out).strip().splitlines() or [f"{argv[0]} ended with {said.status}."]
    return LocalProblem(f"{name}: {printable(why[0], TEXT)}", "`rs logs SESSION --unit NAME` may say why.")


def denied(name: str, command: str) -> RsError:
    return LocalProblem(
        f"The agent has not the rights to change {name}: it runs as the customer.",
        f"With a password of that computer: `rs exec SESSION --tty -- {command}`",
    )


def unknown(name: str) -> RsError:
    return NoSuchSession(f"There is no service called {name}.", "`rs services SESSION` lists them.")
