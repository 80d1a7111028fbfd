"""One large file, both ways, beside scp, rsync and magic-wormhole, and beside what a core allows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.bench.pipe import limit
from tests.bench.pipe.ground import MIB, Ground, median, version
from tests.bench.pipe.peers import Absent, Wormhole
from tests.bench.pipe.table import Found, Row

SHARE = 0.6  # of what one core allows
WORMHOLE = 4.0
MEMORY = 150  # MiB, each program


def measure(ground: Ground) -> Found:
    source = ground.large
    systems: dict[str, Callable[[], Path]] = {
        "scp": lambda: _copied(ground, source),
        "rsync": lambda: _synced(ground, source),
        "rs send": lambda: ground.send(source),
        "rs get": lambda: ground.fetch(source),
    }
    versions = [version("ssh", "-V"), version("rsync", "--version")]
    wormhole = _wormhole(ground)
    if wormhole:
        systems["wormhole"] = lambda: _sent(ground, wormhole, source)
        versions.append(wormhole.version())
    ground.timed(systems["scp"], source)  # one that does not count: caches, first allocation of the disk's blocks
    times = ground.turns(source, **systems)
    if wormhole:
        wormhole.close()
    else:
        versions.append("magic-wormhole: absent")
    core = limit.measure(ground).raw["bytes_a_second"]["both"]
    rates = {name: ground.size.large * MIB / each for name, each in median(times).items()}
    return Found(_rows(ground, rates, core), {"seconds": times, "bytes_a_second": rates, "limit": core}, versions)


def _rows(ground: Ground, rates: dict[str, float], core: float) -> list[Row]:
    name = f"{ground.size.large} MiB"
    rows = [Row(f"{name}, {peer}", _rate(rates[peer])) for peer in ("scp", "rsync", "wormhole") if peer in rates]
    for way in ("rs send", "rs get"):
        rate = rates[way]
        rows.append(Row(f"{name}, {way}", _rate(rate)))
        rows.append(_over(f"  {way} / scp", rate / rates["scp"], 1.0))
        if "wormhole" in rates:
            rows.append(_over(f"  {way} / magic-wormhole", rate / rates["wormhole"], WORMHOLE))
        rows.append(_over(f"  {way} / one core's cipher, hash and copy", rate / core, SHARE))
    for program, size in ground.peak.items():
        rows.append(Row(f"memory at its peak, {program}", f"{size:.0f} MiB", f"< {MEMORY} MiB", size < MEMORY))
    return rows


def _rate(rate: float) -> str:
    return f"{rate / 1e6:.0f} MB/s"


def _over(what: str, ratio: float, wanted: float) -> Row:
    return Row(what, f"{ratio:.2f}", f"≥ {wanted:g}", ratio >= wanted)


def _copied(ground: Ground, source: Path) -> Path:
    target = ground.target() / source.name
    ground.sshd.copy(source, target)
    return target


def _synced(ground: Ground, source: Path) -> Path:
    target = ground.target()
    ground.sshd.rsync(source, target)
    return target / source.name


def _sent(ground: Ground, wormhole: Wormhole, source: Path) -> Path:
    target = ground.target() / source.name
    wormhole.copy(source, target)
    return target


def _wormhole(ground: Ground) -> Wormhole | None:
    try:
        return Wormhole(ground.target())
    except Absent:
        return None
