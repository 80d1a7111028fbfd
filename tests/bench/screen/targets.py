"""What the picture must reach, each beside the figure of the same run and the best peer's. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.bench.screen.figures import Figures, Latency, Run, SceneFigures

OURS = "rs"
USUAL = "x0vnc"  # what technicians know: told beside the best peer where that is another, which may deliver little


@dataclass(frozen=True)
class Verdict:
    """`met` is None where a figure is missing: not measured is neither."""

    what: str
    figure: str
    wanted: str
    met: bool | None


def verdicts(run: Run) -> list[Verdict]:
    return [*_latencies(run), *_bytes(run), *_rates(run), *_film(run), *_idle(run), *_modem(run)]


def _figures(run: Run, system: str, line: str) -> Figures:
    return run.systems.get(system, {}).get(line, Figures())


def _full(run: Run, peer: str, scene: str) -> bool:
    """Whether a peer delivers enough to be held against: half of what the peer that delivers most does."""
    shown = {name: found.fps for name in _peers(run) if (found := _scene(run, name, scene))}
    return shown[peer] >= max(shown.values()) / 2


def _scene(run: Run, system: str, scene: str) -> SceneFigures | None:
    return _figures(run, system, "lan").scenes.get(scene)


def _peers(run: Run) -> list[str]:
    return [name for name in run.systems if name != OURS]


@dataclass(frozen=True)
class _Best:
    """The best peer's figure, and whose it is; None where no peer was measured."""

    value: float | None = None
    peer: str = "no peer"


def _best(run: Run, value: Callable[[str], float | None], choose: Callable[[list[float]], float] = min) -> _Best:
    known = {peer: found for peer in _peers(run) if (found := value(peer)) is not None}
    if not known:
        return _Best()
    best = choose(list(known.values()))
    return _Best(best, next(peer for peer, found in known.items() if found == best))


def _at_most(what: str, ours: float | None, bound: float | None, unit: str, why: str) -> Verdict:
    met = None if ours is None or bound is None else ours <= bound
    return Verdict(what, _told(ours, unit), f"≤ {_told(bound, unit)} ({why})", met)


def _at_least(what: str, ours: float | None, bound: float | None, unit: str, why: str) -> Verdict:
    met = None if ours is None or bound is None else ours >= bound
    return Verdict(what, _told(ours, unit), f"≥ {_told(bound, unit)} ({why})", met)


def _told(value: float | None, unit: str) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f} {unit}" if abs(value) >= 100 else f"{value:.3g} {unit}"


def _latencies(run: Run) -> Iterator[Verdict]:
    for line in ("lan", "rtt50", "10m50", "1m50"):
        for kind, words in (("idle", "nothing else moves"), ("video", "beside a film")):

            def median(name: str, line: str = line, kind: str = kind) -> float | None:
                return _figures(run, name, line).latency.get(kind, Latency(0, 0)).median

            if median(OURS) is not None:
                best = _best(run, median)
                yield _at_most(
                    f"latency, {words}, {line}", median(OURS), best.value, "ms", f"{best.peer}, the best peer"
                )


def _bytes(run: Run) -> Iterator[Verdict]:
    """A character or a switch is one change however many frames show it; in the others, what each frame cost."""
    for scene, share, why in (
        ("typing", 1.0, "as"),
        ("scroll", 0.1, "a tenth of"),
        ("drag", 0.1, "a tenth of"),
        ("switch", 0.5, "half of"),
        ("video", 1 / 3, "a third of"),
    ):

        def a_frame(name: str, scene: str = scene) -> float | None:
            found = _scene(run, name, scene)
            if found is None or (name != OURS and not _full(run, name, scene)):
                return None
            return found.down / found.seconds if scene in ("typing", "switch") else found.per_frame

        best, ours = _best(run, a_frame), a_frame(OURS)
        if ours is None:
            continue
        unit = "B/s" if scene in ("typing", "switch") else "B a frame"
        bound = None if best.value is None else best.value * share
        yield _at_most(f"bytes, {scene}", ours, bound, unit, f"{why} {best.peer}, the best peer")
        usual = a_frame(USUAL)
        if usual is not None and best.peer != USUAL:
            yield _at_most(f"bytes, {scene}, beside {USUAL}", ours, usual * share, unit, f"{why} {USUAL}")


def _rates(run: Run) -> Iterator[Verdict]:
    found = _scene(run, OURS, "scroll")
    if found is not None:
        source = found.source_frames / found.seconds
        # A box looked at by two clocks differs by a frame or two.
        yield _at_least("frames, scroll", found.fps, source * 0.95, "a second", "0.95 of the source's")
    for scene in ("typing", "scroll", "drag", "switch"):
        found = _scene(run, OURS, scene)
        if found is not None and found.wrong is not None:
            yield _at_most(f"pixels that are wrong afterwards, {scene}", found.wrong * 100, 0.0, "%", "lossless")


def _film(run: Run) -> Iterator[Verdict]:
    found = _scene(run, OURS, "video")
    if found is None:
        return

    def fps(name: str) -> float | None:
        scene = _scene(run, name, "video")
        return scene.fps if scene else None

    def cpu(name: str) -> float | None:
        scene = _scene(run, name, "video")
        return scene.percent(scene.server_cpu) if scene else None

    most, least = _best(run, fps, max), _best(run, cpu)
    yield _at_least("frames, film", fps(OURS), most.value, "a second", f"{most.peer}, the best peer")
    yield _at_most("server CPU, film", cpu(OURS), least.value, "% of a core", f"{least.peer}, the best peer")


def _idle(run: Run) -> Iterator[Verdict]:
    found = _scene(run, OURS, "idle")
    if found is None:
        return
    yield _at_most("idle, CPU of the agent", found.percent(found.server_cpu), 1.0, "% of a core", "to reach")
    yield _at_most("idle, CPU of the viewer", found.percent(found.viewer_cpu), 1.0, "% of a core", "to reach")
    yield _at_most("idle, both ways", found.kbits, 1.0, "kbit/s", "to reach")


def _modem(run: Run) -> Iterator[Verdict]:
    for line, part in (("28k8", 1.0), ("56k", 0.5)):
        found = _figures(run, OURS, line)
        if found.first is None:
            continue
        yield _tried(f"readable picture, {line}", found.readable, 10_000 * part, "to reach")
        alone, file = found.echo.get("alone"), found.echo.get("file")
        if alone:
            yield _tried(f"typing echo, {line}", alone.median, 700 * part, "to reach")
        if alone and file and alone.median is not None:
            yield _tried(
                f"typing echo while a file is sent, {line}", file.median, 2 * alone.median, "twice the idle one"
            )


def _tried(what: str, ours: float | None, bound: float, why: str) -> Verdict:
    """Milliseconds; what was waited for and never came is not met."""
    return Verdict(what, _told(ours, "ms"), f"≤ {_told(bound, 'ms')} ({why})", ours is not None and ours <= bound)
