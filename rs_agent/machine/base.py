"""What coming back after a restart needs of a computer, and nothing more. Tests have a computer of their own."""

from __future__ import annotations

import os
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from rs_relay.errors import LocalProblem

NAME = "rs-agent-resume"  # of the entry that starts the agent


class Computer(Protocol):
    def boot_id(self) -> str:
        """The same until the computer is started anew, and never again after that. Raises LocalProblem."""
        ...

    async def check(self, safe_mode: bool) -> None:
        """Raises LocalProblem, with what would make it possible, when a restart is certain to be refused, or when there
        is no safe mode. Changes nothing."""
        ...

    async def reboot(self, safe_mode: bool) -> None:
        """Returns when the system has agreed; it goes down some seconds later. With `safe_mode` the boot configuration
        is changed first. Raises LocalProblem when the system refuses: then nothing is changed."""
        ...

    def settle(self) -> str:
        """Gives the boot configuration back as it was before `reboot` with `safe_mode`, at that start or when there was
        none. What the technician should know of that, '' for nothing. Blocks, some seconds at most; any thread."""
        ...

    def install(self, command: Sequence[str]) -> None:
        """`command` is run at the user's next start of the desktop. It is on the disk when this returns. Raises
        LocalProblem."""
        ...

    def remove(self) -> None:
        """Takes the entry of `install` away, if there is one. Any thread. Raises LocalProblem."""
        ...


def own_command() -> list[str]:
    """What starts this program again, wherever it is started from. Raises LocalProblem when that will be gone."""
    program = Path(sys.argv[0])
    if getattr(sys, "frozen", False):
        lasting = _lasting(program.absolute())
        return [lasting] if program == Path(sys.executable) else ["/bin/sh", lasting]  # it unpacks itself
    if program.is_file() and zipfile.is_zipfile(program):
        return [sys.executable, _lasting(program.absolute())]
    return [sys.executable, "-P", "-m", "rs_agent"]  # -P: nothing of the folder that it happens to start in


def own_folders(environ: Mapping[str, str] = os.environ) -> list[str]:
    """Options that say where this agent's files are, for one that is started without its environment."""
    chosen = [("--state", "RS_STATE_DIR"), ("--config", "RS_CONFIG_DIR")]
    found = [(option, environ.get(name)) for option, name in chosen]
    return [word for option, folder in found if folder for word in (option, str(Path(folder).absolute()))]


def _lasting(program: Path) -> str:
    if Path(tempfile.gettempdir()).resolve() in program.resolve().parents:
        raise LocalProblem(
            "The agent lies in a folder for temporary files, which a restart empties.",
            "Let the customer move rs-agent to another folder and start it there.",
        )
    return str(program)
