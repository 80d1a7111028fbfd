"""`make bench`: every measurement, one after the other, each beside its peer in the same run. Results in out/bench.

    python -m tests.bench [--quick]

Said at the end: what it must reach, met or not. Figures are of this machine in this hour; the ratios are the point.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.bench import echo

OUT = Path(__file__).parents[2] / "out" / "bench"


def _run(name: str, *arguments: str) -> bool:
    print(f"\n== {name} {' '.join(arguments)}".rstrip(), flush=True)
    return subprocess.run([sys.executable, "-m", f"tests.bench.{name}", *arguments], check=False).returncode == 0


def _echo(samples: int) -> dict[str, Any]:
    print("\n== echo: milliseconds from a key press in the viewer to the changed pixel in the viewer", flush=True)
    with tempfile.NamedTemporaryFile(prefix="rs-bench-") as file:
        for _ in range(1024):
            file.write(os.urandom(1 << 20))
        file.flush()
        result = echo.measure(samples, Path(file.name))
    print(echo.table(result), flush=True)
    (OUT / "echo.json").write_text(json.dumps(result, indent=1))
    return result


def _verdicts(result: dict[str, Any]) -> list[tuple[str, bool]]:
    rs = result["rs"]
    idle, busy = rs["typing"], rs["typing_during_file"]
    return [
        (f"typing echo, median {idle['median_ms']} ms, under 60 ms", idle["median_ms"] < 60),
        (
            f"typing echo while a file moves, p95 {busy['p95_ms']} ms, under twice the idle {idle['p95_ms']} ms",
            busy["p95_ms"] < 2 * idle["p95_ms"],
        ),
    ]


def main() -> int:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--quick", action="store_true", help="fewer samples and smaller files: does it run at all?")
    quick = arguments.parse_args().quick
    OUT.mkdir(parents=True, exist_ok=True)
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    size = ["--size", "128", "--files", "200", "--rounds", "1"] if quick else []
    fast = _run("transfer", *size, "--json", str(OUT / "transfer.json"))
    verdicts = [
        ("1 GiB at least as fast as scp, each process under 150 MB", fast),
        *_verdicts(_echo(15 if quick else 60)),
    ]
    _run("splice", *(["--seconds", "0.5"] if quick else []))
    _run("agent_start")
    _run("connect", *(["--rounds", "1"] if quick else []))
    _run("viewer_paint")
    _run("screen_codecs")
    print()
    for text, met in verdicts:
        print(f"{'met    ' if met else 'NOT MET'}  {text}")
    return 0 if all(met for _, met in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
