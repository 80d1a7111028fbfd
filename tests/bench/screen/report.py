"""The figures as Markdown, and their place in docs/benchmarks.md. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.bench.screen.figures import Figures, Latency, Run, SceneFigures
from tests.bench.screen.targets import verdicts

BEGIN, END = "<!-- bench-screen: written by `make bench-screen REPORT=1` -->", "<!-- bench-screen: end -->"


class NoPlace(ValueError):
    """The page has no place for the table."""


def put(page: str, table: str) -> str:
    """The page with `table` between its two marks. Raises NoPlace where they are not there once each, in order."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end) or BEGIN in rest or END in after:
        raise NoPlace(f"docs/benchmarks.md must hold {BEGIN} and {END}, once each")
    return f"{before}{BEGIN}\n{table.strip()}\n{END}{after}"


def markdown(run: Run) -> str:
    parts = [_head(run), _verdicts(run), *_errors(run)]
    parts.append(_mix(run))
    for line in _lines(run):
        parts += [f"### Line {line}", _firsts(run, line), _scenes(run, line)]
    return "\n\n".join(part for part in parts if part) + "\n"


def brief(system: str, line: str, found: Figures) -> str:
    """What a person who waits is told after each system and line."""
    idle = found.latency.get("idle", Latency(0, 0)).median
    lines = [
        f"{system:7} {line:6} first {_ms(found.first)} ms, {found.first_bytes:,} B; readable {_ms(found.readable)}; "
        f"settled {_ms(found.settled)} ms, {found.settled_bytes:,} B; latency {_ms(idle)} ms {found.error}"
    ]
    for name, scene in found.scenes.items():
        lines.append(
            f"        {line:6} {name:7} {scene.down:10,} B, {scene.view_frames}/{scene.source_frames} frames, "
            f"CPU {scene.percent(scene.server_cpu):.0f}/{scene.percent(scene.viewer_cpu):.0f} %, "
            f"lag {_ms(scene.lag)} ms, wrong {_percent(scene.wrong)}"
        )
    lines += [f"        {line:6} echo {kind}: {_latency(echo)}" for kind, echo in found.echo.items()]
    return "\n".join(lines)


def _head(run: Run) -> str:
    versions = "; ".join(version for version in run.versions.values() if version)
    return "\n".join([f"{run.date}. {run.machine}. {versions}.", *(f"\n{sentence}" for sentence in run.missing)])


def _errors(run: Run) -> Iterator[str]:
    for system, lines in run.systems.items():
        for line, found in lines.items():
            if found.error:
                yield f"{system} on {line} was not measured to its end: {found.error}"


def _lines(run: Run) -> list[str]:
    return list(dict.fromkeys(line for lines in run.systems.values() for line in lines))


def _table(head: Sequence[str], rows: Iterator[Sequence[str]] | Sequence[Sequence[str]]) -> str:
    body = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *body]) if body else ""


def _verdicts(run: Run) -> str:
    words = {True: "met", False: "**not met**", None: "not measured"}
    return _table(("to reach", "rs", "wanted", ""), [(v.what, v.figure, v.wanted, words[v.met]) for v in verdicts(run)])


def _firsts(run: Run, line: str) -> str:
    """Times in ms, bytes in KB. The part of a latency up to the wire is the server's and, with rs, the relay's."""
    head = ("", "first picture", "KB", "readable", "settled", "KB", "latency", "p90", "up to the wire", "beside a film",
            "echo", "echo, file sent")  # fmt: skip

    def rows() -> Iterator[Sequence[str]]:
        for system, lines in run.systems.items():
            if line not in lines:
                continue
            found = lines[line]
            if found.error and found.first is None:
                yield (system, found.error.replace("|", "/"), *[""] * (len(head) - 2))
                continue
            idle, film = found.latency.get("idle", Latency(0, 0)), found.latency.get("video", Latency(0, 0))
            wire = found.to_wire.get("idle", Latency(0, 0))
            alone, file = found.echo.get("alone", Latency(0, 0)), found.echo.get("file", Latency(0, 0))
            yield (
                system, _ms(found.first), _kb(found.first_bytes), _ms(found.readable), _ms(found.settled),
                _kb(found.settled_bytes), _ms(idle.median), _ms(idle.p90), _ms(wire.median), _ms(film.median),
                _ms(alone.median), _ms(file.median),
            )  # fmt: skip

    return _table(head, list(rows()))


def _scenes(run: Run, line: str) -> str:
    head = ("scene", "", "KB", "B a frame", "frames a second", "of", "server CPU", "viewer CPU", "end lag", "wrong")
    names = list(dict.fromkeys(n for lines in run.systems.values() if line in lines for n in lines[line].scenes))
    rows = []
    for name in names:
        for system, lines in run.systems.items():
            scene = lines[line].scenes.get(name) if line in lines else None
            if scene is not None:
                rows.append((name, system, *_scene(scene)))
    return _table(head, rows)


def _scene(scene: SceneFigures) -> Sequence[str]:
    frame = scene.per_frame
    return (
        _kb(scene.down),
        f"{frame:,.0f}" if frame is not None else "–",
        f"{scene.fps:.1f}",
        f"{scene.source_frames / scene.seconds:.1f}",
        f"{scene.percent(scene.server_cpu):.1f} %",
        f"{scene.percent(scene.viewer_cpu):.1f} %",
        f"{_ms(scene.lag)} ms",
        _percent(scene.wrong),
    )


def _mix(run: Run) -> str:
    head = ("an hour of ordinary work", "server CPU", "viewer CPU", "MB")
    rows = [
        (
            system,
            f"{mix.hour(mix.server_cpu):,.0f} s",
            f"{mix.hour(mix.viewer_cpu):,.0f} s",
            f"{mix.hour(mix.down) / 1e6:,.0f}",
        )
        for system, lines in run.systems.items()
        for found in lines.values()
        if (mix := found.mix) is not None
    ]
    return _table(head, rows)


def _latency(echo: Latency) -> str:
    return f"{_ms(echo.median)} ms, worst {_ms(echo.worst)}, lost {echo.lost}"


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}"


def _kb(count: int) -> str:
    return f"{count / 1e3:,.1f}"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share * 100:.2f} %"
