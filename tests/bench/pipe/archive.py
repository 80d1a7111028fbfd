"""`tar c . | rs exec N -- tar x` beside `rs send-file` of the same bytes, start-up included.

`tar x` neither hashes nor waits for the disk.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.bench.pipe.ground import MIB, Ground
from tests.bench.pipe.table import Found, Row
from tests.support.stage import RsStage

SHARE = 0.9  # of a transfer's speed: what is under that is not "at transfer speed" any more


def measure(ground: Ground) -> Found:
    source = ground.large
    stage_folder = ground.target()
    times: dict[str, list[float]] = {"rs send-file": [], "tar through rs exec": []}
    with RsStage("", stage_folder) as stage:
        stage.start_agent("--desktop", "headless", allow="shell")
        stage.join()
        for number in range(ground.size.rounds):
            times["rs send-file"].append(ground.timed(lambda: ground.send(source), source))
            into = stage_folder / f"into{number}"
            into.mkdir()
            times["tar through rs exec"].append(ground.timed(lambda into=into: _through(stage, source, into), source))
    rates = {name: ground.size.large * MIB / 1e6 / min(each) for name, each in times.items()}
    share = rates["tar through rs exec"] / rates["rs send-file"]
    rows = [Row(f"{ground.size.large} MiB, {name}", f"{rate:.0f} MB/s") for name, rate in rates.items()]
    rows.append(Row("  tar through rs exec / rs send-file", f"{share:.2f}", f"≥ {SHARE}", share >= SHARE))
    return Found(rows, {"seconds": times})


def _through(stage: RsStage, source: Path, into: Path) -> Path:
    packing = ["tar", "c", "-C", str(source.parent), source.name]
    with subprocess.Popen(packing, stdout=subprocess.PIPE) as tar:
        far = stage.command("exec", stage.session, "--", "tar", "x", "-C", str(into))
        subprocess.run(far, env=stage.technician, stdin=tar.stdout, check=True)
    if tar.returncode:
        raise RuntimeError(f"tar ended with {tar.returncode}")
    return into / source.name
