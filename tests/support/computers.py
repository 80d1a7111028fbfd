"""Computers that restart when a test says so: one in memory, and one of files for agents that are real processes.

A file computer is a folder: `boot` names the boot that is on, `asked` appears when a restart is asked for, and its
autostart is the real one of Linux below HOME. `python computers.py FOLDER …` is `rs-agent …` on that computer.
"""

from __future__ import annotations

import os
import re
import secrets
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from rs_agent.machine.linux import Linux
from rs_relay.errors import RsError

WINDOW = "RS_TEST_WINDOW"  # seconds that the session waits, in place of ten minutes


@dataclass
class FakeComputer:
    """A Computer. `refusal` is raised by check, `failure` by reboot; `command` is what it starts next time."""

    boot: str = "boot-1"
    refusal: RsError | None = None
    failure: RsError | None = None
    command: list[str] = field(default_factory=list)
    asked: list[bool] = field(default_factory=list)  # safe_mode of each restart
    note: str = ""  # what settle says
    settled: int = 0

    def boot_id(self) -> str:
        return self.boot

    async def check(self, safe_mode: bool) -> None:
        if self.refusal:
            raise self.refusal

    async def reboot(self, safe_mode: bool) -> None:
        if self.failure:
            raise self.failure
        self.asked.append(safe_mode)

    def settle(self) -> str:
        self.settled += 1
        return self.note

    def install(self, command: Sequence[str]) -> None:
        self.command = list(command)

    def remove(self) -> None:
        self.command = []


def exec_words(entry: str) -> list[str]:
    """The words of a desktop entry's Exec, as its specification says: the text is unescaped, then each quoted word."""
    (line,) = (line for line in entry.splitlines() if line.startswith("Exec="))
    text = line.removeprefix("Exec=").replace("\\\\", "\\")
    words = re.findall(r'"((?:[^"\\]|\\.)*)"', text)
    return [re.sub(r"\\(.)", r"\1", word).replace("%%", "%") for word in words]


class FileComputer(Linux):
    """The test's end and the agent's end of a folder."""

    def __init__(self, folder: Path, home: Path) -> None:
        super().__init__({"HOME": str(home)}, folder / "boot")
        self.folder = folder
        if not (folder / "boot").exists():
            self.start_anew()

    def start_anew(self) -> None:
        (self.folder / "boot").write_text(secrets.token_hex(8))
        (self.folder / "asked").unlink(missing_ok=True)

    @property
    def asked(self) -> bool:
        return (self.folder / "asked").exists()

    def entry_command(self) -> list[str] | None:
        """What the desktop would run at its start, as its own parser of Exec reads it."""
        if not self.entry.exists():
            return None
        return exec_words(self.entry.read_text())

    async def check(self, safe_mode: bool) -> None:
        if safe_mode:
            await super().check(safe_mode)

    async def reboot(self, safe_mode: bool) -> None:
        (self.folder / "asked").touch()


def main() -> None:
    folder = Path(sys.argv[1])
    command = [sys.executable, str(Path(__file__).absolute()), str(folder)]
    from rs_agent import machine
    from rs_agent.features import power
    from rs_agent.machine import base
    from rs_agent.main import main as agent
    from rs_agent.session import returning

    machine.computer = lambda: FileComputer(folder, Path(os.environ["HOME"]))
    made = returning.Returning.__init__
    made.__kwdefaults__ |= {"command": lambda: command, "window": float(os.environ.get(WINDOW, "600"))}
    base.own_command = lambda: command
    defaults = power.Power.__init__.__kwdefaults__
    defaults["least"] = 0.0
    sys.argv[1:] = sys.argv[2:]
    agent()


if __name__ == "__main__":
    main()
