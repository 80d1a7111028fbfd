from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from rs_relay.channels.screen.tiles import Rect
from rs_relay.glass.fit import Fit, first_size, fitted, pixel_for_pixel

sides = st.integers(1, 3000)


@pytest.mark.parametrize(
    ("picture", "canvas", "expected"),
    [
        ((1920, 1080), (960, 540), (0, 0, 960, 540)),
        ((1920, 1080), (960, 700), (0, 80, 960, 540)),  # a border above and below
        ((1920, 1080), (1200, 540), (120, 0, 960, 540)),  # a border left and right
        ((800, 600), (1600, 1200), (0, 0, 1600, 1200)),  # enlarged
        ((10_000, 1), (100, 100), (0, 49, 100, 1)),  # never thinner than a pixel
        ((800, 600), (0, 0), (0, 0, 1, 1)),  # a canvas that is not there yet
    ],
)
def test_fitted(picture, canvas, expected):
    fit = fitted(*picture, *canvas)
    assert (fit.left, fit.top, fit.shown_width, fit.shown_height) == expected


@pytest.mark.parametrize(
    ("canvas", "left", "top"), [((1000, 1000), 100, 200), ((500, 500), 0, 0), ((1000, 500), 100, 0)]
)
def test_pixel_for_pixel_lies_in_the_middle_or_scrolls(canvas, left, top):
    fit = pixel_for_pixel(800, 600, *canvas)
    assert (fit.left, fit.top, fit.exact, fit.percent) == (left, top, True, 100)


def test_first_size_is_the_picture_or_as_much_as_there_is_room():
    assert first_size(800, 600, 1600, 900) == (800, 600)
    assert first_size(1920, 1080, 960, 900) == (960, 540)


@given(sides, sides, sides, sides, st.integers(-5000, 5000), st.integers(-5000, 5000))
def test_no_place_is_outside_of_the_picture(width, height, across, down, x, y):
    for fit in (fitted(width, height, across, down), pixel_for_pixel(width, height, across, down)):
        column, row = fit.to_picture(x, y)
        assert 0 <= column < width
        assert 0 <= row < height
        assert fit.shown_width <= max(across, width)


@given(sides, sides, sides, sides, st.data())
def test_a_place_and_back(width, height, across, down, data):
    """From the picture to the canvas and back is exact where nothing is scaled down, and within one step otherwise."""
    fit = fitted(width, height, across, down)
    x, y = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    there = fit.to_canvas(x, y)
    assert fit.inside(*there)
    back = fit.to_picture(*there)
    assert abs(back[0] - x) <= max(1, width / fit.shown_width)
    assert abs(back[1] - y) <= max(1, height / fit.shown_height)
    if fit.exact:
        assert back == (x, y)


def test_the_corners_are_reached():
    fit = fitted(1920, 1080, 1000, 700)
    right, bottom = fit.left + fit.shown_width - 1, fit.top + fit.shown_height - 1
    assert fit.to_picture(fit.left, fit.top) == (0, 0)
    assert fit.to_picture(right, bottom)[0] >= 1918
    assert fit.to_picture(right + 50, bottom + 50) == (1919, 1079)


def scaled(pixels: np.ndarray, fit: Fit, part: Rect) -> np.ndarray:
    around, box = fit.source(part)
    cut = pixels[around.y : around.y + around.height, around.x : around.x + around.width]
    image = Image.fromarray(np.ascontiguousarray(cut))
    return np.asarray(image.resize((part.width, part.height), Image.Resampling.HAMMING, box)).astype(int)


shapes = st.tuples(st.integers(20, 120), st.integers(20, 120), st.integers(10, 150), st.integers(10, 150))


@settings(max_examples=60, deadline=None)
@given(shapes, st.data())
def test_what_is_painted_by_parts_is_the_whole_scaled(shape, data):
    """The law of `shown` and `source`: a change painted alone leaves the same as painting everything."""
    width, height, across, down = shape
    fit = fitted(width, height, across, down)
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    before = rng.integers(0, 255, (height, width, 3), dtype=np.uint8)
    x, y = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    change = Rect(x, y, data.draw(st.integers(1, width - x)), data.draw(st.integers(1, height - y)))
    after = before.copy()
    after[y : y + change.height, x : x + change.width] ^= 255

    glass = scaled(before, fit, fit.whole)
    part = fit.shown(change)
    assert part.inside(fit.shown_width, fit.shown_height)
    glass[part.y : part.y + part.height, part.x : part.x + part.width] = scaled(after, fit, part)
    # Each is rounded by itself: twice by one level at most (Pillow scales across, then down).
    assert np.abs(glass - scaled(after, fit, fit.whole)).max() <= 2
