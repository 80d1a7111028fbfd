"""Buttons as an eye finds them: rectangles of one colour on the screen, pressed by the mouse."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from tests.support.xdesktop import Rect, XDesktop, until

LEAST = 24  # pixels: what is less wide or high than this is no button
HIGH = 20


def found(desktop: XDesktop, *colours: str) -> list[Rect]:
    """All rectangles of one of `colours` (#rrggbb), from the top, then from the left."""
    import mss

    with mss.MSS(display=desktop.display) as camera:
        shot = camera.grab(camera.monitors[0])
        picture = np.frombuffer(shot.rgb, np.uint8).reshape(shot.height, shot.width, 3)
    mask = np.zeros(picture.shape[:2], dtype=bool)
    for colour in colours:
        mask |= (picture == [int(colour[at : at + 2], 16) for at in (1, 3, 5)]).all(axis=2)
    boxes: list[Rect] = []
    for y, x in _corners(mask):
        if any(left <= x < left + width and top <= y < top + height for left, top, width, height in boxes):
            continue
        width, height = _run(mask[y, x:]), _run(mask[y:, x])
        if width >= LEAST and height >= HIGH:
            boxes.append((x, y, width, height))
    return boxes


def _corners(mask: Any) -> list[tuple[int, int]]:
    """Pixels of it with none of it above and none at the left."""
    inner = mask.copy()
    inner[1:] &= ~mask[:-1]
    inner[:, 1:] &= ~mask[:, :-1]
    return [(int(y), int(x)) for y, x in np.argwhere(inner)]


def _run(line: Any) -> int:
    """How many of its first are true."""
    ends = np.flatnonzero(~line)
    return int(ends[0]) if len(ends) else len(line)


def press(desktop: XDesktop, box: Rect) -> None:
    """The mouse goes to the middle of it, and clicks."""
    x, y = box[0] + box[2] // 2, box[1] + box[3] // 2
    desktop.run("xdotool", "mousemove", str(x), str(y), check=True)
    time.sleep(0.1)
    desktop.run("xdotool", "click", "1", check=True)


def wait(desktop: XDesktop, *colours: str, number: int = 1) -> list[Rect]:
    """Once there are that many."""
    boxes: list[Rect] = until(
        lambda: boxes if len(boxes := found(desktop, *colours)) >= number else None,
        f"{number} buttons of {colours}",
    )
    return boxes
