"""What an X server tells of what real programs draw, and of the pointer's shape."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from Xlib import display

from rs_relay.capture.arrow import ARROW
from rs_relay.capture.base import Area
from rs_relay.capture.x11.damage import X11Damage
from rs_relay.errors import LocalProblem
from tests.support.xdesktop import PATIENCE, XDesktop, until


class Watched:
    def __init__(self, x: XDesktop) -> None:
        self.called = threading.Event()
        self.damage = X11Damage(x.display, self.called.set)

    def wait(self) -> None:
        assert self.called.wait(PATIENCE)
        self.called.clear()

    def settled(self) -> None:
        """Nothing more is told of what was drawn before."""
        until(self._quiet, "quiet")

    def _quiet(self) -> bool:
        self.called.clear()  # first: what is told from here on is new
        return not self.damage.areas()


@pytest.fixture
def watched(x: XDesktop) -> Iterator[Watched]:
    made = Watched(x)
    made.settled()
    yield made
    made.damage.close()


def holds(areas: tuple[Area, ...], x: int, y: int) -> bool:
    return any(a.x <= x < a.x + a.width and a.y <= y < a.y + a.height for a in areas)


def draw(x: XDesktop, left: int, top: int) -> None:
    client = display.Display(x.display)
    root = client.screen().root
    root.fill_rectangle(root.create_gc(foreground=0x336699), left, top, 40, 20)
    client.sync()
    client.close()


def test_what_is_drawn_is_told_once_and_where(x: XDesktop, watched: Watched) -> None:
    draw(x, 300, 200)
    watched.wait()
    areas = watched.damage.areas()
    assert holds(areas, 310, 210)
    assert not holds(areas, 900, 600)
    watched.settled()
    assert watched.damage.areas() == ()


def test_what_is_drawn_after_an_answer_is_told_again(x: XDesktop, watched: Watched) -> None:
    for place in ((10, 10), (500, 400), (10, 10)):
        draw(x, *place)
        watched.wait()
        watched.settled()


def test_before_the_first_answer_all_may_have_changed(x: XDesktop) -> None:
    draw(x, 10, 10)
    watched = Watched(x)
    try:
        watched.damage.areas()  # whatever it says, the next drawing is told
        watched.settled()
        draw(x, 400, 10)
        watched.wait()
        assert holds(watched.damage.areas(), 410, 20)
    finally:
        watched.damage.close()


def test_the_pointers_shape_and_its_change(x: XDesktop, watched: Watched) -> None:
    x.spawn("xterm", "-geometry", "20x3+100+100", "-e", "sleep 600")
    x.run("xdotool", "search", "--sync", "--onlyvisible", "--class", "xterm", check=True)
    x.run("xdotool", "mousemove", "800", "600", check=True)
    until(lambda: _looks(watched) is not None, "a pointer")
    before = _looks(watched)
    watched.settled()
    x.run("xdotool", "mousemove", "130", "120", check=True)
    watched.wait()
    until(lambda: _looks(watched) != before, "the terminal's pointer")
    bar = watched.damage.shape()
    assert bar is not None
    assert watched.damage.shape() is bar  # the same object as long as it looks the same
    assert len(bar.pixels) == bar.width * bar.height * 4
    assert 0 <= bar.hot_x < bar.width
    assert 0 < sum(1 for alpha in bar.pixels[3::4] if alpha) < bar.width * bar.height


def test_a_pointer_whose_owner_is_gone_is_a_plain_arrow(x: XDesktop, watched: Watched) -> None:
    """X goes on showing the cursor of an xsetroot that has ended, and lets nobody read it."""
    x.run("xsetroot", "-cursor_name", "left_ptr", check=True)
    until(lambda: watched.damage.shape() == ARROW, "an arrow")


def _looks(watched: Watched) -> bytes | None:
    shape = watched.damage.shape()
    return shape.pixels if shape else None


def test_a_server_without_damage_tells_so_and_still_tells_shapes() -> None:
    with XDesktop((400, 300), without=("DAMAGE",)) as x:
        watched = Watched(x)
        try:
            assert not watched.damage.tells
            assert watched.damage.shapes
            assert watched.damage.shape() is not None
        finally:
            watched.damage.close()


def test_a_display_that_goes_wakes_who_waits_and_is_a_clear_error() -> None:
    with XDesktop((400, 300)) as x:
        watched = Watched(x)
        watched.settled()
    watched.wait()
    with pytest.raises(LocalProblem):
        watched.damage.areas()
    watched.damage.close()


def test_no_display_is_a_clear_error() -> None:
    with pytest.raises(LocalProblem):
        X11Damage(":4711", lambda: None)
