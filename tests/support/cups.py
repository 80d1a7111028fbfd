"""A real cupsd of the test's own, with one printer that keeps what is printed. Nothing of the system's is touched."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

CUPSD = shutil.which("cupsd") or "/usr/sbin/cupsd"
LIBRARY = Path("/usr/lib/cups")

_BACKEND = """#!/bin/sh
# A printer: what comes is kept. (With no argument: what devices there are.)
[ $# = 0 ] && { echo 'direct keep "Keeper" "Keeper"'; exit 0; }
[ -e FOLDER/broken ] && exit 1
cat ${6:--} > FOLDER/job-$1.part
echo "$5" > FOLDER/job-$1.options
mv FOLDER/job-$1.part FOLDER/job-$1
"""
_ALL = "Order allow,deny\nAllow all\n"


class Cups:
    """`printed`: the folder where each job lies as `job-N`. `env`: what makes `lp` speak with this one."""

    def __init__(self, folder: Path) -> None:
        if not Path(CUPSD).exists() or shutil.which("lp") is None:
            pytest.skip("needs cups-daemon and cups-client")
        self.folder, self.printed = folder, folder / "printed"
        self.printed.mkdir(parents=True)
        self.socket = folder / "cups.sock"
        self.env = {"CUPS_SERVER": str(self.socket)}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Cups:
        self._write()
        with (self.folder / "cupsd.log").open("wb") as log:
            self._process = subprocess.Popen(
                [CUPSD, "-f", "-c", str(self.folder / "cupsd.conf"), "-s", str(self.folder / "cups-files.conf")],
                stdout=log, stderr=log,
            )  # fmt: skip
        until = time.monotonic() + 20
        while self._tool("lpstat", "-r").stdout.strip() != "scheduler is running":
            assert time.monotonic() < until, (self.folder / "cupsd.log").read_text()
            time.sleep(0.05)
        made = self._tool("lpadmin", "-p", "Keeper", "-E", "-v", "keep:/", "-m", "raw")
        assert made.returncode == 0, made.stderr
        return self

    def __exit__(self, *_: object) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(20)

    def pause(self, on: bool) -> None:
        """The printer stands still: jobs wait."""
        self._tool("cupsdisable" if on else "cupsenable", "Keeper")

    def fail(self) -> None:
        """The next jobs are given up."""
        (self.printed / "broken").touch()
        self._tool("lpadmin", "-p", "Keeper", "-o", "printer-error-policy=abort-job")

    def cancel_all(self) -> None:
        self._tool("cancel", "-a", "Keeper")

    def _tool(self, *command: str) -> subprocess.CompletedProcess[str]:
        path = f"{os.environ['PATH']}:/usr/sbin"
        env = {**os.environ, **self.env, "LC_ALL": "C", "PATH": path}
        return subprocess.run(command, capture_output=True, text=True, env=env, timeout=30)

    def _write(self) -> None:
        programs = self.folder / "bin"
        (programs / "backend").mkdir(parents=True)
        for part in LIBRARY.iterdir():
            if part.name != "backend":
                (programs / part.name).symlink_to(part)
        backend = programs / "backend/keep"
        backend.write_text(_BACKEND.replace("FOLDER", str(self.printed)))
        backend.chmod(0o700)  # root's alone: cupsd runs it as whoever started the test, who owns the folder
        for name in ("root", "spool", "cache", "state"):
            (self.folder / name).mkdir()
        (self.folder / "cups-files.conf").write_text(
            f"ServerRoot {self.folder}/root\nRequestRoot {self.folder}/spool\nCacheDir {self.folder}/cache\n"
            f"StateDir {self.folder}/state\nServerBin {programs}\nAccessLog {self.folder}/access.log\n"
            f"ErrorLog {self.folder}/error.log\nPageLog {self.folder}/page.log\n"
        )
        (self.folder / "cupsd.conf").write_text(
            f"Listen {self.socket}\nWebInterface No\nBrowsing Off\nDefaultAuthType None\nPreserveJobHistory Yes\n"
            f"<Location />\n{_ALL}</Location>\n<Location /admin>\n{_ALL}</Location>\n"
            "<Policy default>\n<Limit All>\nOrder deny,allow\nAllow all\n</Limit>\n</Policy>\n"
        )
