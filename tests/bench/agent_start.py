"""`python -m tests.bench.agent_start`: how long from `rs-agent` to the code on the screen, and what it costs to wait.

The relay is on this computer, the display is a virtual one. The window is asked what it shows: its title says at once
that nobody is connected, and the code is there when the copy button gives it. Memory is that of both processes while
nobody is connected: resident, and proportional (what they share with each other counted once). Idle is the processor
time of both over 20 s: the window counts down how long the code holds, once a second, and 20 ms are a thousandth of a
processor.
"""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

from tests.support.stage import BIN, RsStage
from tests.support.xdesktop import XDesktop, until

ROUNDS = 7
IDLE = 20.0  # seconds
TARGET = {"seconds to the code": 1.5, "MB in proportion": 60.0, "ms of processor in 20 s": 20.0}
# A window that tells a file when each message came to it: its own clock is the system's.
SPY = """
import sys, time
from rs_agent.ui.face import pipe, window
took = window.Window.take
def take(self, message):
    took(self, message)
    if isinstance(message, pipe.Code):
        self._root.update()
        with open({file!r}, "w") as file:
            file.write(str(time.time()))
window.Window.take = take
"""


def main() -> int:
    with XDesktop((1280, 800), wm=True) as desktop, RsStage(desktop.display) as stage:
        times = [_to_the_code(stage) for _ in range(ROUNDS)]
        figures = {
            "seconds to the code": statistics.median(times[1:]),
            "slowest": max(times[1:]),
            "the first, cold": times[0],
            **_waiting(stage),
        }
    for name, value in figures.items():
        print(f"{name:28} {value:8.2f}" + (f"   (at most {TARGET[name]:g})" if name in TARGET else ""))
    return 0


def _start(stage: RsStage, spy: Path | None = None) -> subprocess.Popen[bytes]:
    env = dict(stage.customer)
    if spy is not None:
        folder = stage.folder / "spy"
        folder.mkdir(exist_ok=True)
        (folder / "sitecustomize.py").write_text(
            "import sys\nif 'rs_agent.ui.face' in ' '.join(sys.orig_argv):\n"
            + "\n".join("    " + line for line in SPY.format(file=str(spy)).splitlines())
        )
        env["PYTHONPATH"] = f"{folder}:{Path(__file__).parents[2]}"
    silent = subprocess.DEVNULL
    return subprocess.Popen([str(BIN / "rs-agent")], env=env, stdin=silent, stdout=silent, stderr=silent)


def _to_the_code(stage: RsStage) -> float:
    shown = stage.folder / "shown"
    shown.unlink(missing_ok=True)
    began = time.time()
    agent = _start(stage, shown)
    try:
        until(lambda: shown.exists() and shown.read_text(), "the code")
        return float(shown.read_text()) - began
    finally:
        agent.terminate()
        agent.wait(10)


def _waiting(stage: RsStage) -> dict[str, float]:
    agent = _start(stage)
    try:
        time.sleep(4.0)
        pids = [agent.pid, *_children(agent.pid)]
        before = sum(_ran(pid) for pid in pids)
        time.sleep(IDLE)
        spent = sum(_ran(pid) for pid in pids) - before
        return {
            "processes": float(len(pids)),
            "MB resident, added up": sum(_kib(pid, "Rss") for pid in pids) / 1024,
            "MB in proportion": sum(_kib(pid, "Pss") for pid in pids) / 1024,
            "MB of their own": sum(_kib(pid, "Private_Dirty") for pid in pids) / 1024,
            "ms of processor in 20 s": spent / 1e6,
        }
    finally:
        agent.terminate()
        agent.wait(10)


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _ran(pid: int) -> int:
    """Nanoseconds on a processor, all threads."""
    return sum(int(task.read_text().split()[0]) for task in Path(f"/proc/{pid}/task").glob("*/schedstat"))


def _kib(pid: int, what: str) -> int:
    return sum(int(n) for n in re.findall(rf"^{what}:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M))


if __name__ == "__main__":
    sys.exit(main())
