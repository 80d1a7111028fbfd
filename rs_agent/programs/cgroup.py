"""A cgroup for one program: whatever it starts, however it detaches itself, is in it and can be ended with it.

Only where this agent runs in a cgroup (version 2) in which its user may make others, as below systemd's user manager;
elsewhere there is none, and the process group is what holds a program together.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")


class Cgroup:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    def make(cls, root: Path = ROOT, own: Path = OWN) -> Cgroup | None:
        """A new and empty one below ours, or None where that cannot be."""
        try:
            lines = own.read_text().splitlines()
            place = next(line.removeprefix("0::/") for line in lines if line.startswith("0::"))
            here = root / place
            if not os.access(here / "cgroup.procs", os.W_OK):
                return None
            folder = here / f"rs-{secrets.token_hex(6)}"
            folder.mkdir()
        except (OSError, StopIteration):
            return None
        return cls(folder)

    def add(self, pid: int) -> None:
        with suppress(OSError):  # it has ended already, or may not be moved: its process group is left
            (self._folder / "cgroup.procs").write_text(str(pid))

    def pids(self) -> list[int]:
        try:
            return [int(pid) for pid in (self._folder / "cgroup.procs").read_text().split()]
        except (OSError, ValueError):
            return []

    def kill(self) -> None:
        """KILL to all that is in it, at once (Linux 5.14)."""
        with suppress(OSError):
            (self._folder / "cgroup.kill").write_text("1")

    def close(self) -> None:
        with suppress(OSError):  # a process that is still dying keeps it
            self._folder.rmdir()
