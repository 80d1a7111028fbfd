"""`make bench-transfer`: files, and all else that goes through a session, beside their peers in the same run.

    python -m tests.bench.transfer [--only NAME …] [--size MIB] [--files N] [--rounds N] [--quick] [--report]

The same bytes, the same disk, both ends on this computer, turn by turn. scp and rsync encrypt too, and promise less:
they neither hash the whole nor wait for the disk. Results in out/bench/transfer.json; `--report` writes
docs/benchmarks.md.

A measurement is a module of tests/bench/pipe with `measure(ground) -> Found`, and a line in MEASUREMENTS.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench.pipe.ground import Ground, Size, machine
from tests.bench.pipe.table import Found, Row, markdown, put, text

ROOT = Path(__file__).parents[2]
OUT, PAGE = ROOT / "out" / "bench" / "transfer.json", ROOT / "docs" / "benchmarks.md"

MEASUREMENTS = ("limit", "large", "work", "small", "again", "commands", "archive", "tunnel", "beside")
QUICK = Size(large=64, files=1000, rounds=1)


def _measure(names: list[str], size: Size) -> dict[str, Found]:
    found: dict[str, Found] = {}
    with Ground(size) as ground:
        for name in names:
            print(f"\n== {name}", flush=True)
            found[name] = importlib.import_module(f"tests.bench.pipe.{name}").measure(ground)
            print(text(found[name].rows), flush=True)
    return found


def _keep(found: dict[str, Found], rounds: int) -> dict[str, Any]:
    """What was measured, with what an earlier run of other measurements left."""
    before: dict[str, Any] = json.loads(OUT.read_text()) if OUT.exists() else {}
    kept = {name: each for name, each in before.items() if name in MEASUREMENTS and "when" in each}
    for name, each in found.items():
        kept[name] = {
            "when": f"{datetime.now(UTC):%Y-%m-%d}",
            "machine": machine(),
            "rounds": rounds,
            "rows": [[row.what, row.value, row.wanted, row.met] for row in each.rows],
            "raw": each.raw,
            "versions": list(each.versions),
        }
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(kept, indent=1) + "\n")
    return kept


def _report(kept: dict[str, Any]) -> str:
    """One table of all that is kept, in the order of the list."""
    there = [kept[name] for name in MEASUREMENTS if name in kept]
    versions = dict.fromkeys(version for each in there for version in each["versions"])
    dates = sorted({each["when"] for each in there})
    rounds = min(each["rounds"] for each in there)
    head = f"{', '.join(dates)}. {there[0]['machine']}. {'; '.join(versions)}. Median of {rounds} rounds."
    return markdown(head, [Row(*row) for each in there for row in each["rows"]])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--only", nargs="+", choices=MEASUREMENTS, default=list(MEASUREMENTS))
    parser.add_argument("--size", type=int, default=Size.large, help="MiB of the large file")
    parser.add_argument("--files", type=int, default=Size.files, help="small files")
    parser.add_argument("--rounds", type=int, default=Size.rounds)
    parser.add_argument("--quick", action="store_true", help="does it run at all?")
    parser.add_argument("--report", action="store_true", help="write the table into docs/benchmarks.md")
    options = parser.parse_args()
    size = QUICK if options.quick else Size(options.size, options.files, options.rounds)
    print(machine())
    found = _measure(options.only, size)
    rows = [row for each in found.values() for row in each.rows]
    if not options.quick:
        kept = _keep(found, size.rounds)
        if options.report:
            PAGE.write_text(put(PAGE.read_text(), _report(kept)))
    return 1 if any(row.met is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
