"""One large file and many small ones: rs (relay, agent, encryption, hash) against scp over a local sshd, in one run.

The same bytes, the same file system, both ends on this computer, turn by turn. scp encrypts too, and verifies less: it
neither hashes the whole nor waits for the disk. The resident size of the three programs of rs is sampled meanwhile.

    python -m tests.bench.transfer [--size MIB] [--files N] [--rounds N] [--json FILE]
"""

from __future__ import annotations

import argparse
import contextlib
import filecmp
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.support.stage import Memory, RsStage

MIB = 1024 * 1024
MEMORY_LIMIT = 150  # MiB, each program


class Sshd:
    """An sshd of its own on the loopback: throw-away keys and settings, gone with the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for name in ("host", "user"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
        shutil.copy(folder / "user.pub", folder / "authorized")
        self.port = _free_port()
        settings = {
            "Port": self.port,
            "ListenAddress": "127.0.0.1",
            "HostKey": folder / "host",
            "AuthorizedKeysFile": folder / "authorized",
            "PidFile": "none",
            "StrictModes": "no",
            "PasswordAuthentication": "no",
            "Subsystem": "sftp internal-sftp",
        }
        (folder / "sshd_config").write_text("".join(f"{key} {value}\n" for key, value in settings.items()))
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
        program = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or "/usr/sbin/sshd"
        with (folder / "sshd.log").open("wb") as log:
            self._process = subprocess.Popen([program, "-D", "-e", "-f", folder / "sshd_config"], stderr=log)

    def copy(self, source: Path, target: Path, *options: str) -> None:
        command = ["scp", "-q", "-P", str(self.port), "-i", str(self._folder / "user"), "-F", "none", *options]
        command += ["-o", "StrictHostKeyChecking=no", "-o", f"UserKnownHostsFile={self._folder / 'known'}"]
        subprocess.run([*command, str(source), f"127.0.0.1:{target}"], check=True)

    def wait(self, probe: Path) -> None:
        """Until it answers; `probe` is any file."""
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                self.copy(probe, self._folder / "probe")
                return
            time.sleep(0.05)
        raise RuntimeError("sshd did not start:\n" + (self._folder / "sshd.log").read_text())

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()


def _free_port() -> int:

    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def _timed(work: Callable[[], None]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


@contextlib.contextmanager
def _sshd(folder: Path) -> Iterator[Sshd]:
    folder.mkdir()
    sshd = Sshd(folder)
    try:
        yield sshd
    finally:
        sshd.close()


class Bench:
    def __init__(self, folder: Path, stage: RsStage, sshd: Sshd) -> None:
        self._folder, self._stage, self._sshd = folder, stage, sshd
        self._inbox = stage.home / "Downloads/rs"
        self.peak: dict[str, float] = {"technician": 0.0, "agent": 0.0, "relay": 0.0}

    def send(self, source: Path) -> float:
        """Seconds of the whole command, start-up included."""
        began = time.monotonic()
        process = self._stage.begin("send-file", self._stage.session, str(source), "--json")
        with Memory(technician=process.pid, agent=self._stage.agent.process.pid, relay=self._stage.relay.pid) as seen:
            out, err = process.communicate(timeout=600)
        took = time.monotonic() - began
        if process.returncode:
            raise RuntimeError(f"rs send-file ended with {process.returncode}: {err}")
        self.peak = {name: max(size, seen.peak[name]) for name, size in self.peak.items()}
        self._check(source, self._inbox / json.loads(out)["transfers"][0]["saved_as"].split("/")[0])
        return took

    def fetch(self, source: Path) -> float:
        """The same file back; `source` lies in the customer's home."""
        target = self._folder / "fetched"
        took = _timed(lambda: self._get(source, target))
        self._check(source, target)
        return took

    def scp(self, source: Path) -> float:
        target = self._folder / "copied"
        options = ("-r",) if source.is_dir() else ()
        took = _timed(lambda: self._sshd.copy(source, target, *options))
        self._check(source, target)
        return took

    def _get(self, source: Path, target: Path) -> None:
        self._stage.run("get-file", self._stage.session, str(source), str(target))

    @staticmethod
    def _check(source: Path, copy: Path) -> None:
        """Equal, and gone: neither side gains from a file that is there already."""
        if source.is_dir():
            compared = filecmp.dircmp(source, copy)
            same = not (compared.left_only or compared.right_only or compared.diff_files)
            shutil.rmtree(copy)
        else:
            same = filecmp.cmp(source, copy, shallow=False)
            copy.unlink()
        if not same:
            raise RuntimeError("what arrived is not what was sent")


