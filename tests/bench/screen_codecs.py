"""What each stage of the picture costs, and what each scene sends: python -m tests.bench.screen_codecs [WIDTH HEIGHT]

    grab     by the X11 desktop, from an Xvfb of that size
    damage   on a screen at rest, on one of which everything changed
    scenes   a letter typed, a page scrolled, a window dragged, windows switched, a film (of a camera that pans, then of
             nothing but cuts): time to encode and to decode an update, and its bytes (the frames as they cross,
             without the link's own header)

Medians. Nothing else should run on the machine meanwhile.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import numpy as np

from rs_agent.desktop.base import Monitor
from rs_agent.desktop.x11.desktop import X11Desktop
from rs_agent.feature import Context
from rs_agent.features.screen.feature import ScreenFeature
from rs_relay.channels.screen.codecs import NAMES, exact, jpeg
from rs_relay.channels.screen.codecs import film as film_codec
from rs_relay.channels.screen.codecs.depth import rgb
from rs_relay.channels.screen.messages import SPEC, Frame, Layout, Painted, Start
from rs_relay.channels.screen.picture import Picture
from rs_relay.channels.screen.tiles import SIDE, Grid
from rs_relay.picture import damage, motion, quality
from rs_relay.picture.encoder import Encoder
from tests.support.channels import MemoryChannel, channel_pair
from tests.support.scenery import Words, grabbed, page, photograph
from tests.support.xdesktop import XDesktop

Scene = Callable[[Grid], Iterator[Words]]
FRAMES = 20


def pasted(onto: Words, what: Words, x: int, y: int) -> Words:
    seen = onto.copy()
    seen[y : y + what.shape[0], x : x + what.shape[1]] = what
    return seen


def typing(grid: Grid) -> Iterator[Words]:
    seen = page(grid.height, grid.width)
    yield seen
    for n in range(FRAMES):
        seen = pasted(seen, page(16, 10, seed=n), 200 + 10 * n, 400)
        yield seen


def scrolling(grid: Grid) -> Iterator[Words]:
    around = page(grid.height, grid.width)
    long = page(grid.height * 2 + 48 * FRAMES, grid.width * 2 // 3, seed=1)
    for n in range(FRAMES + 1):
        yield pasted(around, long[n * 48 : n * 48 + grid.height * 3 // 4], 300, 100)


def dragging(grid: Grid) -> Iterator[Words]:
    around, window = page(grid.height, grid.width), page(grid.height // 2, grid.width // 3, seed=1)
    for n in range(FRAMES + 1):
        yield pasted(around, window, 100 + 17 * n, 80 + 9 * n)


def switching(grid: Grid) -> Iterator[Words]:
    windows = [page(grid.height - 100, grid.width - 100, seed=n) for n in range(3)]
    around = page(grid.height, grid.width)
    for n in range(FRAMES + 1):
        yield pasted(around, windows[n % 3], 50, 50)


def camera(n: int) -> Words:
    """720p of a camera that pans, with grain."""
    seen = _far()[2 * n : 2 * n + 720, 5 * n : 5 * n + 1280].view(np.uint8).reshape(720, 1280, 4)
    grain = np.random.default_rng(n).integers(0, 5, (720, 1280, 1), dtype=np.uint8)
    return np.ascontiguousarray(seen.clip(2, 253) + grain - 2).view(np.uint32)[..., 0]


@functools.cache
def _far() -> Words:
    return photograph(1200, 2400)


def film(grid: Grid) -> Iterator[Words]:
    """It plays as one from the twelfth picture or so."""
    around = page(grid.height, grid.width)
    for n in range(3 * FRAMES + 1):
        yield pasted(around, camera(n), 100, 80)


def cuts(grid: Grid) -> Iterator[Words]:
    """A film of which no picture is like the one before."""
    around = page(grid.height, grid.width)
    for n in range(3 * FRAMES + 1):
        yield pasted(around, photograph(720, 1280, seed=n), 100, 80)


def photo(grid: Grid) -> Iterator[Words]:
    """A photograph at rest: the second half is its refinement, 256 tiles an update."""
    yield page(grid.height, grid.width)
    yield photograph(grid.height, grid.width)


def milliseconds(work: Callable[[], object], times: int = 15) -> float:
    took = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        took.append(time.perf_counter() - start)
    return statistics.median(took) * 1e3


def grabbing(grid: Grid) -> None:
    with XDesktop((grid.width, grid.height)) as x:
        screen = X11Desktop(x.display).screen()
        area = Monitor("all", 0, 0, grid.width, grid.height)
        screen.grab(area)
        print(f"grab from Xvfb ({'shared memory' if screen.fast else 'slow'})", end="")
        print(f"{milliseconds(lambda: screen.grab(area)):12.2f} ms")
        print(f"pointer, monitors {milliseconds(screen.pointer):24.2f} ms {milliseconds(screen.monitors):.2f} ms")
        screen.close()


def stages(grid: Grid) -> None:
    text, other = page(grid.height, grid.width), page(grid.height, grid.width, seed=1)
    sent = np.zeros((grid.rows * SIDE, grid.columns * SIDE), np.uint32)
    sent[: grid.height, : grid.width] = text
    rest = text.copy()
    whole = grid.empty() | True
    tiles = np.ascontiguousarray(
        sent.reshape(grid.rows, SIDE, grid.columns, SIDE).transpose(0, 2, 1, 3).reshape(-1, SIDE, SIDE)
    )
    raw = rgb(tiles).tobytes()
    stream = exact.Encoder()
    picture = rgb(photograph(grid.height, grid.width))
    reel = itertools.cycle([grabbed(camera(n)) for n in range(FRAMES)])
    projector = film_codec.Encoder(1280, 720)
    coded = jpeg.encode(picture)
    for name, work in {
        "damage, nothing changed": lambda: damage.changed(sent, rest, grid),
        "damage, all changed": lambda: damage.changed(sent, other, grid),
        "motion, none there": lambda: motion.find(sent[: grid.height, : grid.width], other, whole),
        "photograph or text, all tiles": lambda: quality.photographic(tiles),
        "BGRX to RGB, all tiles": lambda: rgb(tiles),
        "zstd, all tiles of a page": lambda: exact.Encoder().encode(raw),
        "zstd, the same again": lambda: stream.encode(raw),
        "JPEG, whole screen": lambda: jpeg.encode(picture),
        "JPEG, decoded": lambda: jpeg.decode(coded, grid.width, grid.height),
        "H.264, a picture of 720p": lambda: projector.encode(next(reel)),
    }.items():
        print(f"{name:32s} {milliseconds(work):10.2f} ms")


def scene(name: str, frames: Iterator[Words], grid: Grid) -> None:
    encoder, picture = Encoder(1, grid, NAMES), Picture()
    picture.reset(Layout(1, 0, 0, grid.width, grid.height))
    encode, decode, size, copies = [], [], [], 0
    now = 0.0
    for n, seen in enumerate(frames):
        pixels = grabbed(seen)
        now += 1 / 30
        start = time.perf_counter()
        update = list(encoder.update(pixels, now, 0))
        took = time.perf_counter() - start
        data = [msgspec.msgpack.encode(f) for f in update]
        heard = [msgspec.msgpack.decode(d, type=Frame) for d in data]
        start = time.perf_counter()
        for frame in heard:
            picture.apply(frame)
        if n:
            encode.append(took * 1e3)
            decode.append((time.perf_counter() - start) * 1e3)
            size.append(sum(map(len, data)))
            copies += any(f.copies for f in update)
    print(
        f"{name:12s} {statistics.median(encode):8.2f} {max(encode):8.2f} {statistics.median(decode):8.2f}"
        f" {statistics.median(size):10.0f} {max(size):10.0f} {copies:4d}/{len(encode)} {encoder.lossy:6d}"
    )


class Face:
    def notice(self, text: str) -> None: ...

    def chat(self, name: str, text: str) -> None: ...


async def echo(grid: Grid, keys: int = 60) -> None:
    with XDesktop((grid.width, grid.height), wm=True) as x:
        await asyncio.to_thread(x.xterm, "cat > /dev/null")
        desktop = X11Desktop(x.display)
        context = Context(desktop, Face(), Path("nowhere"), "somebody")
        mine, theirs = channel_pair(SPEC)
        changed = asyncio.Event()
        tasks = [
            asyncio.create_task(ScreenFeature(context).run(theirs)),
            asyncio.create_task(_paint(mine, changed)),
        ]
        await mine.send(Start(codecs=NAMES))
        await changed.wait()
        hands = desktop.hands()
        took = []
        for n in range(keys):
            await asyncio.sleep(0.15)
            changed.clear()
            start = time.perf_counter()
            await asyncio.to_thread(hands.text, "abcdefghij"[n % 10])
            context.pulse.beat()
            await changed.wait()
            took.append((time.perf_counter() - start) * 1e3)
        took.sort()
        print(f"\necho: median {statistics.median(took):.1f} ms, p95 {took[keys * 95 // 100]:.1f} ms")
        await asyncio.sleep(3)
        start = time.process_time()
        await asyncio.sleep(5)
        print(f"idle: {(time.process_time() - start) / 5:.1%} of a core")
        hands.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        desktop.close()


async def _paint(channel: MemoryChannel, changed: asyncio.Event) -> None:
    picture = Picture()
    async for message in channel:
        if isinstance(message, Layout):
            picture.reset(message)
        elif isinstance(message, Frame):
            picture.apply(message)
            if not message.more:
                await channel.send(Painted(message.seq))
                changed.set()


def main() -> None:
    grid = Grid(*map(int, sys.argv[1:3])) if len(sys.argv) > 2 else Grid(1920, 1080)
    print(f"{grid.width} x {grid.height}, {grid.count} tiles\n")
    grabbing(grid)
    stages(grid)
    print("\nscene        encode ms   (max)   decode      bytes      (max) copied  lossy")
    for make in (typing, scrolling, dragging, switching, film, cuts, photo):
        scene(make.__name__, make(grid), grid)
    asyncio.run(echo(grid))
    print(f"\nlargest resident size of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB")


if __name__ == "__main__":
    main()
