"""Typing echo, eye to eye: from a key press (XTEST) in the viewer to the changed pixel in the viewer's window.

The same program on the customer's display, the same key presses, the same eye on the technician's display, for rs
(agent, relay and encryption in the way) and for TigerVNC (x0vncserver and vncviewer, straight over loopback, in clear).

    python -m tests.bench.echo [--samples 60] [--json FILE]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mss
import numpy as np
from Xlib import XK, X
from Xlib.display import Display
from Xlib.ext import xtest

from tests.support.echo_client import BLOCK, COLOURS
from tests.support.stage import RsStage
from tests.support.xdesktop import XDesktop, until

SOURCE, VIEW = (1920, 1080), (2048, 1200)
GAP = (0.15, 0.40)  # seconds between presses, drawn evenly: no lock-step with anybody's timer


def _rgb(colour: int) -> tuple[int, int, int]:
    return colour >> 16, colour >> 8 & 255, colour & 255


class Eye:
    """Looks at the technician's display, presses keys on it."""

    def __init__(self, display: str) -> None:
        self._screen = mss.MSS(display=display)
        self._x = Display(display)
        self._keys = {n: self._x.keysym_to_keycode(XK.string_to_keysym(n)) for n in ("a", "Return")}
        self._places: list[tuple[int, int]] = []
        self.block = (0, 0)

    def close(self) -> None:
        self._screen.close()
        self._x.close()

    def press(self, name: str) -> float:
        for kind in (X.KeyPress, X.KeyRelease):
            xtest.fake_input(self._x, kind, self._keys[name])
        self._x.sync()
        return time.perf_counter()

    def _all(self) -> Any:
        shot = self._screen.grab(self._screen.monitors[0])
        return np.frombuffer(shot.raw, np.uint8).reshape(shot.height, shot.width, 4)[..., 2::-1].astype(np.int16)

    def locate(self, timeout: float = 60.0) -> None:
        """Finds the block in the viewer's window; remembers its middle and nine places of the page around it."""

        def look() -> bool:
            picture = self._all()
            for colour in COLOURS:
                match = (np.abs(picture - np.array(_rgb(colour))) < 40).all(axis=2)
                if match.sum() > BLOCK * BLOCK * 0.5:
                    ys, xs = np.nonzero(match)
                    self.block = int(np.median(xs)), int(np.median(ys))
                    return True
            return False

        until(look, "the block in the viewer's window", timeout)

    def pixel(self, x: int, y: int) -> tuple[int, int, int]:
        raw = self._screen.grab({"left": x, "top": y, "width": 1, "height": 1}).raw
        return raw[2], raw[1], raw[0]

    def page_places(self) -> list[tuple[int, int]]:
        """Places over the whole picture where the two pages differ, found by looking at both."""
        if not self._places:
            first = self._all().copy()
            self.press("Return")
            time.sleep(2.0)
            second = self._all().copy()
            differs = (np.abs(first - second) > 120).all(axis=2)
            x0, y0 = self.block[0] - SOURCE[0] // 2 - BLOCK // 2, self.block[1] - SOURCE[1] // 2 - BLOCK // 2
            for fy in (0.06, 0.25, 0.45):
                for fx in (0.05, 0.5, 0.93):
                    y, x = int(y0 + SOURCE[1] * fy), int(x0 + SOURCE[0] * fx)
                    box = differs[y : y + 40, x : x + 60]
                    found = np.argwhere(box)
                    if len(found):
                        self._places.append((x + int(found[0][1]), y + int(found[0][0])))
            if len(self._places) < 5:
                raise RuntimeError("the two pages do not differ where they should")
        return self._places


def _wait(differs: Callable[[], bool], since: float, timeout: float = 5.0) -> float | None:
    while time.perf_counter() - since < timeout:
        if differs():
            return (time.perf_counter() - since) * 1e3
        time.sleep(0.0003)
    return None


def _far(a: tuple[int, int, int], b: tuple[int, int, int]) -> bool:
    return sum(abs(p - q) for p, q in zip(a, b, strict=True)) > 150


def typing(eye: Eye, samples: int) -> list[float | None]:
    """Milliseconds from each press to the block's change; None where it took over 5 s."""
    rng, taken = random.Random(5), []
    for _ in range(samples):
        time.sleep(rng.uniform(*GAP))
        before = eye.pixel(*eye.block)
        taken.append(_wait(lambda was=before: _far(eye.pixel(*eye.block), was), eye.press("a")))  # type: ignore[misc]
    return taken


def full(eye: Eye, samples: int) -> list[float | None]:
    """Milliseconds from each press to the change of every place looked at, all over the picture."""
    rng, taken = random.Random(6), []
    places = eye.page_places()
    for _ in range(samples):
        time.sleep(rng.uniform(0.6, 0.9))
        before = [eye.pixel(*p) for p in places]

        def all_changed(was: list[tuple[int, int, int]] = before) -> bool:
            return all(_far(eye.pixel(*p), w) for p, w in zip(places, was, strict=True))

        taken.append(_wait(all_changed, eye.press("Return")))
    return taken


