"""The screen bench's judgement on when a picture can be read, and its eye for colours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from tests.bench.screen.eye import COLOURS, grey, looks_like
from tests.bench.screen.legible import Film, coarse, readable, readable_in

SIZE = (640, 400)
FOCUS = (40, 40, 480, 240)
FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf"


def desk() -> Any:
    """A page with text of 11 pixels in the focused window."""
    picture = Image.new("L", SIZE, 90)
    draw = ImageDraw.Draw(picture)
    x, y, width, height = FOCUS
    draw.rectangle((x, y, x + width, y + height), fill=245)
    font = ImageFont.truetype(FONT, 11)
    for line in range(14):
        draw.text((x + 8, y + 6 + 16 * line), f"{line:02d} the quick brown fox jumps over lazy dogs", 20, font)
    return np.asarray(picture).astype(np.float32)


def halved(picture: Any, times: int) -> Any:
    image = Image.fromarray(picture.astype(np.uint8))
    small = image.resize((SIZE[0] // times, SIZE[1] // times), Image.Resampling.BOX)
    return np.asarray(small.resize(SIZE, Image.Resampling.BILINEAR)).astype(np.float32)


def test_the_picture_itself_can_be_read() -> None:
    assert readable(desk(), desk(), FOCUS)


def test_sixteen_greys_can_be_read() -> None:
    assert readable(desk(), desk() // 16 * 16 + 8, FOCUS)


@pytest.mark.parametrize("times", [3, 4, 8])
def test_blurred_text_cannot_be_read(times: int) -> None:
    assert not readable(desk(), halved(desk(), times), FOCUS)


def test_a_window_alone_is_not_the_whole_screen() -> None:
    x, y, width, height = FOCUS
    seen = np.zeros_like(desk())
    seen[y : y + height, x : x + width] = desk()[y : y + height, x : x + width]
    assert not readable(desk(), seen, FOCUS)


@pytest.mark.parametrize("level", [0.0, 90.0, 245.0])
def test_one_flat_grey_cannot_be_read(level: float) -> None:
    assert not readable(desk(), np.full_like(desk(), level), FOCUS)


def shot(seen: Any, offset: tuple[int, int]) -> Any:
    """A display of 800×500 on which `seen` lies."""
    glass = np.zeros((500, 800, 3), np.uint8)
    x, y = offset
    glass[y : y + SIZE[1], x : x + SIZE[0]] = seen.astype(np.uint8)[..., None]
    return glass


def test_a_film_tells_when_it_could_first_be_read_wherever_it_lay() -> None:
    film = Film()
    film.look(shot(np.zeros_like(desk()), (0, 0)), 10.0)
    film.look(shot(halved(desk(), 8), (60, 30)), 11.0)
    film.look(shot(desk(), (100, 50)), 12.0, (100, 50), 4711)
    film.look(shot(desk(), (60, 30)), 13.0)
    assert film.since(10.0, desk(), (60, 30), readable_in(FOCUS)) == (pytest.approx(2000), 4711)
    assert film.since(10.0, desk(), (60, 30), coarse) == (pytest.approx(1000), 0)


def test_a_film_of_nothing_was_never_readable() -> None:
    film = Film()
    film.look(shot(np.zeros_like(desk()), (0, 0)), 10.0)
    assert film.since(10.0, desk(), (60, 30), readable_in(FOCUS)) is None


def test_each_colour_is_told_from_the_one_before_it_in_colour_and_in_grey() -> None:
    names = list(COLOURS)
    for before, colour in zip([names[-1], *names], names, strict=False):
        level = int(grey(np.array(COLOURS[colour])))
        assert looks_like(COLOURS[colour], colour)
        assert looks_like((level, level, level), colour)
        assert not looks_like(COLOURS[before], colour)
        earlier = int(grey(np.array(COLOURS[before])))
        assert not looks_like((earlier, earlier, earlier), colour)
