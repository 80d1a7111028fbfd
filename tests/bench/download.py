"""What a customer downloads, and how long it takes to the code: `make bench-download` (REPORT=1: docs/download.md).

A release as an operator makes it, a relay, and the system's own Python with an empty home and nothing of a venv. What
is fetched before the code is what the release says of it; a journey holds it to that. The frozen file runs here with
the same environment, without a Python in it that it would find.
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
FROZEN = "rs-agent-linux-x86_64"


def measure() -> list[str]:
    with TemporaryDirectory() as name, XDesktop((1024, 700), wm=True) as x:
        folder = Path(name)
        port = _free_port()
        build = [str(BIN / "rs-relay"), "agents", "build", "--frozen", "--data", str(folder / "relay"), "--relay"]
        subprocess.run([*build, f"ws://127.0.0.1:{port}"], check=True)
        agents = folder / "relay" / "agents"
        stage = RsStage(x.display, folder)
        stage.port = port
        with stage:
            program = stage.home / "rs-agent.pyz"
            program.write_bytes((agents / "rs-agent.pyz").read_bytes())
            cache = stage.home / ".cache" / "rs" / "agent"
            files = json.loads((agents / "manifest.json").read_bytes())["files"]
            python = [PLAIN, "-I", str(program)]
            said = json.loads((agents / "manifest.json").read_bytes())
            (modules,) = said["targets"].values()
            early = {modules[name]: files[modules[name]] for name in said["first"] if name in modules}
            first, before, _ = _start(stage, python, cache, early)
            rest = sum(f["size"] for name, f in files.items() if name != "code.tar.xz") / 1000
            again = sorted(_start(stage, python, cache, files)[::2] for _ in range(STARTS))[STARTS // 2]
            alone = stage.home / "rs-agent-alone"
            alone.write_bytes((agents / FROZEN).read_bytes())
            unpacked = _start(stage, ["sh", str(alone)], cache, {})
            ready = sorted(_start(stage, ["sh", str(alone)], cache, {})[::2] for _ in range(STARTS))[STARTS // 2]
            alone_size = alone.stat().st_size
            (place,) = cache.glob("program-*")
            room = sum(path.lstat().st_size for path in place.rglob("*") if path.is_file()) / 1e6
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
        f"| without Python: the one file, and unpacked | {alone_size / 1e6:.1f} MB, {room:.0f} MB |",
        f"| start to code, the first time (it unpacks itself) | {unpacked[0]:.2f} s |",
        f"| start to code, the next time (median of {STARTS}) | {ready[0]:.2f} s |",
        f"| memory of an idle agent (resident) | {ready[1]:.0f} MB |",
        "",
        f"The system's {Path(PLAIN).name}, {platform.system()} {platform.machine()}, an empty home.",
    ]  # fmt: skip


def _start(
    stage: RsStage, program: list[str], cache: Path, files: dict[str, dict[str, object]]
) -> tuple[float, float, float]:
    """(seconds to the code, KB fetched until then, MB resident a moment later)."""
    environment = {"HOME": str(stage.home), "PATH": "/usr/bin:/bin", "DISPLAY": stage.display, "LANG": "C.UTF-8",
                   "TERM": "xterm"}  # fmt: skip
    began = time.perf_counter()
    with Terminal([*program, "--console"], environment, columns=110) as agent:
        agent.wait_for(CODE, 60)
        took = time.perf_counter() - began
        fetched = sum(float(str(f["size"])) for f in files.values()) / 1000
        if files:
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
