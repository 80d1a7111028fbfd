"""How long a person waits for a key's effect while four transfers run, two each way, beside how long without them.

Each transfer is a command of its own with a link of its own, as a person with some terminals has them: what is urgent
goes first within a link, and between links only if each leaves room in the line. A key in `rs shell` comes back as its
echo, a key in the viewer as a pixel of the viewer's window. The line is a proxy between relay and technician; on the
loopback there is none, and ssh is measured in the same place: a key in a terminal of its, beside four scp.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psutil

from tests.bench.echo import Eye, desktops, enlarge, summary, typing
from tests.bench.pipe.ground import MIB, Ground, version
from tests.bench.pipe.peers import Sshd
from tests.bench.pipe.table import Found, Row
from tests.bench.screen.lines import Line
from tests.bench.screen.proxy import Proxy
from tests.support.stage import RsStage
from tests.support.terminal import Terminal
from tests.support.xdesktop import XDesktop

LINES = {"loopback": Line(), "1 Mbit/s, 50 ms": Line(1e6, 0.05), "56 kbit/s, 200 ms": Line(56e3, 0.2)}
TIMES = 2.0  # what an idle p95 may become
KEYS = 40
WHERE = {"shell": "the shell", "viewer": "the viewer", "ssh": "ssh -tt, beside scp"}
STARTED = 6.0  # seconds until all transfers move
Figures = dict[str, float]
Work = tuple[Callable[[], subprocess.Popen[str]], Path]  # begins a transfer; what it makes


def measure(ground: Ground, lines: dict[str, Line] = LINES) -> Found:
    rows: list[Row] = []
    raw: dict[str, dict[str, Figures]] = {}
    for name, line in lines.items():
        with desktops() as (source, view):
            found = raw[name] = _over(line, source, view, ground.size.large)
        rows += _rows(name, found)
        if line == Line():
            peer = raw["ssh"] = _over_ssh(ground.sshd, ground.size.large)
            rows += _rows(name, peer)
    return Found(rows, raw, [version("ssh", "-V")])


def _rows(line: str, found: dict[str, Figures]) -> list[Row]:
    rows = []
    for what, called in WHERE.items():
        if f"{what}, idle" not in found:
            continue
        idle, busy = found[f"{what}, idle"], found[f"{what}, busy"]
        for state, of in (("idle", idle), ("four transfers", busy)):
            value = f"{of['median_ms']:.1f}, {of['p95_ms']:.1f} ms"
            rows.append(Row(f"{line}: a key in {called}, {state} (median, p95)", value))
        ratio = busy["p95_ms"] / idle["p95_ms"]
        wanted, met = (f"< {TIMES:g}", ratio < TIMES and not busy["lost"]) if what != "ssh" else ("", None)
        rows.append(Row("  p95 busy / idle", f"{ratio:.2f}", wanted, met))
    moved = found["moved"]
    if "down" in moved:
        rows.append(Row("  bytes meanwhile, up and down", f"{moved['up']:.0f}, {moved['down']:.0f} kB/s"))
    else:
        rows.append(Row("  bytes meanwhile", f"{moved['both'] / 1e3:.0f} MB/s"))
    return rows


def _over(line: Line, source: XDesktop, view: XDesktop, size: int) -> dict[str, Figures]:
    with RsStage(source.display) as stage, contextlib.ExitStack() as around:
        counts = _loopback
        proxy = None if line == Line() else around.enter_context(Proxy(stage.port, line))
        if proxy is not None:
            stage.technician["RS_RELAY"] = f"http://127.0.0.1:{proxy.port}"
            counts = partial(_handed_on, proxy)
        stage.start_agent(allow="view,control,clipboard,files,shell", verbose=False)
        stage.join()
        with _viewer(stage, view) as eye, _shell(stage) as terminal:
            if proxy is not None:
                proxy.quiet(2.0, 90.0)
            found = {
                "shell, idle": summary(_echo(terminal)),
                "viewer, idle": summary(typing(eye, KEYS)),
            }
            with _moving(_transfers(stage, size)):
                time.sleep(STARTED)
                with _counted(found, counts):
                    found["shell, busy"] = summary(_echo(terminal))
                    found["viewer, busy"] = summary(typing(eye, KEYS))
    return found


def _over_ssh(sshd: Sshd, size: int) -> dict[str, Figures]:
    """The same keys through ssh, beside four scp of the same size."""
    with tempfile.TemporaryDirectory(prefix="rs-beside-") as name, _ssh(sshd) as terminal:
        found = {"ssh, idle": summary(_echo(terminal))}
        with _moving(_copies(sshd, Path(name), size)):
            time.sleep(STARTED)
            with _counted(found, lambda: {"both": 2 * _loopback()["both"]}):  # there is no relay
                found["ssh, busy"] = summary(_echo(terminal))
    return found


@contextlib.contextmanager
def _counted(found: dict[str, Figures], counts: Callable[[], Figures]) -> Iterator[None]:
    """What moved meanwhile, in kB/s."""
    before, began = counts(), time.monotonic()
    yield
    took = 1e3 * (time.monotonic() - began)
    found["moved"] = {way: (count - before[way]) / took for way, count in counts().items()}


def _handed_on(proxy: Proxy) -> Figures:
    return {"up": proxy.up, "down": proxy.down}


def _loopback() -> Figures:
    """Each byte of a file passes it twice, to the relay and from it."""
    return {"both": psutil.net_io_counters(pernic=True)["lo"].bytes_sent / 2}


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


@contextlib.contextmanager
def _ssh(sshd: Sshd) -> Iterator[Terminal]:
    talk = "stty -icanon; echo it''begins; exec cat >/dev/null"
    command = ["ssh", "-tt", "-p", str(sshd.port), *sshd.options, "127.0.0.1", talk]
    with Terminal(command, dict(os.environ)) as terminal:
        terminal.wait_for("itbegins", 60)
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
def _moving(works: list[Work]) -> Iterator[None]:
    """Each in a command of its own, again and again."""
    over = threading.Event()
    running: list[subprocess.Popen[str]] = []
    troubles: list[str] = []

    def again(begin: Callable[[], subprocess.Popen[str]], arrived: Path) -> None:
        while not over.is_set():
            process = begin()
            running.append(process)
            _, err = process.communicate()
            if process.returncode and not over.is_set():
                troubles.append(err)
                return
            arrived.unlink(missing_ok=True)

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


def _transfers(stage: RsStage, size: int) -> list[Work]:
    """Two files up and two down."""
    works: list[Work] = []
    for number in (1, 2):
        mine, there = stage.folder / f"up{number}.bin", stage.home / f"down{number}.bin"
        for path in (mine, there):
            _fill(path, size)
        sent, fetched = stage.home / "Downloads/rs" / mine.name, stage.folder / f"got{number}.bin"
        works.append((partial(stage.begin, "send-file", stage.session, str(mine)), sent))
        works.append((partial(stage.begin, "get-file", stage.session, str(there), str(fetched)), fetched))
    return works


def _copies(sshd: Sshd, folder: Path, size: int) -> list[Work]:
    """Two files up and two down, by scp."""
    works: list[Work] = []
    for number in (1, 2):
        mine, there = folder / f"up{number}.bin", folder / f"down{number}.bin"
        for path in (mine, there):
            _fill(path, size)
        sent, fetched = folder / f"sent{number}.bin", folder / f"got{number}.bin"
        works.append((partial(sshd.begin_copy, str(mine), f"127.0.0.1:{sent}"), sent))
        works.append((partial(sshd.begin_copy, f"127.0.0.1:{there}", str(fetched)), fetched))
    return works


def _fill(path: Path, size: int) -> None:
    with path.open("wb") as file:
        for _ in range(size):
            file.write(os.urandom(MIB))
