"""`rs exec N -- true`, process start included, beside `ssh host true`, with and without a connection that is kept
(ControlMaster); where its milliseconds go; a large file through a command, beside ssh; and how soon a shell answers.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.pipe.ground import Ground, version
from tests.bench.pipe.table import Found, Row
from tests.support.stage import RsStage
from tests.support.terminal import Terminal

WITHIN = 150.0  # ms, a round trip
TURNS = 20
KEYS = 60
APART = ("websockets", "cryptography", "msgspec", "asyncio", "email")


def measure(ground: Ground) -> Found:
    ssh = ["ssh", "-p", str(ground.sshd.port), *ground.sshd.options]
    folder = ground.target()
    stage_folder = folder / "rs"
    stage_folder.mkdir()
    with RsStage("", stage_folder) as stage, _kept(ssh, folder) as kept:
        stage.start_agent("--desktop", "headless", allow="shell")
        stage.join()
        far = stage.command("exec", stage.session, "--")
        trips = _turns(
            {
                "python -c pass": lambda: _run([sys.executable, "-c", "pass"]),
                "ssh, connection kept": lambda: _run([*kept, "127.0.0.1", "true"]),
                "ssh": lambda: _run([*ssh, "127.0.0.1", "true"]),
                "rs exec": lambda: _run([*far, "true"], stage.technician),
                "rs --version": lambda: _run(stage.command("--version"), stage.technician),
            }
        )
        through = _through(ground, [*ssh, "127.0.0.1"], far, stage)
        echo = _echo(stage)
        imports = _imports(stage)
    rows = [Row(f"`{name}`, a round trip", f"{ms:.0f} ms") for name, ms in trips.items() if name != "rs exec"]
    rs = trips["rs exec"]
    rows.append(Row("`rs exec N -- true`, a round trip", f"{rs:.0f} ms", f"< {WITHIN:.0f} ms", rs < WITHIN))
    size = ground.size.large
    rows += [Row(f"{size} MiB into `cat`, {name}", f"{size / seconds:.0f} MiB/s") for name, seconds in through.items()]
    rows.append(Row("a key's echo in `rs shell`, p95", f"{echo:.1f} ms"))
    rows += [Row(f"of rs exec: {name}", f"{ms:.0f} ms") for name, ms in imports.items()]
    return Found(rows, {"trips_ms": trips, "through_s": through, "echo_ms": echo}, [version("ssh", "-V")])


@contextmanager
def _kept(ssh: list[str], folder: Path) -> Iterator[list[str]]:
    """The command that goes over a connection which is there already."""
    command = [*ssh, "-o", f"ControlPath={folder / 'c'}"]
    subprocess.run([*command, "-o", "ControlMaster=yes", "-o", "ControlPersist=yes", "127.0.0.1", "true"], check=True)
    yield command
    subprocess.run([*command, "-O", "exit", "127.0.0.1"], check=True, capture_output=True)


def _run(command: list[str], env: dict[str, str] | None = None) -> None:
    subprocess.run(command, env=env, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def _turns(systems: dict[str, Callable[[], None]]) -> dict[str, float]:
    """Median milliseconds, turn by turn."""
    times: dict[str, list[float]] = {name: [] for name in systems}
    for turn in range(TURNS + 1):
        for name, work in systems.items():
            began = time.perf_counter()
            work()
            if turn:  # the first one warms the disk's cache and the agent's modules
                times[name].append((time.perf_counter() - began) * 1000)
    return {name: statistics.median(each) for name, each in times.items()}


def _through(ground: Ground, ssh: list[str], far: list[str], stage: RsStage) -> dict[str, float]:
    times: dict[str, list[float]] = {"ssh": [], "rs exec": []}
    for _ in range(ground.size.rounds):
        for name, command, env in (("ssh", ssh, None), ("rs exec", far, stage.technician)):
            with ground.large.open("rb") as file:
                began = time.perf_counter()
                subprocess.run([*command, "sh", "-c", "'cat >/dev/null'" if name == "ssh" else "cat >/dev/null"],
                               env=env, stdin=file, check=True)  # fmt: skip
                times[name].append(time.perf_counter() - began)
    return {name: statistics.median(each) for name, each in times.items()}


def _echo(stage: RsStage) -> float:
    """Milliseconds from a typed word to its echo on the screen, of which one in twenty is slower."""
    took = []
    with Terminal(stage.command("shell", stage.session), stage.technician) as terminal:
        terminal.wait_for("helps")
        terminal.type("stty -icanon; exec cat >/dev/null\r")
        time.sleep(1)
        for n in range(KEYS):
            shown = len(terminal.text)
            began = time.perf_counter()
            terminal.type(chr(97 + n % 26))
            terminal.wait_for(chr(97 + n % 26), after=shown)
            took.append((time.perf_counter() - began) * 1000)
            time.sleep(0.03)
    return sorted(took)[int(len(took) * 0.95)]


def _imports(stage: RsStage) -> dict[str, float]:
    """Where its time goes before anything is sent, by the modules it loads (slower than in life: each is timed)."""
    command = [sys.executable, "-X", "importtime", "-m", "rs_cli", "exec", stage.session, "--", "true"]
    told = subprocess.run(
        command, env={**os.environ, **stage.technician}, capture_output=True, text=True, check=True
    ).stderr
    own: dict[str, float] = {}
    for us, module in re.findall(r"import time: +(\d+) \| +\d+ \| +([\w.]+)", told):
        top = module.split(".")[0]
        group = "rs" if top.startswith("rs_") else top if top in APART else "the rest of Python"
        own[group] = own.get(group, 0.0) + int(us) / 1000
    return {f"loading {name}": ms for name, ms in sorted(own.items(), key=lambda each: -each[1])}
