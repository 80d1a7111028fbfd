from __future__ import annotations

import sys

import numpy as np
import pytest
from PIL import Image

from rs_relay.channels.screen.messages import Shape
from rs_relay.errors import PeerBroke
from rs_relay.glass.shape import KEPT, Shaped, Shapes, arrow

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


def told(number: int = 1, width: int = 3, height: int = 2, data: bytes = b"\x0a\x14\x1e\x80" * 6) -> Shape:
    return Shape(number, 1, 1, width, height, zstd.compress(data) if data else b"")


def test_a_shape_is_told_once_and_named_after_that() -> None:
    shapes = Shapes()
    first = shapes.take(told())
    assert (first.image.size, first.hot_x, first.hot_y) == ((3, 2), 1, 1)
    assert first.image.getpixel((2, 1)) == (10, 20, 30, 128)
    shapes.take(told(2))
    assert shapes.take(Shape(1)) is first


def test_a_hidden_pointer_has_no_visible_pixel() -> None:
    shapes = Shapes()
    hidden = shapes.take(Shape(5))
    assert hidden.image.getextrema()[3] == (0, 0)
    assert shapes.take(Shape(5)) is hidden


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(Shape(1, 0, 0, 3, 2), id="never shown"),
        pytest.param(told(data=b"abc"), id="too few pixels"),
        pytest.param(told(data=b"\0" * 10_000_000), id="a bomb"),
        pytest.param(Shape(1, 0, 0, 3, 2, b"no zstd"), id="no zstd"),
        pytest.param(Shape(1, 0, 0, 0, 2, zstd.compress(b"")), id="pixels of no size"),
    ],
)
def test_what_makes_no_sense_is_refused(broken: Shape) -> None:
    with pytest.raises(PeerBroke):
        Shapes().take(broken)


def test_a_point_outside_of_the_shape_is_brought_in() -> None:
    shaped = Shapes().take(Shape(1, 200, 200, 3, 2, zstd.compress(bytes(24))))
    assert (shaped.hot_x, shaped.hot_y) == (2, 1)


def test_only_so_many_are_remembered() -> None:
    shapes = Shapes()
    for number in range(KEPT + 1):
        shapes.take(told(number))
    with pytest.raises(PeerBroke):
        shapes.take(Shape(0, 0, 0, 3, 2))


def test_for_x_the_colours_are_multiplied_by_alpha() -> None:
    image = Image.new("RGBA", (2, 1), (255, 100, 0, 128))
    image.putpixel((1, 0), (255, 255, 255, 0))
    words = Shaped(image, 0, 0).argb()
    assert words.dtype == np.uint32
    assert [hex(word) for word in words[0]] == [hex(128 << 24 | 128 << 16 | 50 << 8), "0x0"]


def test_the_arrow_points_at_its_corner() -> None:
    shape = arrow()
    pixels = np.asarray(shape.image)
    assert (shape.hot_x, shape.hot_y) == (0, 0)
    assert pixels[0, 0, 3] > 0
    assert pixels[10, 3].tolist() == [255, 255, 255, 255]
    assert pixels[0, -1, 3] == 0
