"""Glass to glass: a block of colour on the customer's display, and an eye on the technician's that waits for it.

The eye finds where the picture lies by itself: a viewer may show it anywhere, only 1:1.
"""

from __future__ import annotations

import random
import time
from types import TracebackType
from typing import Any

import numpy as np
from mss import MSS
from Xlib import X
from Xlib.display import Display

from tests.bench.screen.figures import Latency, hopeless, summary
from tests.support.xdesktop import Rect

# In this order each differs from the one before in brightness, too: a viewer that shows greys is seen as well.
COLOURS = {"magenta": (255, 0, 255), "blue": (0, 0, 200), "green": (0, 160, 0), "yellow": (230, 210, 0)}
NEAR = 120  # the sum over three channels: what JPEG may change
GREY_NEAR = 30  # of 255, the block's brightness in a grey picture


def grey(pixels: Any) -> Any:
    """The brightness (uint16, 0 to 255) of RGB pixels."""
    red, green, blue = (pixels[..., n].astype(np.uint16) for n in range(3))
    return (red * 77 + green * 150 + blue * 29) >> 8  # BT.601, in integers


def _near(picture: Any, colour: str) -> Any:
    return np.abs(picture.astype(np.int16) - np.array(COLOURS[colour], np.int16)).max(axis=2) < 48


def looks_like(seen: tuple[int, int, int], colour: str) -> bool:
    """The colour, or the grey that stands for it."""
    wanted = COLOURS[colour]
    if sum(abs(a - b) for a, b in zip(seen, wanted, strict=True)) < NEAR:
        return True
    flat = max(seen) - min(seen) < 12
    return flat and abs(seen[0] - int(grey(np.array(wanted)))) < GREY_NEAR


class Block:
    """An override-redirect window on the customer's display."""

    AREA: Rect = (1500, 780, 240, 180)

    def __init__(self, display: str) -> None:
        self._x = Display(display)
        screen = self._x.screen()
        x, y, width, height = self.AREA
        self._window = screen.root.create_window(
            x, y, width, height, 0, screen.root_depth, X.InputOutput, X.CopyFromParent,
            background_pixel=0, override_redirect=True,
        )  # fmt: skip

    def show(self, colour: str) -> float:
        """When the X server had it."""
        red, green, blue = COLOURS[colour]
        self._window.change_attributes(background_pixel=red << 16 | green << 8 | blue)
        self._window.map()
        self._window.configure(stack_mode=X.Above)
        self._window.clear_area(0, 0, 0, 0)
        self._x.sync()
        return time.perf_counter()

    def hide(self) -> None:
        self._window.unmap()
        self._x.sync()

    def __enter__(self) -> Block:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._x.close()


class Eye:
    """Looks at a display. `offset` is where the customer's (0, 0) lies on it, once `find` has found it."""

    def __init__(self, display: str) -> None:
        self._camera = MSS(display=display)
        self.offset = (0, 0)

    def __enter__(self) -> Eye:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._camera.close()

    def all(self) -> Any:
        """The whole display as RGB, height × width × 3."""
        shot = self._camera.grab(self._camera.monitors[0])
        return np.frombuffer(shot.raw, np.uint8).reshape(shot.height, shot.width, 4)[..., 2::-1]

    def box(self, area: Rect) -> Any:
        """A part of the customer's picture as RGB, as it is shown here."""
        x, y, width, height = area
        x, y = x + self.offset[0], y + self.offset[1]
        raw = self._camera.grab({"left": x, "top": y, "width": width, "height": height}).raw
        return np.frombuffer(raw, np.uint8).reshape(height, width, 4)[..., 2::-1]

    def sees(self, area: Rect) -> bool:
        """Whether that part of the customer's picture lies on this display."""
        x, y, width, height = area
        screen = self._camera.monitors[0]
        left, top = x + self.offset[0], y + self.offset[1]
        return min(left, top) >= 0 and left + width <= screen["width"] and top + height <= screen["height"]

    def find(self, colour: str, picture: Any) -> bool:
        """Whether the block is to be seen (a quarter of it at least) in a picture of `all`; remembers where."""
        x, y, width, height = Block.AREA
        # Every eighth pixel says whether it is worth looking closely, in a fiftieth of the time.
        if _near(picture[::8, ::8], colour).sum() <= width * height / 64 / 4:
            return False
        near = _near(picture, colour)
        # A row or column of the block, and not a speck of its colour elsewhere.
        left = int(np.argmax(near.sum(axis=0) > height / 4))
        top = int(np.argmax(near.sum(axis=1) > width / 4))
        self.offset = left - x, top - y
        return True

    def wait_for(self, colour: str, limit: float) -> float | None:
        """When the block's middle has that colour; None after `limit` seconds."""
        x, y, width, height = Block.AREA
        middle = (x + width // 2, y + height // 2, 1, 1)
        begun = time.perf_counter()
        while time.perf_counter() - begun < limit:
            red, green, blue = (int(v) for v in self.box(middle)[0, 0])
            if looks_like((red, green, blue), colour):
                return time.perf_counter()
            time.sleep(0.0005)
        return None


def latency(block: Block, eye: Eye, samples: int, limit: float, began: Any = None) -> tuple[Latency, Latency | None]:
    """(glass to glass, the part of it up to the wire) for `samples` changes at moments that follow nobody's clock.

    `began()` tells when bytes last began to come down; without it the second is None."""
    rng = random.Random(5)
    order = ("blue", "green", "yellow", "magenta")
    whole: list[float | None] = []
    to_wire: list[float | None] = []
    for n in range(samples):
        if hopeless(whole):
            break
        time.sleep(rng.uniform(0.15, 0.45))
        colour = order[n % len(order)]
        shown = block.show(colour)
        seen = eye.wait_for(colour, limit)
        whole.append((seen - shown) * 1e3 if seen else None)
        wire = began() if began else 0.0
        to_wire.append((wire - shown) * 1e3 if wire > shown else None)
    return summary(whole), summary(to_wire) if began else None
