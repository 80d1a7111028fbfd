"""What `rs-agent service` needs of a system. A service starts with the computer (a user's own: with their log-in)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Protocol

from rs_agent.machine.disk import keep
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


def download(command: Sequence[str]) -> Path | None:
    """The one file that `command` starts this program from, where it came as one: `python FILE.pyz …`, `sh FILE …`."""
    program = Path(command[1]) if len(command) > 1 else Path()
    return program if program.is_absolute() and program.is_file() else None


def moved(command: Sequence[str], folder: Path) -> list[str]:
    """`command`, with a download of this program's copied into `folder`, where it is the only file then. Raises
    LocalProblem."""
    program = download(command)
    if program is None:
        return list(command)
    place = folder / program.name
    if program.resolve() != place.resolve():
        try:
            data = program.read_bytes()
        except OSError as e:
            raise LocalProblem(f"{program.name} cannot be read.", e.strerror or "") from None
        forget(folder)
        keep(place, data)
    return [command[0], str(place), *command[2:]]


def forget(folder: Path) -> None:
    """What `moved` put there is gone. Raises LocalProblem."""
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except OSError as e:
        raise LocalProblem("The service's program cannot be removed.", f"{folder}: {e.strerror}") from None


def runs(command: Sequence[str], path: Iterable[str] = sys.path, environ: Mapping[str, str] = os.environ) -> list[Path]:
    """All that a service which starts this program with `command` loads programs from. Not what is on `path` by this
    process's PYTHONPATH, as a download's packages are: a service has none, and keeps its own with its state."""
    words = [word for word in command if Path(word).is_absolute()]
    if not getattr(sys, "frozen", False):  # all the rest is in that file
        added = {sys.argv[0], *environ.get("PYTHONPATH", "").split(os.pathsep)}
        words += [sys.prefix, *(word for word in path if word not in added)]
    found = [Path(word) for word in words if Path(word).is_absolute()]
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
