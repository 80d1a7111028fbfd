"""The first picture: from the viewer's start to a sign of it, to one that can be read, to the last byte of it."""

from __future__ import annotations

import contextlib
import subprocess
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.bench.screen.eye import Eye, grey
from tests.bench.screen.figures import Figures
from tests.bench.screen.legible import Film, coarse, readable_in
from tests.bench.screen.lines import Line
from tests.bench.screen.proxy import Proxy
from tests.bench.screen.scenes import FOCUS
from tests.bench.screen.source import SIZE
from tests.bench.screen.systems import Served

COLOUR = "magenta"  # of the block that is the sign
NOISE = 200  # bytes: a sign of life, and not a picture
WHOLE = (0, 0, *SIZE)


class NoPicture(RuntimeError):
    """The viewer showed nothing, or ended."""


def alive(viewer: subprocess.Popen[bytes]) -> None:
    """Raises NoPicture for a viewer that ended."""
    if viewer.poll() is not None:
        raise NoPicture(f"the viewer ended with {viewer.returncode}")


@dataclass
class First:
    """Made before the viewer is opened: what it must show is `wanted` from then on, what came before is not its."""

    served: Served
    proxy: Proxy
    line: Line
    eye: Eye
    origin: Eye
    film: Film = field(default_factory=Film)
    wanted: Any = None

    def __post_init__(self) -> None:
        self.wanted = grey(self.origin.all()).astype(np.float32)
        self._before, self._begun = self.proxy.down, time.perf_counter()

    def seen(self, viewer: subprocess.Popen[bytes]) -> Figures:
        """The figures of the first picture. Raises NoPicture. The eye knows afterwards where the picture lies."""
        laid = threading.Event()
        laying = threading.Thread(target=self._lay, args=(laid,), daemon=True)
        laying.start()
        try:
            limit = self._begun + (240 if self.line.slow else 30)
            first, first_bytes = self._watch(viewer, limit), self.proxy.down - self._before
            settled = self._settle(limit)
        finally:
            laid.set()
            laying.join(60)
        time.sleep(0.3)
        self._look()
        if not self.eye.sees(WHOLE):
            raise NoPicture("the picture does not lie wholly on the technician's screen")
        rough = self.film.since(self._begun, self.wanted, self.eye.offset, coarse)
        # The sign is its colour; a picture that comes in greys is there when the whole is, roughly.
        sign = min(((first - self._begun) * 1e3, first_bytes), rough or (float("inf"), 0))
        readable = self.film.since(self._begun, self.wanted, self.eye.offset, readable_in(FOCUS))
        return Figures(
            first=round(sign[0]),
            first_bytes=sign[1],
            readable=None if readable is None else round(readable[0]),
            settled=round((settled - self._begun) * 1e3),
            settled_bytes=self.proxy.down - self._before,
        )

    def _lay(self, laid: threading.Event) -> None:
        """A window may take another size when its picture comes, and that may take minutes."""
        while not laid.wait(0.2):
            with contextlib.suppress(TimeoutError, subprocess.SubprocessError):
                self.served.lay()

    def _watch(self, viewer: subprocess.Popen[bytes], limit: float) -> float:
        """When the block was there."""
        while time.perf_counter() < limit:
            if at := self._look():
                return at
            alive(viewer)
            time.sleep(0.01)
        raise NoPicture("no picture came")

    def _settle(self, limit: float) -> float:
        """Waits until nothing comes any more; when the last of it came."""
        hold = 2.0 if self.line.slow else 1.0
        since, seen = time.perf_counter(), self.proxy.down
        while (now := time.perf_counter()) - since < hold and now < limit:
            self._look()
            time.sleep(0.05)
            if self.proxy.down - seen > NOISE:
                since, seen = time.perf_counter(), self.proxy.down
        return since

    def _look(self) -> float | None:
        """When it looked, if the block is there."""
        picture, now = self.eye.all(), time.perf_counter()
        found = self.eye.find(COLOUR, picture)
        self.film.look(picture, now, self.eye.offset if found else None, self.proxy.down - self._before)
        return now if found else None
