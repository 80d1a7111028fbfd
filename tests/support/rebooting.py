"""An agent on a computer that restarts: the whole process tree killed, a new boot, the desktop's autostart run."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil

from tests.support import computers
from tests.support.computers import WINDOW, FileComputer
from tests.support.stage import RsStage
from tests.support.terminal import Terminal


class Restarts:
    def __init__(self, stage: RsStage, window: float = 600.0) -> None:
        self.stage = stage
        stage.customer[WINDOW] = str(window)
        folder = stage.folder / "computer"
        folder.mkdir()
        self.computer = FileComputer(folder, stage.home)
        self.state = Path(stage.customer["RS_STATE_DIR"])
        self._exit = contextlib.ExitStack()
        stage._exit.push(self._exit)
        self.agents: list[Terminal] = []

    def start(self, *arguments: str, allow: str = "view,power") -> None:
        """The agent, as a customer starts it."""
        command = [*self._program(), "--desktop", "headless", *(["--allow", allow] if allow else []), *arguments]
        self._run(command)
        self.stage.join()

    def _program(self) -> list[str]:
        import sys

        return [sys.executable, computers.__file__, str(self.computer.folder)]

    def _run(self, command: list[str]) -> None:
        self.stage.agent = self._exit.enter_context(Terminal(command, self._environ(), columns=110))
        self.agents.append(self.stage.agent)

    def _environ(self) -> dict[str, str]:
        return self.stage.customer

    def kill_tree(self) -> None:
        """As by a power cut: nobody has a chance to tidy."""
        if self.stage.agent.process.poll() is not None:
            return
        agent = psutil.Process(self.stage.agent.process.pid)
        family = [agent, *agent.children(recursive=True)]
        for process in family:
            with contextlib.suppress(psutil.Error):
                process.send_signal(signal.SIGKILL)
        self.stage.agent.wait()

    def boot(self, *, anew: bool = True) -> bool:
        """The next start of the computer (or of the desktop alone); whether there was an entry to run.

        A start by the desktop has an environment of its own: HOME, and nothing that rs was told."""
        if anew:
            self.computer.start_anew()
        command = self.computer.entry_command()
        if command is None:
            return False
        kept = {k: v for k, v in self.stage.customer.items() if k not in ("RS_STATE_DIR", "RS_CONFIG_DIR", "RS_RELAY")}
        self.stage.agent = self._exit.enter_context(Terminal(command, kept, columns=110))
        self.agents.append(self.stage.agent)
        return True

    def traces(self) -> list[str]:
        """What a restart may have left that must not be there."""
        found = [self.computer.entry, *self.computer.entry.parent.glob(".*"), *self.state.glob("*resume-ticket*")]
        return [str(path) for path in found if path.exists()]

    def left(self) -> list[str]:
        """All in the customer's home and the agent's folders but what is meant to stay: the journal, the settings, and
        which tickets are spent (a hash each, for the ten minutes in which a copy could come back)."""
        kept = {"agent-journal.jsonl", "resume-spent", "agent.toml"}
        places = [self.stage.home, self.state, self.state.parent / "config"]
        return [str(path) for place in places for path in place.rglob("*") if path.is_file() and path.name not in kept]

    def close(self) -> None:
        self._exit.close()


@contextlib.contextmanager
def staged(window: float = 600.0, folder: Path | None = None) -> Iterator[Restarts]:
    with RsStage("", folder) as stage:
        yield Restarts(stage, window)


def gone(pid: int) -> bool:
    return not os.path.exists(f"/proc/{pid}")
