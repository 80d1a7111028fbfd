"""A Screen over two pictures: grabs across both, in parts, and what changes meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from rs_relay.capture.base import Area, Monitor, ScreenChanged, TakenBack
from rs_relay.capture.wayland.leave import Leave
from rs_relay.capture.wayland.screen import MOST_AREAS, NONE, WaylandScreen
from rs_relay.pipewire.stream import Cursor, News
from rs_relay.portal.session import Pointer, Source
from tests.support.casting import FakeSession, Person


@pytest.fixture
def person() -> Person:
    person = Person()
    person.sources = (Source(1, 0, 0, 64, 48, True), Source(2, 64, 8, 32, 48, True))
    return person


@pytest.fixture
def screen(person: Person) -> Iterator[WaylandScreen]:
    screen = Leave({}, portal=person.portal, cast=person.cast).screen(hands=False)
    yield screen
    screen.close()


def test_monitors_and_a_grab_across_both(screen: WaylandScreen) -> None:
    assert [(m.name, m.x, m.y) for m in screen.monitors()] == [("screen 1", 0, 0), ("screen 2", 64, 8)]
    everything = screen.bounds()
    assert (everything.width, everything.height) == (96, 56)
    pixels = screen.grab(everything)
    assert (pixels[:48, :64] == 10).all()
    assert (pixels[8:, 64:] == 20).all()
    assert not pixels[48:, :64].any()  # where no screen is
    assert (screen.grab(screen.monitors()[1]) == 20).all()


def test_parts_alone_are_looked_at(screen: WaylandScreen, person: Person) -> None:
    area = screen.bounds()
    screen.grab(area)
    streams = person.pictures[0].streams
    streams[0].show(np.full((48, 64, 4), 99, np.uint8), ((0, 0, 2, 2),))
    pixels = screen.grab(area, [Area(60, 0, 10, 10)])
    assert (pixels[:10, 60:64] == 99).all()
    assert (pixels[:10, :60] == 10).all()
    assert (pixels[8:10, 64:70] == 20).all()


def test_what_was_drawn_is_told_once(screen: WaylandScreen, person: Person) -> None:
    calls: list[int] = []
    assert screen.watch(lambda: calls.append(1))
    assert screen.damaged() is None  # never asked before
    first = person.pictures[0].streams[0]
    assert first.picture is not None
    first.show(first.picture, ((1, 2, 3, 4),))
    first.show(first.picture, ((5, 6, 7, 8),))
    assert calls == [1]
    assert screen.damaged() == (Area(1, 2, 3, 4), Area(5, 6, 7, 8))
    assert screen.damaged() == ()
    first.news(News(cursor=Cursor(1, 1)))
    assert calls == [1, 1]
    assert screen.damaged() == ()
    for _ in range(MOST_AREAS + 1):
        first.show(first.picture, ((1, 2, 3, 4),))
    assert screen.damaged() is None


def test_an_area_that_is_no_more(screen: WaylandScreen, person: Person) -> None:
    area = screen.bounds()
    person.pictures[0].streams[1].show(np.zeros((16, 16, 4), np.uint8))
    with pytest.raises(ScreenChanged):
        screen.grab(area)
    assert screen.grab(screen.bounds()).shape == (48, 80, 4)
    with pytest.raises(ScreenChanged):
        screen.grab(Monitor("x", -1, 0, 4, 4))


def test_a_buffer_that_was_taken_away_meanwhile(screen: WaylandScreen, person: Person) -> None:
    person.pictures[0].streams[0].picture = None
    with pytest.raises(ScreenChanged):
        screen.grab(screen.bounds())


def test_a_pointer_in_the_picture_is_not_drawn_twice(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeSession, "pointer", Pointer.EMBEDDED)
    screen = Leave({}, portal=person.portal, cast=person.cast).screen(hands=False)
    assert screen.shape() is NONE
    screen.close()


def test_given_back_while_somebody_looks(person: Person) -> None:
    leave = Leave({}, portal=person.portal, cast=person.cast)
    screen = leave.screen(hands=False)
    area = screen.bounds()
    leave.give_back()
    with pytest.raises(TakenBack):
        screen.grab(area)
    screen.close()
