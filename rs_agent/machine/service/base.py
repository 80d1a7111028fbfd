"""What `rs-agent service` needs of a system. A service starts with the computer (a user's own: with their log-in)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Sequence
from enum import Enum
from pathlib import Path
from typing import Protocol

from rs_agent.system.tools import ERRORS, Said, environment
from rs_relay.errors import LocalProblem

NAME = "rs-agent"
RUN = ("unattended", "run", "--service")  # what a service does: it waits for the technicians that this device knows


class State(Enum):
    MISSING = "missing"
    STOPPED = "stopped"
    RUNNING = "running"


class Service(Protocol):
    home: Path | None  # where it keeps its state; None: where every program of its user does

    def install(self, command: Sequence[str]) -> None:
        """`command` runs now and from each start on; one that is there already is replaced. Raises LocalProblem, with
        what would make it possible, and then leaves nothing."""
        ...

    def state(self) -> State: ...

    def remove(self) -> None:
        """It is stopped and not there any more; not to be there is no error. Raises LocalProblem."""
        ...


def ask(argv: Sequence[str]) -> Said:
    """What a program of the system's says. Raises LocalProblem when it cannot be run."""
    try:
        done = subprocess.run(
            argv, capture_output=True, text=True, errors="replace", timeout=60, env=environment(), check=False
        )
    except (OSError, subprocess.SubprocessError):
        raise LocalProblem(f"{argv[0]} cannot be run on this computer.") from None
    return Said(done.returncode, done.stdout, done.stderr[:ERRORS].strip())


def runs(command: Sequence[str], path: Iterable[str] = sys.path) -> list[Path]:
    """All that `command`, which starts this program, loads programs from."""
    found = [Path(word) for word in (*command, sys.prefix, *path) if Path(word).is_absolute()]
    return [place for place in found if place.exists()]


def safe_for_root(paths: Sequence[Path]) -> Path | None:
    """The first of these, or of the folders above them, that others than root may change: what root runs must not be
    theirs. None where there is none."""
    for path in paths:
        real = path.resolve()
        for place in (real, *real.parents, *path.absolute().parents):
            status = place.stat()
            open_to_others = status.st_mode & 0o022 and not (place.is_dir() and status.st_mode & 0o1000)
            if status.st_uid != 0 or open_to_others:
                return place
    return None