def _make(folder: Path, size: int, files: int) -> tuple[Path, Path]:
    large, small = folder / "large.bin", folder / "small"
    with large.open("wb") as file:
        for _ in range(size):
            file.write(os.urandom(MIB))
    small.mkdir()
    for number in range(files):
        (small / f"{number}.txt").write_bytes(os.urandom(512).hex().encode())
    return large, small


def measure(size: int, files: int, rounds: int) -> dict[str, Any]:
    with contextlib.ExitStack() as exit_stack:
        folder = Path(exit_stack.enter_context(tempfile.TemporaryDirectory(prefix="rs-bench-")))
        stage = exit_stack.enter_context(RsStage())
        stage.start_agent("--desktop", "headless")
        stage.join()
        large, small = _make(folder, size, files)
        there = stage.home / "large.bin"
        os.link(large, there)
        sshd = exit_stack.enter_context(_sshd(folder / "sshd"))
        sshd.wait(next(small.iterdir()))
        bench = Bench(folder, stage, sshd)
        bench.scp(large)  # one round that does not count: caches, first allocation of the disk's blocks
        times: dict[str, list[float]] = {name: [] for name in ("scp", "send", "fetch", "scp small", "send small")}
        for _ in range(rounds):
            times["scp"].append(bench.scp(large))
            times["send"].append(bench.send(large))
            times["fetch"].append(bench.fetch(there))
        for _ in range(rounds):
            times["scp small"].append(bench.scp(small))
            times["send small"].append(bench.send(small))
        median = {name: statistics.median(each) for name, each in times.items()}
        rate = {name: size * MIB / median[name] / 1e6 for name in ("scp", "send", "fetch")}
        return {
            "size_mib": size,
            "files": files,
            "seconds": median,
            "all_seconds": times,
            "mb_per_second": rate,
            "send_to_scp": median["scp"] / median["send"],
            "fetch_to_scp": median["scp"] / median["fetch"],
            "small_to_scp": median["scp small"] / median["send small"],
            "peak_mib": bench.peak,
        }


def report(found: dict[str, Any]) -> bool:
    """Prints the table. True if all targets are reached."""
    rate, peak = found["mb_per_second"], found["peak_mib"]
    rows = [
        (f"{found['size_mib']} MiB, scp", f"{rate['scp']:.0f} MB/s", ""),
        ("  rs send-file", f"{rate['send']:.0f} MB/s", f"{found['send_to_scp']:.2f} × scp (at least 1)"),
        ("  rs get-file", f"{rate['fetch']:.0f} MB/s", f"{found['fetch_to_scp']:.2f} × scp (at least 1)"),
        (f"{found['files']} files of 1 KiB, scp -r", f"{found['seconds']['scp small']:.2f} s", ""),
        ("  rs send-file", f"{found['seconds']['send small']:.2f} s", f"{found['small_to_scp']:.2f} × scp"),
        *((f"  memory, {name}", f"{size:.0f} MiB", f"limit {MEMORY_LIMIT} MiB") for name, size in peak.items()),
    ]
    for what, value, beside in rows:
        print(f"{what:<32}{value:>12}   {beside}")
    fast = found["send_to_scp"] >= 1 and found["fetch_to_scp"] >= 1
    return fast and all(size < MEMORY_LIMIT for size in peak.values())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--size", type=int, default=1024, help="MiB of the large file")
    parser.add_argument("--files", type=int, default=2000, help="small files")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = measure(options.size, options.files, options.rounds)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    return 0 if report(found) else 1


if __name__ == "__main__":
    sys.exit(main())
