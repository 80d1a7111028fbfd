"""`rs forward` against `ssh -L`, turn by turn in one run: how much goes through one connection, and how long a small
request takes on an open and on a fresh one. All ends are on this computer, the plain loopback beside them.

    python -m tests.bench.tunnel [--size MIB] [--rounds N] [--requests N] [--json FILE]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench.pipe.peers import Sshd
from tests.support.stage import RsStage

MIB = 1024 * 1024
SHARE = 0.5  # of ssh's throughput, at least


class Server:
    """`G` and eight hex digits: so many MiB. `P`: one byte back for each of 100 that come. A process of its own would
    be fairer to neither: the threads are the same for both."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            made, _ = self._listener.accept()
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(made,), daemon=True).start()

    def _serve(self, made: socket.socket) -> None:
        with contextlib.suppress(OSError), made:
            if made.recv(1) == b"G":
                block = bytes(MIB)
                for _ in range(int(made.recv(8, socket.MSG_WAITALL), 16)):
                    made.sendall(block)
                return
            while made.recv(100, socket.MSG_WAITALL):
                made.sendall(b"x" * 100)


def throughput(port: int, size: int) -> float:
    """MB/s of one connection."""
    buffer = bytearray(MIB)
    began = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port)) as made:
        made.sendall(b"G%08x" % size)
        got = 0
        while count := made.recv_into(buffer):
            got += count
    if got != size * MIB:
        raise RuntimeError(f"{got} bytes arrived of {size * MIB}")
    return got / 1e6 / (time.perf_counter() - began)


def requests(port: int, count: int) -> float:
    """Median milliseconds of 100 bytes there and 100 back, on one connection."""
    took = []
    with socket.create_connection(("127.0.0.1", port)) as made:
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        made.sendall(b"P")
        for _ in range(count):
            began = time.perf_counter()
            made.sendall(b"y" * 100)
            made.recv(100, socket.MSG_WAITALL)
            took.append(1000 * (time.perf_counter() - began))
    return statistics.median(took)


def fresh(port: int, count: int) -> float:
    """The same, each on a connection of its own."""
    took = []
    for _ in range(count):
        began = time.perf_counter()
        with socket.create_connection(("127.0.0.1", port)) as made:
            made.sendall(b"P" + b"y" * 100)
            made.recv(100, socket.MSG_WAITALL)
        took.append(1000 * (time.perf_counter() - began))
    return statistics.median(took)


@contextlib.contextmanager
def _ssh(folder: Path, to: int) -> Iterator[int]:
    sshd = Sshd(folder)
    try:
        probe = folder / "empty"
        probe.touch()
        sshd.wait(probe)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        command = ["ssh", "-N", "-F", "none", "-p", str(sshd.port), "-i", str(folder / "user")]
        command += ["-o", "StrictHostKeyChecking=no", "-o", f"UserKnownHostsFile={folder / 'known'}"]
        tunnel = subprocess.Popen([*command, "-L", f"127.0.0.1:{port}:127.0.0.1:{to}", "127.0.0.1"])
        try:
            for _ in range(200):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
                time.sleep(0.05)
            yield port
        finally:
            tunnel.terminate()
            tunnel.wait()
    finally:
        sshd.close()


def measure(size: int, rounds: int, count: int) -> dict[str, Any]:
    server = Server()
    with tempfile.TemporaryDirectory(prefix="rs-bench-") as folder, RsStage() as stage:
        stage.start_agent("--desktop", "headless", allow="tunnel", verbose=False)
        stage.join()
        program = stage.begin("forward", stage.session, f"0:127.0.0.1:{server.port}", "--json")
        if program.stdout is None:
            raise RuntimeError("no pipe")
        ready = json.loads(program.stdout.readline())
        with _ssh(Path(folder), server.port) as ssh:
            ports = {"loopback": server.port, "ssh": ssh, "rs": ready["at"]["port"]}
            found: dict[str, dict[str, list[float]]] = {name: {"mb_s": [], "ms": [], "fresh_ms": []} for name in ports}
            for _ in range(rounds):
                for name, port in ports.items():
                    found[name]["mb_s"].append(throughput(port, size))
                    found[name]["ms"].append(requests(port, count))
                    found[name]["fresh_ms"].append(fresh(port, max(count // 10, 5)))
    return {name: {key: round(statistics.median(each), 3) for key, each in of.items()} for name, of in found.items()}


def main() -> int:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--size", type=int, default=512, help="MiB through one connection")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--requests", type=int, default=500)
    arguments.add_argument("--json", type=Path)
    wanted = arguments.parse_args()
    result = measure(wanted.size, wanted.rounds, wanted.requests)
    print(f"{'':10}{'MB/s':>8}{'request ms':>12}{'fresh ms':>10}")
    for name, of in result.items():
        print(f"{name:10}{of['mb_s']:8.0f}{of['ms']:12.2f}{of['fresh_ms']:10.2f}")
    share = result["rs"]["mb_s"] / result["ssh"]["mb_s"]
    met = share >= SHARE
    print(f"{'met' if met else 'NOT MET'}: {share:.2f} of ssh -L's throughput, at least {SHARE}")
    if wanted.json:
        wanted.json.write_text(json.dumps(result, indent=1))
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
