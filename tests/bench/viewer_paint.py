"""How long the viewer takes from a frame on its stdin to a picture on the X server: decoded, painted, told as Painted.

    python -m tests.bench.viewer_paint [--rounds 40]

The sender's own work (differences, compression) is not in it: a frame is made before the clock starts.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator

import numpy as np

from rs_cli.viewer import pipe
from rs_relay.channels.screen.messages import Copy, Frame, Painted
from rs_relay.channels.screen.tiles import Pixels
from tests.support.pictures import Painter
from tests.support.viewer import ALLOWED, RealViewer, real_viewer

SIZE = (1920, 1080)
Change = Callable[[Pixels, int], None]


def letter(picture: Pixels, n: int) -> None:
    picture[500:516, 400 + 10 * n : 409 + 10 * n] = 255 - picture[500:516, 400 + 10 * n : 409 + 10 * n]


def quarter(picture: Pixels, n: int) -> None:
    picture[:540, :960] = np.roll(picture[:540, :960], 3, axis=1)


def everything(picture: Pixels, n: int) -> None:
    picture[:] = 255 - picture


CHANGES: dict[str, Change] = {"a letter": letter, "a quarter": quarter, "everything": everything}


def page() -> Pixels:
    """Black strokes on white, which compress as text does."""
    rng = np.random.default_rng(3)
    picture = np.full((SIZE[1], SIZE[0], 3), 255, np.uint8)
    for y in range(10, SIZE[1] - 20, 18):
        picture[y : y + 11, 20:-20][rng.random((11, SIZE[0] - 40)) < 0.25] = 20
    return picture


def measure(viewer: RealViewer, painter: Painter, picture: Pixels, change: Change, rounds: int) -> Iterator[float]:
    for n in range(rounds):
        change(picture, n)
        frames = painter.frames(picture)
        data = b"".join(pipe.pack(frame) for frame in frames)
        yield timed(viewer, data, frames[-1].seq)


def timed(viewer: RealViewer, data: bytes, seq: int) -> float:
    begun = time.perf_counter()
    viewer.send_raw(data)
    viewer.wait_for(lambda said: said == Painted(seq))
    return (time.perf_counter() - begun) * 1e3


def scrolled(viewer: RealViewer, seq: int, rounds: int) -> Iterator[float]:
    """A page that moves up by 18 pixels: one copy, no new pixels."""
    for _ in range(rounds):
        seq += 1
        yield timed(viewer, pipe.pack(Frame(seq, 1, (Copy(0, 18, SIZE[0], SIZE[1] - 18, 0, 0),))), seq)


def all_changes(room: tuple[int, int], exact: bool, without: tuple[str, ...], rounds: int) -> dict[str, list[float]]:
    with real_viewer(room, without=without) as viewer:
        painter, picture = Painter(*SIZE), page()
        viewer.send(pipe.Title("bench", exact), ALLOWED, painter.layout)
        viewer.show(painter, picture)
        viewer.desktop.run("xdotool", "windowsize", str(viewer.desktop.wait_for_window("bench")), *map(str, room))
        time.sleep(1.0)
        results = {what: sorted(measure(viewer, painter, picture, CHANGES[what], rounds)) for what in CHANGES}
        return results | {"a scroll": sorted(scrolled(viewer, painter.frames(picture)[0].seq + 1, rounds))}


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--rounds", type=int, default=40)
    rounds = arguments.parse_args().rounds
    print(f"{SIZE[0]}x{SIZE[1]}, ms from stdin to the X server\n{'':8} {'':8} {'':12} {'median':>8} {'p95':>8}")
    for glass, without in (("shared", ()), ("panes", ("MIT-SHM",))):
        for name, room in (("1:1", (2100, 1300)), ("67 %", (1506, 1000))):
            for what, taken in all_changes(room, name == "1:1", without, rounds).items():
                p95 = taken[round(len(taken) * 0.95) - 1]
                print(f"{glass:8} {name:8} {what:12} {statistics.median(taken):8.1f} {p95:8.1f}")


if __name__ == "__main__":
    main()
