"""`make bench-screen`: the picture, beside its peers, over six lines. Results in out/bench/screen.json.

    python -m tests.bench.screen [--only rs,x0vnc] [--lines lan,28k8] [--scenes typing,scroll] [--seconds 4]
                                 [--samples 20] [--mix 120] [--quick] [--add] [--report] [--json FILE] [--from FILE]

--report writes the table into docs/benchmarks.md; with --from it does so from an earlier run's file, and nothing is
measured.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from tests.bench.screen import report, targets
from tests.bench.screen.figures import Figures, Run
from tests.bench.screen.lines import LINES
from tests.bench.screen.measure import Wish, measure
from tests.bench.screen.scenes import BOXES, NEEDS
from tests.bench.screen.source import Source
from tests.bench.screen.systems import SYSTEMS, System
from tests.support.xdesktop import XDesktop

ROOT = Path(__file__).parents[3]
OUT = ROOT / "out" / "bench" / "screen.json"
PAGE = ROOT / "docs" / "benchmarks.md"
VIEW = (2048, 1200)


def main() -> int:
    given = _arguments()
    run = msgspec.json.decode(given.earlier.read_bytes(), type=Run) if given.earlier else _measure(given)
    print("\n" + report.markdown(run))
    if given.report:
        PAGE.write_text(report.put(PAGE.read_text(), report.markdown(run)))
    return 0 if all(verdict.met is not False for verdict in targets.verdicts(run)) else 1


def _names(known: Sequence[str]) -> object:
    def take(text: str) -> list[str]:
        names = text.split(",")
        if unknown := [name for name in names if name not in known]:
            raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: not one of {', '.join(known)}")
        return names

    return take


def _arguments() -> argparse.Namespace:
    systems = [system.name for system in SYSTEMS]
    parser = argparse.ArgumentParser(prog="python -m tests.bench.screen")
    parser.add_argument("--only", type=_names(systems), default=systems, help=f"of {','.join(systems)}")  # type: ignore[arg-type]
    parser.add_argument("--lines", type=_names(list(LINES)), default=list(LINES), help=f"of {','.join(LINES)}")  # type: ignore[arg-type]
    parser.add_argument("--scenes", type=_names(list(BOXES)), default=list(BOXES), help=f"of {','.join(BOXES)}")  # type: ignore[arg-type]
    parser.add_argument("--seconds", type=float, default=4.0, help="a scene")
    parser.add_argument("--samples", type=int, default=20, help="of each latency")
    parser.add_argument("--mix", type=float, default=120.0, help="seconds of ordinary work, on lan; 0 for none")
    parser.add_argument("--quick", action="store_true", help="lan only, 2 s a scene: does it run at all?")
    parser.add_argument("--report", action="store_true", help="write the table into docs/benchmarks.md")
    parser.add_argument("--json", type=Path, default=OUT)
    parser.add_argument("--add", action="store_true", help="to what the file holds of this machine: a run that was cut")
    parser.add_argument("--from", type=Path, dest="earlier", help="an earlier run's file: report on that")
    given = parser.parse_args()
    if given.quick:
        given.lines, given.seconds, given.samples, given.mix = ["lan"], 2.0, 8, 0.0
    return given


def missing(systems: Sequence[System], scenes: Sequence[str]) -> list[str]:
    """One sentence for each program that is not installed: what cannot be measured without it."""
    sentences = []
    for system in systems:
        if gone := system.missing:
            sentences.append(f"{system.title} is not measured: {' and '.join(gone)} not installed.")
    for program in sorted({program for scene in scenes for program in NEEDS[scene] if shutil.which(program) is None}):
        without = [scene for scene in scenes if program in NEEDS[scene]]
        sentences.append(f"{program} is not installed: no figures for {', '.join(without)}.")
    return sentences


def _measure(given: argparse.Namespace) -> Run:
    chosen = [system for system in SYSTEMS if system.name in given.only]
    gone = missing(chosen, given.scenes)
    for sentence in gone:
        print(sentence, flush=True)
    systems = [system for system in chosen if not system.missing]
    scenes = tuple(s for s in given.scenes if all(shutil.which(program) for program in NEEDS[s]))
    run = Run(
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        machine=machine(),
        versions={system.name: system.version for system in systems},
        missing=gone,
    )
    if given.add and given.json.exists():
        before = msgspec.json.decode(given.json.read_bytes(), type=Run)
        if before.machine != run.machine:
            raise SystemExit("That file is of another machine.")
        run = msgspec.structs.replace(before, versions=before.versions | run.versions)
    given.json.parent.mkdir(parents=True, exist_ok=True)
    folder = tempfile.TemporaryDirectory(prefix="rs-bench-", ignore_cleanup_errors=True)
    with folder as at, Source(Path(at)) as source, XDesktop(VIEW) as view:
        for line in given.lines:
            for system in systems:
                wish = Wish(scenes, given.seconds, given.samples, given.mix if line == "lan" else 0.0)
                found = measure(system, LINES[line], source, view, wish)
                run = add(run, system.name, line, found)
                print(report.brief(system.name, line, found), flush=True)
                given.json.write_bytes(msgspec.json.format(msgspec.json.encode(run), indent=1))
    return run


def add(run: Run, system: str, line: str, figures: Figures) -> Run:
    systems = {**run.systems, system: {**run.systems.get(system, {}), line: figures}}
    return msgspec.structs.replace(run, systems=systems)


def machine() -> str:
    name = platform.processor() or platform.machine()
    told = Path("/proc/cpuinfo")
    if told.exists():
        models = [
            line.split(":", 1)[1].strip() for line in told.read_text().splitlines() if line.startswith("model name")
        ]
        name = models[0] if models else name
    return f"{name}, {os.cpu_count()} cores, {platform.platform(terse=True)}, Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main())
