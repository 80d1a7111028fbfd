from __future__ import annotations

import numpy as np
import pytest

from rs_relay.channels.screen.messages import Frame, Layout
from rs_relay.channels.screen.tiles import Rect
from rs_relay.errors import PeerBroke
from rs_relay.glass.fit import fitted, pixel_for_pixel
from rs_relay.glass.framebuffer import Framebuffer
from tests.support.pictures import Painter, card


def filled(width: int = 200, height: int = 120) -> tuple[Framebuffer, Painter, np.ndarray]:
    buffer, painter, picture = Framebuffer(), Painter(width, height), card(width, height)
    buffer.begin(painter.layout)
    for frame in painter.frames(picture):
        buffer.apply(frame)
    return buffer, painter, picture


def test_pixel_for_pixel_shows_each_pixel():
    buffer, _, picture = filled()
    assert buffer.complete
    fit = pixel_for_pixel(200, 120, 300, 300)
    part = Rect(10, 20, 70, 33)
    assert np.array_equal(np.asarray(buffer.shown(fit, part)), picture[20:53, 10:80])
    assert np.array_equal(np.asarray(buffer.still()), picture)


def test_scaled_down_keeps_the_mean():
    buffer, _, picture = filled()
    fit = fitted(200, 120, 100, 60)
    shown = np.asarray(buffer.shown(fit, fit.whole)).astype(float)
    assert shown.shape == (60, 100, 3)
    assert np.abs(shown.mean((0, 1)) - picture.mean((0, 1))).max() < 2


def test_dimmed_is_grey_and_pale_until_a_new_picture_begins():
    buffer, painter, picture = filled()
    fit = pixel_for_pixel(200, 120, 200, 120)
    buffer.dimmed = True
    grey = np.asarray(buffer.shown(fit, fit.whole))
    assert (grey[..., 0] == grey[..., 1]).all()
    assert grey.min() >= 150
    assert np.array_equal(np.asarray(buffer.still()), picture)  # what is saved is what was seen
    buffer.begin(painter.layout)
    assert not buffer.dimmed


def test_a_frame_of_an_elder_layout_is_passed_over():
    buffer, painter, _ = filled()
    late = painter.frames(card(200, 120, 2))
    buffer.begin(Layout(2, 0, 0, 200, 120))
    assert [buffer.apply(frame) for frame in late] == [[] for _ in late]
    assert not buffer.complete


def test_a_frame_of_a_layout_that_never_was_is_not():
    buffer, _, _ = filled()
    with pytest.raises(PeerBroke):
        buffer.apply(Frame(2, 9))


def test_an_absurd_size_is_refused_and_the_picture_stays():
    buffer, _, picture = filled()
    with pytest.raises(PeerBroke):
        buffer.begin(Layout(2, 0, 0, 16_000, 16_000))
    assert np.array_equal(np.asarray(buffer.still()), picture)
