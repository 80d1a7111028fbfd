"""Several screens' pictures for several who look."""

from __future__ import annotations

import numpy as np
import pytest

from rs_relay.capture.base import Area, PointerPlace
from rs_relay.capture.wayland import cast as casting
from rs_relay.capture.wayland.cast import Cast, shape
from rs_relay.errors import LocalProblem
from rs_relay.pipewire.stream import Cursor, News
from rs_relay.portal.session import Source
from tests.support.casting import FakePictures

SOURCES = (Source(1, 0, 0, 64, 48, True), Source(2, 64, 0, 32, 48, True))
RED = bytes((0x80, 0, 0, 0x80))


class Looker:
    def __init__(self) -> None:
        self.areas: list[Area | None] = []
        self.moves = 0

    def drawn(self, area: Area | None) -> None:
        self.areas.append(area)

    def moved(self) -> None:
        self.moves += 1


@pytest.fixture
def pictures() -> FakePictures:
    return FakePictures([(64, 48), (32, 48)])


def test_what_is_drawn_is_told_in_pixels_of_the_whole_desktop(pictures: FakePictures) -> None:
    cast = Cast(0, SOURCES, pictures)
    looker = Looker()
    cast.watch(looker)
    second = pictures.streams[1]
    assert second.picture is not None
    second.show(second.picture, ((1, 2, 3, 4),))
    second.show(second.picture)
    assert looker.areas == [Area(65, 2, 3, 4), None]
    assert cast.leave(looker)
    second.show(second.picture)
    assert len(looker.areas) == 2


def test_another_mode_makes_everything_new(pictures: FakePictures) -> None:
    cast = Cast(0, SOURCES, pictures)
    looker = Looker()
    cast.watch(looker)
    pictures.streams[0].show(np.zeros((96, 128, 4), np.uint8), ((0, 0, 1, 1),))
    assert looker.areas == [None]
    assert [p.monitor.width for p in cast.places()] == [128, 32]
    # The desktop does not say its own measure anew: a pixel stays what it was of it.
    assert cast.places()[0].scale == (1.0, 1.0)


def test_screens_that_go(pictures: FakePictures) -> None:
    cast = Cast(0, SOURCES, pictures)
    pictures.streams[0].news(News(over=True))
    assert [p.monitor.width for p in cast.places()] == [32]
    assert not cast.over
    pictures.streams[1].news(News(over=True))
    assert cast.over
    assert cast.places() == ()


def test_the_pointer(pictures: FakePictures) -> None:
    cast = Cast(0, SOURCES, pictures)
    looker = Looker()
    cast.watch(looker)
    assert cast.shape() is None
    pictures.streams[1].news(News(cursor=Cursor(3, 4, 1, 1, 1, 1, RED)))
    assert cast.pointer() == PointerPlace(67, 4)
    looks = cast.shape()
    assert looks is not None
    assert looks.pixels == bytes((255, 0, 0, 0x80))  # as red as it is, however much it covers
    pictures.streams[0].news(News(cursor=Cursor(9, 9)))
    assert cast.pointer() == PointerPlace(9, 9)
    assert cast.shape() is looks
    pictures.streams[0].news(News(cursor=Cursor(9, 9, 1, 1, 1, 1, RED)))
    assert cast.shape() is looks  # told again, and the same
    pictures.streams[0].news(News(cursor=Cursor(9, 9, bitmap=b"")))
    assert cast.shape() == shape(Cursor(0, 0, bitmap=b""))
    assert looker.moves == 4
    assert looker.areas == []


def test_a_desktop_that_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(casting, "FIRST", 0.05)
    late = FakePictures([], late=True)
    with pytest.raises(LocalProblem, match="no picture"):
        Cast(0, SOURCES, late)
    assert late.closed
