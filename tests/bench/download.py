"""What a customer downloads, and how long it takes to the code: `make bench-download` (REPORT=1: docs/download.md).

A release as an operator makes it, a relay, and the system's own Python with an empty home and nothing of a venv. What
was fetched is what the relay's own folder says of the files that lie unpacked in the home when the code is shown.
"""

from __future__ import annotations

import json
import platform
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.stage import BIN, CODE, RsStage
from tests.support.terminal import Terminal
from tests.support.xdesktop import XDesktop, until

PLAIN = f"/usr/bin/python3.{sys.version_info[1]}"
MODEL = 544.0  # KB: the model's largest download before its window appears
REPORT = Path(__file__).parents[2] / "docs" / "download.md"
MARKS = ("<!-- measured -->", "<!-- end -->")
STARTS = 7


def measure() -> list[str]:
    with TemporaryDirectory() as name, XDesktop((1024, 700), wm=True) as x:
        folder = Path(name)
        port = _free_port()
        build = [str(BIN / "rs-relay"), "agents", "build", "--data", str(folder / "relay"), "--relay"]
        subprocess.run([*build, f"ws://127.0.0.1:{port}"], check=True)
        agents = folder / "relay" / "agents"
        stage = RsStage(x.display, folder)
        stage.port = port
        with stage:
            program = stage.home / "rs-agent.pyz"
            program.write_bytes((agents / "rs-agent.pyz").read_bytes())
            cache = stage.home / ".cache" / "rs" / "agent"
            files = json.loads((agents / "manifest.json").read_bytes())["files"]
            first, before, _ = _start(stage, program, cache, files)
            rest = sum(f["size"] for name, f in files.items() if name != "code.tar.xz") / 1000
            again = sorted(_start(stage, program, cache, files)[::2] for _ in range(STARTS))[STARTS // 2]
        size = program.stat().st_size / 1000
    return [
        "| | |", "|---|---|",
        f"| the one file | {size:.0f} KB |",
        f"| fetched before the code is shown (Linux, X11) | {before:.0f} KB |",
        f"| **both, the first time** | **{size + before:.0f} KB** (the model: {MODEL:.0f} KB) |",
        "| the next time | 0 KB |",
        f"| all that a session can need, behind the code or when asked for | {rest / 1000:.1f} MB |",
        f"| start to code, the first time, relay on the same computer | {first:.2f} s |",
        f"| start to code, the next time (median of {STARTS}) | {again[0]:.2f} s |",
        f"| memory of an idle agent (resident) | {again[1]:.0f} MB |",
        "",
        f"The system's {Path(PLAIN).name}, {platform.system()} {platform.machine()}, an empty home.",
    ]  # fmt: skip


def _start(
    stage: RsStage, program: Path, cache: Path, files: dict[str, dict[str, object]]
) -> tuple[float, float, float]:
    """(seconds to the code, KB fetched until then, MB resident a moment later)."""
    environment = {"HOME": str(stage.home), "PATH": "/usr/bin:/bin", "DISPLAY": stage.display, "LANG": "C.UTF-8",
                   "TERM": "xterm"}  # fmt: skip
    began = time.perf_counter()
    with Terminal([PLAIN, "-I", str(program), "--console"], environment, columns=110) as agent:
        agent.wait_for(CODE, 60)
        took = time.perf_counter() - began
        there = {path.name for path in cache.iterdir()}
        named = {name: f for name, f in files.items() if str(f["sha256"])[:32] in there and name != "code.tar.xz"}
        fetched = sum(float(str(f["size"])) for name, f in named.items()) / 1000
        until(lambda: any(cache.glob("*/cryptography")), "the ciphers")
        time.sleep(2)
        found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{agent.process.pid}/status").read_text())
        return took, fetched, int(found[1]) / 1024 if found else 0.0


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def main() -> None:
    lines = measure()
    print(*lines, sep="\n")
    if "--report" in sys.argv:
        before, _, rest = REPORT.read_text().partition(MARKS[0])
        after = rest.partition(MARKS[1])[2]
        REPORT.write_text("\n".join([before + MARKS[0], *lines, MARKS[1] + after]))


if __name__ == "__main__":
    main()
