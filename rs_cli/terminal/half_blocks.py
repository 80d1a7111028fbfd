"""A picture as text: two pixels a cell, the upper as a half block's colour and the lower as its background."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from PIL import Image
from rich.color import Color
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.segment import Segment
from rich.style import Style

BLOCK = "▀"


class HalfBlocks:
    """Rich shows it as wide as `image` has pixels, and half as high."""

    def __init__(self, image: Image.Image) -> None:
        pixels = np.asarray(image.convert("RGB"))
        if len(pixels) % 2:
            pixels = np.concatenate((pixels, pixels[-1:]))
        # Each cell as six numbers: red, green and blue above, and below.
        self._cells = np.concatenate((pixels[0::2], pixels[1::2]), axis=2)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for row in self._cells:
            changes = np.flatnonzero((row[1:] != row[:-1]).any(axis=1)) + 1
            edges = [0, *changes.tolist(), len(row)]
            for start, end in pairwise(edges):
                r, g, b, below_r, below_g, below_b = row[start].tolist()
                style = Style(color=Color.from_rgb(r, g, b), bgcolor=Color.from_rgb(below_r, below_g, below_b))
                yield Segment(BLOCK * (end - start), style)
            yield Segment.line()

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(self._cells.shape[1], self._cells.shape[1])
