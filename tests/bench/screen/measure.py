"""One system over one line: first picture, latency, the scenes, and on a slow line the echo of typing."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from mss import ScreenShotError

from tests.bench.screen import cpu, scenes
from tests.bench.screen.eye import Block, Eye, latency
from tests.bench.screen.figures import Figures, Latency, Mix, SceneFigures
from tests.bench.screen.first import COLOUR, WHOLE, First, NoPicture, alive
from tests.bench.screen.keyboard import Keyboard, echo
from tests.bench.screen.lines import Line
from tests.bench.screen.proxy import Proxy
from tests.bench.screen.sampler import Sampler
from tests.bench.screen.source import Source
from tests.bench.screen.systems import Served, System, end
from tests.support.stage import RsStage
from tests.support.xdesktop import XDesktop, until

IDLE = 3  # the idle scene is watched so many times longer: it uses less than the kernel counts in
FILE = 256 * 1024  # bytes sent beside the typing on a slow line
POINTER = 48  # pixels round its tip


# What one system's failing looks like; a defect of the bench itself is none of these and ends it.
BROKEN = (NoPicture, RuntimeError, TimeoutError, AssertionError, OSError, subprocess.SubprocessError, ScreenShotError)


@dataclass(frozen=True)
class Wish:
    """What is to be measured, and how long: `seconds` a scene, `samples` changes for each latency."""

    scenes: tuple[str, ...]
    seconds: float
    samples: int
    mix: float = 0.0  # seconds of ordinary work, 0 for none


def measure(system: System, line: Line, source: Source, view: XDesktop, wish: Wish) -> Figures:
    """Never raises for what the system does wrong: that is said in the figures."""
    found = Figures()
    try:
        with _opened(system, line, source, view) as (served, proxy):
            for so_far in _Bench(served, proxy, line, source, view, wish).run():
                found = so_far
    except BROKEN as error:
        return _with(found, error=f"{type(error).__name__}: {error}".splitlines()[0][:200])
    return found


@contextlib.contextmanager
def _opened(system: System, line: Line, source: Source, view: XDesktop) -> Iterator[tuple[Served, Proxy]]:
    with system.serve(source, view) as served, Proxy(served.port, line) as proxy:
        served.reach(proxy.port)
        yield served, proxy


def _with(figures: Figures, **more: object) -> Figures:
    return Figures(**{name: getattr(figures, name) for name in figures.__struct_fields__} | more)


class _Bench:
    def __init__(self, served: Served, proxy: Proxy, line: Line, source: Source, view: XDesktop, wish: Wish) -> None:
        self._served, self._proxy, self._line = served, proxy, line
        self._source, self._view, self._wish = source, view, wish
        self._viewer: subprocess.Popen[bytes]  # from `run` on

    def run(self) -> Iterator[Figures]:
        """The figures so far, again after each part."""
        figures = Figures()
        with Eye(self._view.display) as eye, Eye(self._source.display) as origin, Block(self._source.display) as block:
            scenes.set_up(self._source, "idle")
            self._clear_glass(eye, block)
            first = First(self._served, self._proxy, self._line, eye, origin)
            self._viewer = self._served.open()
            try:
                figures = first.seen(self._viewer)
                yield figures
                still, to_wire = latency(block, eye, self._wish.samples, self._patience, lambda: self._proxy.began)
                figures = _with(figures, latency={"idle": still}, to_wire={"idle": to_wire})
                yield figures
                if "video" in self._wish.scenes and not self._line.slow:
                    figures = _with(figures, latency={**figures.latency, "video": self._beside_film(eye, block)})
                    yield figures
                block.hide()
                for scene in self._scenes:
                    done = self._scene(scene, eye, origin)
                    figures = _with(figures, scenes={**figures.scenes, scene: done})
                    yield figures
                if self._wish.mix:
                    figures = _with(figures, mix=self._mix())
                    yield figures
                if self._line.slow:
                    yield _with(figures, echo=self._echo(eye, origin))
            finally:
                end(self._viewer)

    @property
    def _patience(self) -> float:
        return 30.0 if self._line.slow else 5.0

    @property
    def _scenes(self) -> Sequence[str]:
        return [scene for scene in self._wish.scenes if not (self._line.slow and scene == "video")]

    def _clear_glass(self, eye: Eye, block: Block) -> None:
        """What an earlier viewer left there is not a picture."""
        self._view.run("xsetroot", "-solid", "black")
        until(lambda: not eye.find(COLOUR, eye.all()), "the glass to be clear")
        block.show(COLOUR)

    def _beside_film(self, eye: Eye, block: Block) -> Latency:
        block.hide()
        scenes.set_up(self._source, "video")
        block.show(COLOUR)
        time.sleep(0.5)
        try:
            return latency(block, eye, self._wish.samples, 10.0)[0]
        finally:
            scenes.clear_up(self._source, "video")

    def _scene(self, scene: str, eye: Eye, origin: Eye) -> SceneFigures:
        scenes.set_up(self._source, scene)
        self._proxy.quiet(*((1.0, 40) if self._line.slow else (0.6, 4)))
        x, y, width, height = scenes.BOXES[scene]
        there = (x + eye.offset[0], y + eye.offset[1], width, height)
        shown, seen = Sampler(self._source.display, scenes.BOXES[scene]), Sampler(self._view.display, there)
        seconds = self._wish.seconds * (IDLE if scene == "idle" else 1)
        down, up, server, viewer = self._counters()
        begun = time.perf_counter()
        scenes.play(self._source, scene, seconds)
        took = time.perf_counter() - begun
        used = self._counters()
        time.sleep(0.3)
        source_seen = shown.stop()
        if scene not in ("video", "idle"):
            self._proxy.quiet(0.6, 40 if self._line.slow else 3)
        view_seen = seen.stop()
        wrong = _wrong(eye, origin, self._source.pointer()) if scene != "video" else None
        late = view_seen.last - source_seen.last if source_seen.last and view_seen.last else None
        scenes.clear_up(self._source, scene)
        alive(self._viewer)
        rests = scene in ("video", "idle")  # what comes after belongs to it in all the others
        return SceneFigures(
            seconds=round(took, 2),
            down=(used[0] if rests else self._proxy.down) - down,
            up=(used[1] if rests else self._proxy.up) - up,
            source_frames=source_seen.frames,
            view_frames=view_seen.frames,
            server_cpu=round(used[2] - server, 2),
            viewer_cpu=round(used[3] - viewer, 2),
            lag=round(late * 1e3) if late is not None else None,
            wrong=wrong,
        )

    def _mix(self) -> Mix:
        """Ordinary work, a part of an hour of it; scenes that this computer cannot play are spent idle."""
        playable = {scene for scene in scenes.MIX if scene in self._wish.scenes}
        down, _, server, viewer = self._counters()
        spent = 0.0
        for scene, share in scenes.MIX.items():
            played = scene if scene in playable else "idle"
            scenes.set_up(self._source, played)
            begun = time.perf_counter()
            scenes.play(self._source, played, share * self._wish.mix)
            spent += time.perf_counter() - begun
            scenes.clear_up(self._source, played)
            alive(self._viewer)
        used = self._counters()
        return Mix(
            seconds=round(spent, 1),
            down=used[0] - down,
            server_cpu=round(used[2] - server, 2),
            viewer_cpu=round(used[3] - viewer, 2),
        )

    def _counters(self) -> tuple[int, int, float, float]:
        return self._proxy.down, self._proxy.up, cpu.seconds(self._served.server), cpu.seconds(self._viewer.pid)

    def _echo(self, eye: Eye, origin: Eye) -> dict[str, Latency]:
        """Alone, and where it is rs, also while a file is being sent."""
        scenes.set_up(self._source, "typing")
        self._proxy.quiet(2.0, 60)
        samples = max(5, self._wish.samples // 2)
        with Keyboard(self._view.display) as keyboard:
            keyboard.aim(eye.offset)
            time.sleep(1.0)
            self._proxy.quiet(1.0, 20)
            found = {"alone": echo(keyboard, origin, eye, samples, self._patience)}
            if self._served.stage is not None:
                with _sending(self._served.stage, self._proxy):
                    found["file"] = echo(keyboard, origin, eye, samples, self._patience)
        scenes.clear_up(self._source, "typing")
        return found


@contextlib.contextmanager
def _sending(stage: RsStage, proxy: Proxy) -> Iterator[None]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sent"
        path.write_bytes(np.random.default_rng(1).bytes(FILE))
        before = proxy.up
        sending = stage.begin("send-file", stage.session, str(path), "--overwrite")
        try:
            limit = time.monotonic() + 60
            while proxy.up - before < 10_000:  # bytes: the file is under way, and not only its announcement
                if sending.poll() is not None or time.monotonic() > limit:
                    raise RuntimeError("the file beside the typing was not sent")
                time.sleep(0.1)
            yield
            if sending.poll() is not None:
                raise RuntimeError("the file was there before the typing ended")
        finally:
            sending.kill()
            sending.communicate()


def _wrong(eye: Eye, origin: Eye, pointer: tuple[int, int]) -> float:
    """The share of pixels that are not the customer's, but for those round the pointer, which some draw."""
    differs = (eye.box(WHOLE) != origin.box(WHOLE)).any(axis=2)
    x, y = pointer
    differs[max(0, y - POINTER) : y + POINTER, max(0, x - POINTER) : x + POINTER] = False
    return round(float(differs.mean()), 5)
