"""What a large file costs in processor time, program by program, and so how much this computer could move at most.

Law: all three programs stand on one computer here, so the sum of what they compute, spread over all its cores without
a gap, is the shortest that any schedule could take. The sums of cipher, hash and loopback are what `limit` measures,
times how often a byte meets each: sealed once, opened once, hashed at both ends, in four sockets twice copied.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Callable
from pathlib import Path

import psutil

from tests.bench.pipe import limit
from tests.bench.pipe.ground import MIB, Ground
from tests.bench.pipe.table import Found, Row

GIB = 1024 * MIB
HOPS = 2  # technician to relay, relay to agent: each byte is copied through a loopback connection twice
WAYS = ("rs send", "rs get")


def measure(ground: Ground) -> Found:
    source = ground.large
    works: dict[str, Callable[[], Path]] = {
        "rs send": lambda: ground.send(source),
        "rs get": lambda: ground.fetch(source),
    }
    rounds: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    for _ in range(ground.size.rounds):
        for way, work in works.items():
            before = _seconds(ground)
            ground.timed(work, source)
            after = _seconds(ground)
            rounds[way].append({name: after[name] - before[name] for name in after})
    least = {way: min(each, key=lambda of: sum(of.values())) for way, each in rounds.items()}
    per_gib = {
        way: {name: seconds * GIB / (ground.size.large * MIB) for name, seconds in of.items()}
        for way, of in least.items()
    }
    each = limit.seconds_a_byte()
    return Found(_rows(per_gib, each), {"seconds_a_gib": rounds, "seconds_a_byte": each})


def _rows(per_gib: dict[str, dict[str, float]], each: dict[str, float]) -> list[Row]:
    cores = os.cpu_count() or 1
    rows = []
    for way, of in per_gib.items():
        total = sum(of.values())
        rows += [Row(f"{way}, processor time a GiB, {name}", f"{seconds:.2f} s") for name, seconds in of.items()]
        rows.append(Row(f"{way}, the same, all three", f"{total:.2f} s"))
        rows.append(Row(f"  at most, on {cores} cores without a gap", f"{cores * GIB / total / 1e6:.0f} MB/s"))
    pieces = {
        "cipher, sealed once and opened once": each["seal"] + each["open"],
        "SHA-256, at both ends": 2 * each["hash"],
        f"copies through the loopback, {HOPS} hops": HOPS * each["loopback"],
    }
    rows += [Row(f"of that: {name}", f"{GIB * seconds:.2f} s") for name, seconds in pieces.items()]
    return rows


def _seconds(ground: Ground) -> dict[str, float]:
    """User and system time so far; of the technician's commands, all that have ended, together."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "technician": ended.ru_utime + ended.ru_stime,
        "relay": _of(ground.stage.relay.pid),
        "agent": _of(ground.stage.agent.process.pid),
    }


def _of(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system
