"""Drawings over a real X desktop: seen by everybody, in nobody's way."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import mss
import numpy as np
import pytest

from rs_agent.desktop.base import Drawn
from rs_agent.desktop.x11 import overlay as module
from rs_agent.desktop.x11.overlay import NAME, X11Overlay
from rs_relay.capture.x11.connection import connect
from rs_relay.channels.draw import Colour, Tool
from rs_relay.channels.screen.tiles import Pixels
from rs_relay.drawing.board import Stroke
from rs_relay.drawing.raster import RGB
from rs_relay.errors import LocalProblem
from tests.support.xdesktop import XDesktop, until
from tests.support.xev import Xev

RED, BLUE, YELLOW = RGB[Colour.RED], RGB[Colour.BLUE], RGB[Colour.YELLOW]
BEHIND = (0x20, 0x4A, 0x87)


@pytest.fixture
def over(x: XDesktop) -> Iterator[X11Overlay]:
    x.run("xsetroot", "-solid", "#204a87", check=True)
    made = X11Overlay(x.display)
    yield made
    made.close()


def stroke(tool: Tool, *points: tuple[int, int], colour: Colour = Colour.RED, width: int = 6) -> Stroke:
    return Stroke(tool, colour, width, points)


def seen(x: XDesktop) -> Pixels:
    with mss.MSS(display=x.display) as camera:
        shot = camera.grab(camera.monitors[0])
        return np.frombuffer(shot.rgb, np.uint8).reshape(shot.height, shot.width, 3)


def shows(x: XDesktop, at: tuple[int, int], colour: tuple[int, int, int]) -> None:
    until(lambda: x.pixel(*at) == colour, f"{colour} at {at}, which is {x.pixel(*at)}", 10)


def windows(x: XDesktop) -> list[str]:
    return x.run("xdotool", "search", "--name", f"^{NAME}$").stdout.split()


def test_a_stroke_is_there_with_its_own_pixels_only_and_goes(x: XDesktop, over: X11Overlay) -> None:
    over.show({1: stroke(Tool.PEN, (100, 100), (300, 100))})
    shows(x, (200, 100), RED)
    picture = seen(x)
    assert {tuple(map(int, c)) for c in np.unique(picture.reshape(-1, 3), axis=0)} == {RED, BEHIND}
    rows = np.flatnonzero((picture == RED).all(2).any(1))
    assert 95 <= rows[0] <= rows[-1] <= 105
    over.show({})
    shows(x, (200, 100), BEHIND)
    until(lambda: not windows(x), "no window left")


def test_it_grows_changes_and_loses_one_of_two(x: XDesktop, over: X11Overlay) -> None:
    pen, arrow = (
        stroke(Tool.PEN, (100, 100), (200, 100)),
        stroke(Tool.ARROW, (100, 300), (200, 300), colour=Colour.BLUE),
    )
    over.show({1: pen})
    shows(x, (150, 100), RED)
    over.show({1: pen.further(((200, 200),)), 2: arrow})
    shows(x, (200, 150), RED)
    shows(x, (150, 300), BLUE)
    over.show({1: pen.further(((200, 200),)), 2: arrow.further(((100, 400),))})  # its tip is somewhere else now
    shows(x, (100, 350), BLUE)
    shows(x, (150, 300), BEHIND)
    over.show({2: arrow.further(((100, 400),))})
    shows(x, (200, 150), BEHIND)
    assert x.pixel(100, 350) == BLUE


def test_a_highlighter_lets_every_other_row_through(x: XDesktop, over: X11Overlay) -> None:
    over.show({1: stroke(Tool.HIGHLIGHTER, (100, 100), (300, 100), colour=Colour.YELLOW, width=20)})
    shows(x, (200, 100), YELLOW)
    rows = [x.pixel(200, y) for y in range(92, 108)]
    assert rows == [YELLOW, BEHIND] * 8


def test_a_click_on_a_stroke_reaches_the_window_below(x: XDesktop, over: X11Overlay) -> None:
    xev = Xev(x)
    over.show({1: stroke(Tool.RECTANGLE, (50, 50), (250, 250), width=30), 2: stroke(Tool.LASER, (150, 150), width=40)})
    shows(x, (150, 150), RED)
    x.run("xdotool", "mousemove", "150", "150", "click", "1", "mousemove", "50", "150", "click", "3", "key", "a")
    heard = [(one.kind, one.button or one.name) for one in xev.take(6)]
    assert heard == [
        ("ButtonPress", 1), ("ButtonRelease", 1), ("ButtonPress", 3), ("ButtonRelease", 3),
        ("KeyPress", "a"), ("KeyRelease", "a"),
    ]  # fmt: skip


def test_a_window_that_comes_above_is_below_in_a_moment(x: XDesktop, over: X11Overlay) -> None:
    x.start_wm()
    over.show({1: stroke(Tool.PEN, (100, 150), (400, 150), width=10)})
    shows(x, (200, 150), RED)
    x.xterm("exec sleep 60", title="above", geometry="60x20+50+50")
    shows(x, (200, 150), RED)
    assert x.pixel(200, 170) != BEHIND  # the xterm is there, beside the stroke


def test_two_programs_that_want_to_be_on_top_do_not_keep_the_server_busy(x: XDesktop, over: X11Overlay) -> None:
    other = X11Overlay(x.display)
    lines = {1: stroke(Tool.PEN, (100, 150), (400, 150), width=10)}
    over.show(lines)
    other.show(lines)
    shows(x, (200, 150), RED)
    from Xlib.display import Display

    watcher = Display(x.display)
    watcher.screen().root.change_attributes(event_mask=1 << 19)  # SubstructureNotify
    watcher.sync()
    x.run("sleep", "1")
    watcher.sync()
    assert watcher.pending_events() <= 60
    watcher.close()
    other.close()


def test_it_follows_the_desktops_size(x: XDesktop, over: X11Overlay) -> None:
    line = {1: stroke(Tool.PEN, (100, 100), (900, 100))}
    over.show(line)
    shows(x, (700, 100), RED)
    x.run("xrandr", "--fb", "640x480")  # (it complains that Xvfb's one output does not fit: after the fact)
    shows(x, (600, 100), RED)
    geometry = x.run("xdotool", "getwindowgeometry", windows(x)[0]).stdout
    assert "640x480" in geometry


def test_hostile_strokes_reach_beyond_the_desktop_and_are_many(x: XDesktop, over: X11Overlay) -> None:
    far = (1 << 15) - 1
    strokes = {
        n: stroke(Tool.HIGHLIGHTER, (-far, n * 2), (far, far - n), (n * 3, -far), width=40) for n in range(1, 200)
    }
    strokes[1000] = stroke(Tool.RECTANGLE, (-far, -far), (far, far), colour=Colour.BLUE, width=40)
    strokes[1001] = stroke(Tool.PEN, (500, 350), colour=Colour.BLUE, width=40)
    over.show(strokes)
    until(lambda: x.pixel(500, 350) == BLUE, "the last of them", 20)
    over.show({})
    shows(x, (500, 350), BEHIND)


def test_it_goes_when_it_is_closed_or_its_program_killed(x: XDesktop, over: X11Overlay) -> None:
    over.show({1: stroke(Tool.PEN, (100, 100), (300, 100))})
    shows(x, (200, 100), RED)
    over.close()
    shows(x, (200, 100), BEHIND)
    over.show({1: stroke(Tool.PEN, (100, 100), (300, 100))})  # nobody is there to hear it
    program = (
        "import sys, time\n"
        "from rs_agent.desktop.x11.overlay import *\n"
        "from rs_relay.channels.draw import Colour\n"
        "X11Overlay(sys.argv[1]).show({1: Stroke(Tool.PEN, Colour.RED, 6, ((100, 100), (300, 100)))})\n"
        "time.sleep(60)\n"
    )
    other = subprocess.Popen([sys.executable, "-c", program, x.display])
    shows(x, (200, 100), RED)
    other.kill()
    other.wait()
    shows(x, (200, 100), BEHIND)


# the person at the computer draws


class Hand:
    def __init__(self) -> None:
        self.pieces: list[Drawn] = []

    def __call__(self, piece: Drawn) -> None:
        self.pieces.append(piece)

    @property
    def over(self) -> bool:
        return bool(self.pieces) and self.pieces[-1].last

    @property
    def points(self) -> list[tuple[int, int]]:
        return [point for piece in self.pieces for point in piece.points]


def taken(x: XDesktop) -> bool:
    """Whether the mouse is taken: an unseen window over everything."""
    tree = x.run("xwininfo", "-root", "-children").stdout
    return "1000x700+0+0" in tree


def test_one_drag_draws_and_no_program_hears_of_it(x: XDesktop, over: X11Overlay) -> None:
    xev, hand = Xev(x), Hand()
    over.take(Tool.PEN, hand)
    until(lambda: taken(x), "the mouse taken")
    x.run("xdotool", "mousemove", "100", "100", "mousedown", "1", "mousemove", "120", "140", "mousemove", "200", "180")
    x.run("xdotool", "mouseup", "1", check=True)
    until(lambda: hand.over, "the stroke")
    assert hand.points[0] == (100, 100)
    assert hand.points[-1] == (200, 180)
    until(lambda: not taken(x), "the mouse given back")
    x.run("xdotool", "click", "3", "key", "b")
    assert [one.button or one.name for one in xev.take(4)] == [3, 3, "b", "b"]
    assert not any(piece.last for piece in hand.pieces[:-1])


@pytest.mark.parametrize("way", [("key", "Escape"), ("click", "3")])
def test_who_thinks_better_of_it_draws_nothing(x: XDesktop, over: X11Overlay, way: tuple[str, str]) -> None:
    hand = Hand()
    over.take(Tool.PEN, hand)
    until(lambda: taken(x), "the mouse taken")
    x.run("xdotool", *way, check=True)
    until(lambda: hand.over, "the end of it")
    assert hand.points == []
    until(lambda: not taken(x), "the mouse given back")


def test_nobody_who_forgets_it_is_without_a_mouse(
    x: XDesktop, over: X11Overlay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TAKING", 0.3)
    hand = Hand()
    over.take(Tool.PEN, hand)
    until(lambda: hand.over, "the end of it")
    until(lambda: not taken(x), "the mouse given back")


def test_pointing_needs_no_button_and_a_click_ends_it(x: XDesktop, over: X11Overlay) -> None:
    hand = Hand()
    over.take(Tool.LASER, hand)
    until(lambda: taken(x), "the mouse taken")
    x.run("xdotool", "mousemove", "300", "200", "mousemove", "320", "210", check=True)
    until(lambda: hand.points[-1:] == [(320, 210)], "the pointer's place")
    assert not hand.over
    x.run("xdotool", "click", "1", check=True)
    until(lambda: hand.over, "the end of it")


def test_a_server_without_shapes_is_told_in_words(x: XDesktop, monkeypatch: pytest.MonkeyPatch) -> None:
    def lacking(name: str | None) -> Any:
        opened = connect(name)
        opened.query_extension = lambda extension: None  # Xvfb has no switch for it
        return opened

    monkeypatch.setattr(module, "connect", lacking)
    with pytest.raises(LocalProblem, match="lacks SHAPE"):
        X11Overlay(x.display)


def test_the_drawings_come_back_with_the_display() -> None:
    with XDesktop((640, 480)) as x:
        over = X11Overlay(x.display)
        over.show({1: stroke(Tool.PEN, (100, 100), (300, 100))})
        shows(x, (200, 100), RED)
        server = x._started[0]
        server.kill()
        server.wait()
        again = ["Xvfb", x.display, "-screen", "0", "800x600x24", "-nolisten", "tcp", "-noreset"]
        x._popen(again, "Xvfb-again", x.env)
        until(lambda: x.run("xdpyinfo").returncode == 0, "the next X server")
        shows(x, (200, 100), RED)
        over.show({})
        until(lambda: not windows(x), "nothing over it")
        over.close()
