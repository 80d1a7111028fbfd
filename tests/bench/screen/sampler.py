"""Counts the frames that a display really shows: distinct contents of a box, looked at 125 times a second.

In a process of its own, one for each display, so that neither waits for the other or for the bench.
"""

from __future__ import annotations

import multiprocessing
import time
from dataclasses import dataclass, field

from mss import MSS

from tests.support.xdesktop import Rect

HERTZ = 125  # twice what a viewer of 60 frames a second shows


@dataclass(frozen=True)
class Seen:
    """`frames` changes, the last of them at `last` (time.perf_counter(); 0 for none)."""

    frames: int
    last: float


@dataclass
class Changes:
    """Counts contents that differ from the one before; the first one is where it begins and no change."""

    frames: int = 0
    last: float = 0.0
    _before: bytes | None = field(default=None, repr=False)

    def look(self, content: bytes, now: float) -> None:
        if self._before is not None and content != self._before:
            self.frames += 1
            self.last = now
        self._before = content


class Sampler:
    """Counts from its making, when it is known to look, to `stop()`."""

    def __init__(self, display: str, box: Rect) -> None:
        spawn = multiprocessing.get_context("spawn")
        ready, self._enough, self._seen = spawn.Event(), spawn.Event(), spawn.Array("d", 2, lock=False)
        self._process = spawn.Process(
            target=_watch, args=(display, box, ready, self._enough, self._seen), daemon=True
        )  # fmt: skip
        self._process.start()
        if not ready.wait(20):
            self._process.kill()
            raise RuntimeError(f"nothing could be seen on {display}")

    @property
    def frames(self) -> int:
        """So far."""
        return int(self._seen[0])

    def stop(self) -> Seen:
        self._enough.set()
        self._process.join(5)
        self._process.kill()
        return Seen(int(self._seen[0]), self._seen[1])


def _watch(display: str, box: Rect, ready, enough, seen) -> None:  # type: ignore[no-untyped-def]
    changes = Changes()
    area = dict(zip(("left", "top", "width", "height"), box, strict=True))
    with MSS(display=display) as camera:
        begun, looks = time.perf_counter(), 0
        while not enough.is_set():
            changes.look(bytes(camera.grab(area).raw), time.perf_counter())
            seen[0], seen[1] = changes.frames, changes.last
            looks += 1
            ready.set()
            time.sleep(max(0.0, begun + looks / HERTZ - time.perf_counter()))
