"""`rs forward` beside `ssh -L`: how much goes through one connection, how long a small request takes on an open and
on a fresh one, and on an open one while another pours. The plain loopback stands beside them.
"""

from __future__ import annotations

import contextlib
import json
import socket
import statistics
import subprocess
import threading
import time
from collections.abc import Iterator

from tests.bench.pipe.ground import Ground, version
from tests.bench.pipe.peers import Sshd
from tests.bench.pipe.table import Found, Row
from tests.support.stage import RsStage

MIB = 1024 * 1024
SHARE = 0.5  # of ssh's throughput, at least
REQUESTS = 500
Figures = dict[str, float]


def measure(ground: Ground) -> Found:
    server, stage_folder = Server(), ground.target()
    each: dict[str, list[Figures]] = {}
    with RsStage(folder=stage_folder) as stage, _ssh(ground.sshd, server.port) as ssh:
        stage.start_agent("--desktop", "headless", allow="tunnel", verbose=False)
        stage.join()
        program = stage.begin("forward", stage.session, f"0:127.0.0.1:{server.port}", "--json")
        if program.stdout is None:
            raise RuntimeError("no pipe")
        ports = {"loopback": server.port, "ssh -L": ssh, "rs forward": _port_of(program.stdout.readline())}
        for _ in range(ground.size.rounds):
            for name, port in ports.items():
                each.setdefault(name, []).append(_figures(port, ground.size.large))
    found = {name: _medians(rounds) for name, rounds in each.items()}
    share = found["rs forward"]["mb_s"] / found["ssh -L"]["mb_s"]
    rows = [Row(f"{ground.size.large} MiB through {name}", f"{of['mb_s']:.0f} MB/s") for name, of in found.items()]
    rows.append(Row("that, as a share of ssh's", f"{share:.2f}", f"≥ {SHARE}", share >= SHARE))
    for key, what in WHAT.items():
        rows += [Row(f"{what}, {name}", f"{of[key]:.2f} ms") for name, of in found.items()]
    return Found(rows, found, [version("ssh", "-V")])


WHAT = {
    "open_ms": "a small request",
    "fresh_ms": "the same, on a fresh connection",
    "busy_ms": "the same, while another connection pours",
}


def _medians(rounds: list[Figures]) -> Figures:
    return {key: statistics.median(of[key] for of in rounds) for key in rounds[0]}


def _port_of(line: str) -> int:
    return int(json.loads(line)["at"]["port"])


def _figures(port: int, size: int) -> Figures:
    found = {
        "mb_s": throughput(port, size),
        "open_ms": requests(port, REQUESTS),
        "fresh_ms": fresh(port, REQUESTS // 10),
    }
    pouring = threading.Thread(target=throughput, args=(port, size))
    pouring.start()
    found["busy_ms"] = requests(port, REQUESTS // 10)
    pouring.join()
    return found


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
def _ssh(sshd: Sshd, to: int) -> Iterator[int]:
    """A port that ssh leads to `to`."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    command = ["ssh", "-N", "-p", str(sshd.port), *sshd.options, "-L", f"127.0.0.1:{port}:127.0.0.1:{to}", "127.0.0.1"]
    tunnel = subprocess.Popen(command)
    try:
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.05)
        yield port
    finally:
        tunnel.terminate()
        tunnel.wait()
