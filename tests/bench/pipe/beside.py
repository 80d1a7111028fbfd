"""How long a person waits for a key's effect while four transfers run, two each way, beside how long without them.

Each transfer is a command of its own with a link of its own, as a person with some terminals has them: what is urgent
goes first within a link, and between links only if each leaves room in the line. A key in `rs shell` comes back as its
echo, a key in the viewer as a pixel of the viewer's window. The line is a proxy between relay and technician.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.echo import Eye, desktops, enlarge, summary, typing
from tests.bench.pipe.ground import MIB, Ground
from tests.bench.pipe.table import Found, Row
from tests.bench.screen.lines import Line
from tests.bench.screen.proxy import Proxy
from tests.support.stage import RsStage
from tests.support.terminal import Terminal
from tests.support.xdesktop import XDesktop

LINES = {"loopback": Line(), "1 Mbit/s, 50 ms": Line(1e6, 0.05), "56 kbit/s, 200 ms": Line(56e3, 0.2)}
TIMES = 2.0  # what an idle p95 may become
KEYS = 40
STARTED = 6.0  # seconds until all transfers move
Figures = dict[str, float]


def measure(ground: Ground, lines: dict[str, Line] = LINES) -> Found:
    rows: list[Row] = []
    raw: dict[str, dict[str, Figures]] = {}
    for name, line in lines.items():
        with desktops() as (source, view):
            found = raw[name] = _over(line, source, view, ground.size.large)
        rows += _rows(name, found)
    return Found(rows, raw)


def _rows(line: str, found: dict[str, Figures]) -> list[Row]:
    rows = []
    for what in ("shell", "viewer"):
        idle, busy = found[f"{what}, idle"], found[f"{what}, busy"]
        for state, of in (("idle", idle), ("four transfers", busy)):
            value = f"{of['median_ms']:.1f}, {of['p95_ms']:.1f} ms"
            rows.append(Row(f"{line}: a key in the {what}, {state} (median, p95)", value))
        ratio = busy["p95_ms"] / idle["p95_ms"]
        met = ratio < TIMES and not busy["lost"]
        rows.append(Row("  p95 busy / idle", f"{ratio:.2f}", f"< {TIMES:g}", met))
    rows.append(Row("  bytes meanwhile, up and down", f"{found['moved']['up']:.0f}, {found['moved']['down']:.0f} kB/s"))
    return rows


def _over(line: Line, source: XDesktop, view: XDesktop, size: int) -> dict[str, Figures]:
    with RsStage(source.display) as stage, Proxy(stage.port, line) as proxy:
        stage.technician["RS_RELAY"] = f"http://127.0.0.1:{proxy.port}"
        stage.start_agent(allow="view,control,clipboard,files,shell", verbose=False)
        stage.join()
        with _viewer(stage, view) as eye, _shell(stage) as terminal:
            proxy.quiet(2.0, 90.0)
            found = {
                "shell, idle": summary(_echo(terminal)),
                "viewer, idle": summary(typing(eye, KEYS)),
            }
            with _transfers(stage, size):
                time.sleep(STARTED)
                up, down, began = proxy.up, proxy.down, time.monotonic()
                found["shell, busy"] = summary(_echo(terminal))
                found["viewer, busy"] = summary(typing(eye, KEYS))
                took = 1e3 * (time.monotonic() - began)
                found["moved"] = {"up": (proxy.up - up) / took, "down": (proxy.down - down) / took}
    return found


@contextlib.contextmanager
def _viewer(stage: RsStage, view: XDesktop) -> Iterator[Eye]:
    viewer = view.spawn(*stage.command("view", stage.session, "--scale", "1:1"), env=stage.technician)
    enlarge(view, str(view.wait_for_window(stage.window_title)))
    eye = Eye(view.display)
    eye.locate(90)
    yield eye
    eye.close()
    viewer.terminate()
    viewer.wait(10)


@contextlib.contextmanager
def _shell(stage: RsStage) -> Iterator[Terminal]:
    with Terminal(stage.command("shell", stage.session), stage.technician) as terminal:
        terminal.wait_for("helps", 60)
        terminal.type("stty -icanon; exec cat >/dev/null\r")
        time.sleep(3)
        yield terminal


def _echo(terminal: Terminal) -> list[float | None]:
    """Milliseconds from each key to its echo."""
    took: list[float | None] = []
    for n in range(KEYS):
        letter, shown = chr(97 + n % 26), len(terminal.text)
        began = time.perf_counter()
        terminal.type(letter)
        terminal.wait_for(letter, 30, after=shown)
        took.append(1e3 * (time.perf_counter() - began))
        time.sleep(0.03 + 0.01 * (n * 7 % 23))  # in step with nobody's timer
    return took


@contextlib.contextmanager
def _transfers(stage: RsStage, size: int) -> Iterator[None]:
    """Two files up and two down, each by a command of its own, again and again."""
    over = threading.Event()
    running: list[subprocess.Popen[str]] = []
    troubles: list[str] = []

    def again(arguments: list[str], arrived: Path) -> None:
        while not over.is_set():
            process = stage.begin(*arguments)
            running.append(process)
            _, err = process.communicate()
            if process.returncode and not over.is_set():
                troubles.append(err)
                return
            arrived.unlink(missing_ok=True)

    works = []
    for number in (1, 2):
        mine, there = stage.folder / f"up{number}.bin", stage.home / f"down{number}.bin"
        for path in (mine, there):
            _fill(path, size)
        sent, fetched = stage.home / "Downloads/rs" / mine.name, stage.folder / f"got{number}.bin"
        works.append((["send-file", stage.session, str(mine)], sent))
        works.append((["get-file", stage.session, str(there), str(fetched)], fetched))
    threads = [threading.Thread(target=again, args=work) for work in works]
    for thread in threads:
        thread.start()
    yield
    over.set()
    for process in running:
        process.kill()
    for thread in threads:
        thread.join()
    if troubles:
        raise RuntimeError(troubles[0])


def _fill(path: Path, size: int) -> None:
    with path.open("wb") as file:
        for _ in range(size):
            file.write(os.urandom(MIB))
