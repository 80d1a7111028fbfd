"""What all measurements of one run stand on: a whole rs, an sshd, the files, and how long things take.

Files are made once and deleted at the end: ext4 looks past every inode that was deleted in the last minutes, so whoever
makes 50,000 files after somebody's clearing up is ten times slower.
"""

from __future__ import annotations

import contextlib
import filecmp
import json
import os
import platform
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.bench.pipe.peers import Sshd
from tests.support.stage import Memory, RsStage

MIB = 1024 * 1024


@dataclass(frozen=True)
class Size:
    large: int = 1024  # MiB
    files: int = 50_000
    rounds: int = 3


class Ground:
    """`size` says how much; everything else is made when it is first asked for."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self.peak: dict[str, float] = {"technician": 0.0, "agent": 0.0, "relay": 0.0}  # MiB
        self._exit = contextlib.ExitStack()
        self._names = 0

    def __enter__(self) -> Ground:
        self.folder = Path(self._exit.enter_context(tempfile.TemporaryDirectory(prefix="rs-bench-")))
        return self

    def __exit__(self, *_: object) -> None:
        self._exit.close()

    @cached_property
    def stage(self) -> RsStage:
        stage = self._exit.enter_context(RsStage(folder=self._made("rs")))
        stage.start_agent("--desktop", "headless")
        stage.join()
        return stage

    @cached_property
    def sshd(self) -> Sshd:
        sshd = Sshd(self._made("sshd"))
        self._exit.callback(sshd.close)
        probe = self.folder / "probe"
        probe.touch()
        sshd.wait(probe)
        return sshd

    @cached_property
    def large(self) -> Path:
        """The large file, in the customer's home: what is sent is the same as what is fetched."""
        path = self.stage.home / "large.bin"
        with path.open("wb") as file:
            for _ in range(self.size.large):
                file.write(os.urandom(MIB))
        os.sync()
        return path

    @cached_property
    def small(self) -> Path:
        """A directory of files of 1 KiB, in the customer's home."""
        folder = self.stage.home / "small"
        folder.mkdir()
        for number in range(self.size.files):
            (folder / f"{number}.txt").write_bytes(os.urandom(512).hex().encode())
        os.sync()
        return folder

    def target(self) -> Path:
        """A folder that is new each time."""
        self._names += 1
        return self._made(f"target{self._names}")

    def send(self, source: Path) -> Path:
        """One command, start-up included; what arrived."""
        process = self.stage.begin("send-file", self.stage.session, str(source), "--json")
        with self.watched(process.pid):
            out, err = process.communicate(timeout=900)
        if process.returncode:
            raise RuntimeError(f"rs send-file ended with {process.returncode}: {err}")
        name = json.loads(out)["transfers"][0]["saved_as"].split("/")[0]
        return self.stage.home / "Downloads/rs" / name

    def fetch(self, source: Path) -> Path:
        target = self.target()
        process = self.stage.begin("get-file", self.stage.session, str(source), str(target))
        with self.watched(process.pid):
            _, err = process.communicate(timeout=900)
        if process.returncode:
            raise RuntimeError(f"rs get-file ended with {process.returncode}: {err}")
        return target / source.name

    @contextlib.contextmanager
    def watched(self, technician: int) -> Iterator[None]:
        """The three programs' memory while one command runs."""
        with Memory(technician=technician, agent=self.stage.agent.process.pid, relay=self.stage.relay.pid) as seen:
            yield
        self.peak = {name: max(size, seen.peak[name]) for name, size in self.peak.items()}

    def timed(self, work: Callable[[], Path], source: Path) -> float:
        """Seconds; what arrived must be what was sent. A large copy is removed: disks are finite."""
        os.sync()
        began = time.monotonic()
        arrived = work()
        took = time.monotonic() - began
        if not same(source, arrived):
            raise RuntimeError("what arrived is not what was sent")
        if arrived.is_file():
            arrived.unlink()
        return took

    def turns(self, source: Path, **systems: Callable[[], Path]) -> dict[str, list[float]]:
        """Seconds of each system in each round, turn by turn."""
        times: dict[str, list[float]] = {name: [] for name in systems}
        for _ in range(self.size.rounds):
            for name, work in systems.items():
                times[name].append(self.timed(work, source))
        return times

    def _made(self, name: str) -> Path:
        path = self.folder / name
        path.mkdir()
        return path


def median(times: dict[str, list[float]]) -> dict[str, float]:
    return {name: statistics.median(each) for name, each in times.items()}


def same(source: Path, arrived: Path) -> bool:
    if source.is_file():
        return filecmp.cmp(source, arrived, shallow=False)
    compared = filecmp.dircmp(source, arrived)
    if compared.left_only or compared.right_only:
        return False
    _, wrong, failed = filecmp.cmpfiles(source, arrived, compared.common_files, shallow=False)
    return not (wrong or failed)


def machine() -> str:
    found = [platform.platform(), f"{os.cpu_count()} cores", f"Python {platform.python_version()}"]
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        found.insert(0, next(line.partition(": ")[2] for line in lines if line.startswith("model name")))
    return ", ".join(found)


def version(*command: str) -> str:
    """The first line that a program says of itself, or that it is not there."""
    if shutil.which(command[0]) is None:
        return f"{command[0]}: absent"
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return (done.stdout or done.stderr).strip().splitlines()[0]
