"""Screens to look at: text, photographs, and a desktop made of an array, all from a seed.

Words are what a grab holds (a pixel as one number, B G R X in memory), RGB is what a viewer shows.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from rs_agent.desktop.base import Area, Clipboard, Hands, Monitor, Pixels, PointerPlace, PointerShape, ScreenChanged

Words = npt.NDArray[np.uint32]
RGB = npt.NDArray[np.uint8]
LETTERS = list("abcdefghijklmnopqrstuvwxyz ABC .,")


def words(picture: RGB, filler: int = 0) -> Words:
    """`filler` is the fourth byte, which means nothing."""
    out = np.full((*picture.shape[:2], 4), filler, np.uint8)
    out[..., :3] = picture[..., ::-1]
    return out.view(np.uint32)[..., 0]


def grabbed(picture: Words) -> Pixels:
    return np.ascontiguousarray(picture).view(np.uint8).reshape(*picture.shape, 4)


def rgb(picture: Words) -> RGB:
    return grabbed(picture)[..., 2::-1]


def page(height: int, width: int, seed: int = 0) -> Words:
    """Black text of 12 px on white, anti-aliased; each line differs."""
    random = np.random.default_rng(seed)
    image = Image.new("RGB", (width, height), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(12)
    for y in range(2, height, 16):
        draw.text((8, y), "".join(random.choice(LETTERS, max(1, width // 8))), fill="black", font=font)
    return words(np.asarray(image))


def photograph(height: int, width: int, seed: int = 0) -> Words:
    """Smooth shapes with a little noise, as a camera gives them."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (max(2, height // 40), max(2, width // 40), 3), dtype=np.uint8)
    smooth = np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)).astype(np.int16)
    return words((smooth + random.integers(-6, 7, smooth.shape)).clip(0, 255).astype(np.uint8))


class ArrayScreen:
    """A screen that shows `desktop.picture`."""

    def __init__(self, desktop: ArrayDesktop) -> None:
        self._desktop = desktop
        self._held: Monitor | None = None
        self._seen: Pixels = np.zeros((0, 0, 4), np.uint8)

    def monitors(self) -> tuple[Monitor, ...]:
        return self._desktop.monitors

    def bounds(self) -> Monitor:
        height, width = self._desktop.picture.shape
        return Monitor("all", 0, 0, width, height)

    def watch(self, changed: Callable[[], None]) -> bool:
        self._desktop.changed = changed
        return self._desktop.tells

    def damaged(self) -> tuple[Area, ...] | None:
        if not self._desktop.tells:
            return None
        told, self._desktop.damage = tuple(self._desktop.damage), []
        return told

    def shape(self) -> PointerShape | None:
        return self._desktop.shape

    def focus(self) -> Area | None:
        return self._desktop.focus

    def grab(self, area: Monitor, parts: Sequence[Area] | None = None) -> Pixels:
        """No more than the parts comes, and into the array of the last grab: who kept that has it overwritten."""
        wanted = [area] if parts is None or area != self._held else parts
        self._desktop.grabs += 1
        self._desktop.grabbed += sum(part.width * part.height for part in wanted)
        self._held = None
        if self._desktop.before_grab:
            self._desktop.before_grab.pop()()
        bottom, right = area.y + area.height, area.x + area.width
        if bottom > self._desktop.picture.shape[0] or right > self._desktop.picture.shape[1]:
            raise ScreenChanged("gone", "")
        now = grabbed(self._desktop.picture[area.y : bottom, area.x : right])
        if self._seen.shape != now.shape:
            self._seen = np.zeros_like(now)
        for part in wanted:
            x, y = part.x - area.x, part.y - area.y
            cut = np.s_[y : y + part.height, x : x + part.width]
            self._seen[cut] = now[cut]
        self._held = area
        return self._seen

    def pointer(self) -> PointerPlace:
        return self._desktop.pointer

    def close(self) -> None:
        self._desktop.closed.set()


class ArrayDesktop:
    """A desktop that is an array: set `picture` to change what is seen."""

    name = "array"
    asks = False  # the person, by itself

    def __init__(self, picture: Words) -> None:
        self.picture = picture
        self.pointer = PointerPlace(0, 0)
        self.grabs = 0
        self.grabbed = 0  # pixels
        self.tells = False  # what was drawn; else it must be looked for
        self.damage: list[Area] = []
        self.changed: Callable[[], None] = lambda: None
        self.shape: PointerShape | None = None
        self.focus: Area | None = None
        self.closed = threading.Event()  # one of its screens was
        self.before_grab: list[Callable[[], object]] = []  # calls, each made once, at the start of a grab
        self._monitors: tuple[Monitor, ...] = ()

    @property
    def monitors(self) -> tuple[Monitor, ...]:
        height, width = self.picture.shape
        return self._monitors or (Monitor("one", 0, 0, width, height, primary=True),)

    @monitors.setter
    def monitors(self, found: tuple[Monitor, ...]) -> None:
        self._monitors = found

    def screen(self) -> ArrayScreen:
        return ArrayScreen(self)

    def hands(self) -> Hands:
        raise NotImplementedError

    def clipboard(self) -> Clipboard:
        raise NotImplementedError

    def close(self) -> None:
        pass
