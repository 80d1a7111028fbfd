"""What was measured, as it is kept in a file and read by the report. Times are in milliseconds unless told."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from msgspec import Struct


class Latency(Struct, frozen=True):
    n: int
    lost: int
    median: float | None = None
    p90: float | None = None
    worst: float | None = None


LOST = 3  # changes one after the other that never came: no use in waiting for more


def hopeless(taken: Sequence[float | None]) -> bool:
    return len(taken) >= LOST and all(t is None for t in taken[-LOST:])


def summary(taken: Sequence[float | None]) -> Latency:
    """None stands for a change that was never seen."""
    seen = sorted(t for t in taken if t is not None)
    lost = len(taken) - len(seen)
    if not seen:
        return Latency(0, lost)
    p90 = seen[min(len(seen) - 1, int(len(seen) * 0.9))]
    return Latency(len(seen), lost, round(statistics.median(seen), 1), round(p90, 1), round(seen[-1], 1))


class SceneFigures(Struct, frozen=True):
    """`down` and `up` in bytes, the server's and the viewer's CPU in seconds, `wrong` the share of pixels that differ
    from the customer's once all is quiet. `lag` is how much later the technician's last change was."""

    seconds: float
    down: int
    up: int
    source_frames: int
    view_frames: int
    server_cpu: float
    viewer_cpu: float
    lag: float | None = None
    wrong: float | None = None

    @property
    def delivered(self) -> int:
        """A frame painted in two strokes is seen twice: no more than the customer's own."""
        return min(self.view_frames, self.source_frames)

    @property
    def per_frame(self) -> float | None:
        return self.down / self.delivered if self.delivered else None

    @property
    def fps(self) -> float:
        return self.delivered / self.seconds

    @property
    def kbits(self) -> float:
        """Both ways, in kbit/s."""
        return (self.down + self.up) * 8 / 1e3 / self.seconds

    def percent(self, cpu: float) -> float:
        return cpu / self.seconds * 100


class Mix(Struct, frozen=True):
    """What ordinary work took: CPU in seconds, and bytes. Setting the scenes is in it, as it is for all."""

    seconds: float
    down: int
    server_cpu: float
    viewer_cpu: float

    def hour(self, used: float) -> float:
        """What an hour of it takes."""
        return used * 3600 / self.seconds


class Figures(Struct, frozen=True, kw_only=True):
    """One system over one line."""

    first: float | None = None
    first_bytes: int = 0
    readable: float | None = None
    settled: float | None = None
    settled_bytes: int = 0
    latency: dict[str, Latency] = {}
    to_wire: dict[str, Latency] = {}
    echo: dict[str, Latency] = {}
    scenes: dict[str, SceneFigures] = {}
    mix: Mix | None = None
    error: str = ""


class Run(Struct, frozen=True, kw_only=True):
    """All of one run: `systems[system][line]`."""

    date: str
    machine: str
    versions: dict[str, str] = {}
    missing: list[str] = []
    systems: dict[str, dict[str, Figures]] = {}
