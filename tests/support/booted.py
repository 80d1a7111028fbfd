"""A computer that is started by systemd, for services that run for real: `booted.sh`, entered and asked.

with Booted(folder) as computer:
    computer.run("systemctl", "is-active", "dbus")
    computer.run("systemctl", "reboot")
    computer.wait(boots=2)

Its programs are this computer's, its network too. Only root can make one.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.support.xdesktop import until

SCRIPT = Path(__file__).with_name("booted.sh")
CHECKOUT = Path(__file__).parents[2]
INIT = "/lib/systemd/systemd"
PROGRAMS = ("unshare", "nsenter", "setpriv", "systemctl", "dbus-daemon")
OWN_MOUNTS = ("/etc/systemd/system", "/root/.config", "/root/.local/state")  # of booted.sh
ENVIRON = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8", "TERM": "xterm"}


def impossible() -> str:
    """Why there can be none here; '' where there may."""
    if sys.platform != "linux":
        return "this is no Linux"
    if os.geteuid() != 0:
        return "only root may make namespaces and mounts for a first process of its own"
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    missing += [] if Path(INIT).exists() else [INIT]
    return f"not installed: {', '.join(missing)}" if missing else ""


class Booted:
    """Skips the test, with what was refused, where the kernel allows none."""

    def __init__(self, folder: Path) -> None:
        if why := impossible():
            pytest.skip(f"no computer of its own with systemd: {why}")
        self._folder = folder
        folder.mkdir()
        self._log = folder / "log"
        self._name = f"rs-booted-{secrets.token_hex(4)}"
        (folder / "name").write_text(self._name)

    def __enter__(self) -> Booted:
        command = ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--fork", "--kill-child", "sh", str(SCRIPT)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen([*command, str(self._folder), str(CHECKOUT)], stdout=log, stderr=log)
        try:
            self.wait()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """As a power cut."""
        with contextlib.suppress(psutil.Error):
            for process in reversed(psutil.Process(self._process.pid).children(recursive=True)):
                with contextlib.suppress(psutil.Error):
                    process.kill()
        self._process.kill()
        self._process.wait()
        with contextlib.suppress(TimeoutError):
            until(self._ungrouped, "the end of its control groups", 5)

    def _ungrouped(self) -> bool:
        """Its control groups are gone: they can go when all that was in them has ended."""
        mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
        found = [group for words in mounts if words[2] == "cgroup2" for group in Path(words[1]).rglob(self._name)]
        for top in found:
            for folder, _, _ in os.walk(top, topdown=False):
                with contextlib.suppress(OSError):
                    os.rmdir(folder)
        return not any(group.exists() for group in found)

    def wait(self, boots: int = 1) -> None:
        """Until all of its start number `boots` is there."""

        def up() -> bool:
            if self._process.poll() is not None:
                pytest.skip(f"no computer of its own with systemd: {self._log.read_text(errors='replace')[-300:]}")
            said = self.run("systemctl", "is-system-running").stdout if self.boots >= boots and self._init() else ""
            return said.strip() in ("running", "degraded")

        until(up, "the start of the computer", 60)

    @property
    def boots(self) -> int:
        boots = self._folder / "boots"
        return len(boots.read_text().splitlines()) if boots.exists() else 0

    def _init(self) -> int:
        """Its first process, as this computer numbers it; 0 while there is none."""
        with contextlib.suppress(psutil.Error):
            for process in psutil.Process(self._process.pid).children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    if process.cmdline()[:1] == [INIT] and process.parent().name() == "unshare":  # type: ignore[union-attr]
                        return process.pid
        return 0

    def command(self, *argv: str, **environ: str) -> list[str]:
        """What runs `argv` in it.

        A restart stops every program before it ends them. nsenter would stop with its child, and never hear of its end,
        which the whole computer then waits for; so a shell is the parent, which hears of nothing else."""
        into = ["nsenter", "-t", str(self._init()), "-m", "-p", "-u", "-i", "-C", "-r", "-w", "--no-fork"]
        variables = [f"{name}={value}" for name, value in (ENVIRON | environ).items()]
        return [*into, "sh", "-c", '"$@"; exit $?', "sh", "env", "-i", *variables, *argv]

    def run(self, *argv: str, text: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*argv, **environ), input=text, capture_output=True, text=True, timeout=120, check=False
        )

    def say(self, *argv: str, text: str = "", **environ: str) -> str:
        """What a command says that must succeed."""
        done = self.run(*argv, text=text, **environ)
        if done.returncode:
            raise RuntimeError(f"{argv} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def written(self) -> set[str]:
        """All files that lie on its disk and not on this computer's, by name, but for what Python compiles."""
        with contextlib.suppress(psutil.Error):
            outer = psutil.Process(self._process.pid).children()[0].pid
        upper = self._folder / "disk" / "upper"
        inside = ["nsenter", "-t", str(outer), "-m", "find", str(upper), "(", "-type", "f", "-o", "-type", "l", ")"]
        found = subprocess.run(inside, capture_output=True, text=True, timeout=60, check=True).stdout.splitlines()
        names = {name.removeprefix(str(upper)) for name in found if "/__pycache__/" not in name}
        return names | set(self.say("find", *OWN_MOUNTS, "-type", "f", "-o", "-type", "l").splitlines())

    def exists(self, path: str) -> bool:
        return self.run("test", "-e", path).returncode == 0
