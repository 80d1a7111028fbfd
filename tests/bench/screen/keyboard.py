"""Typing echo: a key pressed on the technician's display, through viewer, line and the customer's terminal and back."""

from __future__ import annotations

import random
import time
from types import TracebackType
from typing import Any

import numpy as np
from Xlib import XK, X
from Xlib.display import Display
from Xlib.ext import xtest

from tests.bench.screen.eye import Eye
from tests.bench.screen.figures import Latency, hopeless, summary
from tests.bench.screen.scenes import BOXES
from tests.support.xdesktop import Rect

REST = (1700, 1000)  # the pointer's place on the customer's screen, away from what is looked at
FAR = 40  # of 255: what a channel must change by to be seen


class Keyboard:
    """The technician's, on a display without a window manager: the largest window gets the keyboard."""

    def __init__(self, display: str) -> None:
        self._x = Display(display)
        self._key = self._x.keysym_to_keycode(XK.string_to_keysym("a"))

    def __enter__(self) -> Keyboard:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._x.close()

    def aim(self, offset: tuple[int, int]) -> None:
        """At the viewer's window, with the pointer over the picture."""
        windows = self._x.screen().root.query_tree().children
        shown = [w for w in windows if w.get_attributes().map_state == X.IsViewable]
        largest = max(shown, key=lambda w: (g := w.get_geometry()).width * g.height)
        xtest.fake_input(self._x, X.MotionNotify, x=REST[0] + offset[0], y=REST[1] + offset[1])
        largest.set_input_focus(X.RevertToParent, X.CurrentTime)
        self._x.sync()

    def press(self) -> float:
        for kind in (X.KeyPress, X.KeyRelease):
            xtest.fake_input(self._x, kind, self._key)
        self._x.sync()
        return time.perf_counter()


def changed(before: Eye, area: Rect, was: Any) -> Rect | None:
    """The part of `area` that changed by enough to be seen; None while nothing did."""
    differs = np.abs(before.box(area).astype(np.int16) - was).max(axis=2) > FAR
    if not differs.any():
        return None
    ys, xs = np.nonzero(differs)
    left, top = int(xs.min()), int(ys.min())
    return area[0] + left, area[1] + top, int(xs.max()) - left + 1, int(ys.max()) - top + 1


def echo(keyboard: Keyboard, source: Eye, view: Eye, samples: int, limit: float) -> Latency:
    """Each from the press until the letter is where the customer's terminal shows it."""
    rng = random.Random(6)
    taken: list[float | None] = []
    while len(taken) < samples and not hopeless(taken):
        taken.append(_one(keyboard, source, view, limit, rng.uniform(0.3, 0.8)))
    return summary(taken)


def _one(keyboard: Keyboard, source: Eye, view: Eye, limit: float, pause: float) -> float | None:
    time.sleep(pause)
    area = BOXES["typing"]
    was, shown = source.box(area).astype(np.int16), view.box(area).astype(np.int16)
    pressed = keyboard.press()
    while time.perf_counter() - pressed < limit:
        letter = changed(source, area, was)
        if letter and _seen(view, area, letter, shown):
            return (time.perf_counter() - pressed) * 1e3
        time.sleep(0.002)
    return None


def _seen(view: Eye, area: Rect, letter: Rect, shown: Any) -> bool:
    """Whether most of the letter's cell changed on the technician's display, too."""
    x, y, width, height = letter
    before = shown[y - area[1] : y - area[1] + height, x - area[0] : x - area[0] + width]
    return bool((np.abs(view.box(letter).astype(np.int16) - before).max(axis=2) > FAR).mean() > 0.25)