def summary(taken: list[float | None]) -> dict[str, Any]:
    seen = sorted(t for t in taken if t is not None)
    if not seen:
        return {"n": 0, "lost": len(taken)}
    p95 = seen[min(len(seen) - 1, round(len(seen) * 0.95) - 1)]
    return {"n": len(seen), "lost": len(taken) - len(seen), "median_ms": round(statistics.median(seen), 1),
            "p95_ms": round(p95, 1), "max_ms": round(seen[-1], 1)}  # fmt: skip


@contextlib.contextmanager
def desktops() -> Iterator[tuple[XDesktop, XDesktop]]:
    """(customer's with the echo program on it, technician's)."""
    with XDesktop(SOURCE) as source, XDesktop(VIEW, wm=True) as view:
        client = source.spawn(sys.executable, "-m", "tests.support.echo_client", source.display, stdout=subprocess.PIPE)
        assert client.stdout is not None
        client.stdout.readline()
        yield source, view


@contextlib.contextmanager
def tigervnc(source: XDesktop, view: XDesktop) -> Iterator[None]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    source.spawn(
        "X0tigervnc", "-display", source.display, "-SecurityTypes", "None", "-rfbport", str(port), "-localhost"
    )

    def listens() -> bool:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 0.3).close()
            return True
        return False

    until(listens, "X0tigervnc")
    viewer = view.spawn("xtigervncviewer", "-SecurityTypes", "None", "-AlertOnFatalError=0", f"127.0.0.1::{port}")
    view.run("xdotool", "windowactivate", "--sync", str(view.wait_for_window("VNC|TigerVNC")))
    yield
    viewer.terminate()
    viewer.wait(5)


def enlarge(view: XDesktop, window: str) -> None:
    """The window asks for a size of its own while it opens: ask again until ours stays."""
    held = 0
    while held < 5:
        width = re.search(r"Geometry: (\d+)x", view.run("xdotool", "getwindowgeometry", window).stdout)
        held = held + 1 if width and int(width.group(1)) > SOURCE[0] else 0
        if not held:
            view.run("xdotool", "windowmove", window, "0", "0", "windowsize", window, "2040", "1160")
        time.sleep(0.2)
    view.run("xdotool", "windowactivate", "--sync", window)


@contextlib.contextmanager
def rs(source: XDesktop, view: XDesktop) -> Iterator[RsStage]:
    with RsStage(source.display) as stage:
        stage.start_agent(verbose=False)
        stage.join()
        viewer = view.spawn(*stage.command("view", stage.session, "--scale", "1:1"), env=stage.technician)
        window = str(view.wait_for_window(stage.window_title))
        enlarge(view, window)
        yield stage
        viewer.terminate()
        viewer.wait(5)


def measure(samples: int, busy: Path | None = None) -> dict[str, Any]:
    """Both systems, one after the other, on the same two displays. With `busy`, rs also while that file is sent."""
    result: dict[str, Any] = {}
    with desktops() as (source, view):
        for name, system in (("tigervnc", tigervnc), ("rs", rs)):
            with system(source, view) as stage:
                eye = Eye(view.display)
                eye.locate()
                time.sleep(2.0)
                typing(eye, 5)
                result[name] = {
                    "typing": summary(typing(eye, samples)),
                    "full": summary(full(eye, max(10, samples // 4))),
                }
                if stage is not None and busy is not None:
                    result[name]["typing_during_file"] = summary(_during(stage, eye, samples, busy))
                eye.close()
    return result


def _during(stage: RsStage, eye: Eye, samples: int, busy: Path) -> list[float | None]:
    """Typing while files move, sent again and again until enough presses were seen."""
    taken: list[float | None] = []
    while len(taken) < samples:
        sending = stage.begin("send-file", stage.session, str(busy), "--overwrite")
        time.sleep(0.8)
        while sending.poll() is None and len(taken) < samples:
            taken += typing(eye, 1)
        if sending.poll():
            raise RuntimeError(f"rs send-file ended with {sending.returncode}: {sending.communicate()[1]}")
        sending.terminate()
        sending.wait(10)
    return taken


def table(result: dict[str, Any]) -> str:
    lines = [f"{'':10} {'':20} {'median':>8} {'p95':>8} {'max':>8} {'lost':>5}"]
    for name, kinds in result.items():
        for kind, figures in kinds.items():
            row = [figures.get(k, "-") for k in ("median_ms", "p95_ms", "max_ms", "lost")]
            lines.append(f"{name:10} {kind:20} {row[0]:>8} {row[1]:>8} {row[2]:>8} {row[3]:>5}")
    return "\n".join(lines)


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--samples", type=int, default=60)
    arguments.add_argument("--busy", type=Path, help="a large file to send meanwhile")
    arguments.add_argument("--json", type=Path)
    given = arguments.parse_args()
    result = measure(given.samples, given.busy)
    print(table(result))
    if given.json:
        given.json.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    os.environ.setdefault("LC_ALL", "C.UTF-8")
    main()
