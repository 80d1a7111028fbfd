"""Many files of 1 KiB as one stream, both ways, beside `rsync -a` over ssh; and what that costs in memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.bench.pipe.ground import Ground, median, version
from tests.bench.pipe.table import Found, Row


def measure(ground: Ground) -> Found:
    source = ground.small
    systems: dict[str, Callable[[], Path]] = {
        "rsync": lambda: _synced(ground, source),
        "rs send": lambda: ground.send(source),
        "rs get": lambda: ground.fetch(source),
    }
    times = ground.turns(source, **systems)
    seconds = median(times)
    name = f"{ground.size.files:,} files of 1 KiB"
    rows = [Row(f"{name}, rsync -a over ssh", f"{seconds['rsync']:.2f} s")]
    for way in ("rs send", "rs get"):
        ratio = seconds["rsync"] / seconds[way]
        rows.append(Row(f"{name}, {way}", f"{seconds[way]:.2f} s"))
        rows.append(Row(f"  {way}, times as fast as rsync", f"{ratio:.2f}", "≥ 1", ratio >= 1))
    return Found(rows, {"seconds": times}, [version("rsync", "--version")])


def _synced(ground: Ground, source: Path) -> Path:
    target = ground.target()
    ground.sshd.rsync(source, target)
    return target / source.name
