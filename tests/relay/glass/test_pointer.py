from __future__ import annotations

import numpy as np
from PIL import Image

from rs_relay.channels.screen.tiles import Rect
from rs_relay.glass.pointer import PointerLayer
from rs_relay.glass.shape import Shaped


class Glass:
    def __init__(self) -> None:
        self.painted: list[list[Rect]] = []

    def paint(self, parts: list[Rect]) -> None:
        self.painted.append(parts)


RED = Shaped(Image.new("RGBA", (4, 6), (200, 0, 0, 255)), 1, 2)


def test_what_it_leaves_and_what_it_covers_is_painted() -> None:
    glass = Glass()
    pointer = PointerLayer(glass)
    pointer.look(RED)
    pointer.point((10, 20))
    assert glass.painted[-1] == [Rect(9, 18, 4, 6)] == [pointer.covers()]
    pointer.point((11, 20))
    assert glass.painted[-1] == [Rect(9, 18, 4, 6), Rect(10, 18, 4, 6)]
    count = len(glass.painted)
    pointer.point((11, 20))  # stands still
    assert len(glass.painted) == count
    pointer.point(None)
    assert glass.painted[-1] == [Rect(10, 18, 4, 6)]
    assert pointer.covers() is None


def test_it_is_cut_where_the_part_ends() -> None:
    pointer = PointerLayer(Glass())
    pointer.look(RED)
    pointer.point((1, 2))
    part = Rect(2, 3, 5, 5)
    image = Image.new("RGB", (5, 5))
    pointer.draw(image, part)
    red = np.asarray(image)[..., 0]
    assert (red[:3, :2] == 200).all()
    assert red.sum() == 200 * 6
