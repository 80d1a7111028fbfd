from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from rs_relay.channels.screen.tiles import Rect
from rs_relay.glass.layer import Layers, around, meet


@dataclass
class Block:
    at: Rect | None
    colour: tuple[int, int, int]

    def covers(self) -> Rect | None:
        return self.at

    def draw(self, onto: Image.Image, part: Rect) -> None:
        assert self.at
        x, y = self.at.x - part.x, self.at.y - part.y
        onto.paste(self.colour, (x, y, x + self.at.width, y + self.at.height))


def test_what_two_rectangles_have_and_hold() -> None:
    one = Rect(0, 0, 10, 10)
    assert meet(one, Rect(5, 6, 10, 10)) == Rect(5, 6, 5, 4)
    assert meet(one, Rect(10, 0, 5, 5)) is None
    assert meet(one, None) is None
    assert around(one, Rect(5, 6, 10, 10)) == Rect(0, 0, 15, 16)
    assert around(None, one) == around(one, None) == one


def test_layers_lie_in_their_order_and_only_where_they_cover() -> None:
    layers = Layers()
    layers.put("below", Block(Rect(0, 0, 4, 4), (9, 0, 0)))
    layers.put("above", Block(Rect(2, 2, 4, 4), (0, 9, 0)))
    layers.put("nothing", Block(None, (0, 0, 9)))
    part = Rect(1, 1, 6, 6)
    assert layers.over(part) == Rect(1, 1, 5, 5)
    assert layers.over(Rect(7, 7, 2, 2)) is None
    image = Image.new("RGB", (6, 6))
    layers.draw(image, part)
    pixels = np.asarray(image)
    assert pixels[0, 0].tolist() == [9, 0, 0]
    assert pixels[2, 2].tolist() == [0, 9, 0]
    assert pixels[5, 5].tolist() == [0, 0, 0]
