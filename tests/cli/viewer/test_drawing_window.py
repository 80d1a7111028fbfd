"""Drawing in the real window: a mouse that draws, and whom it does not reach meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from Xlib.display import Display

from rs_cli.viewer import pipe
from rs_relay.channels.control.messages import Button, ButtonName, Key, Move, ReleaseAll, Type, Wheel
from rs_relay.channels.draw import ALL, Begin, Colour, Done, Erase, More, Standing, Tool, Where
from rs_relay.channels.screen.messages import Layout
from rs_relay.drawing.raster import RGB
from tests.support.pictures import Painter, card
from tests.support.viewer import RealViewer, real_viewer
from tests.support.xdesktop import until

pytestmark = pytest.mark.journey
RED, BLUE = RGB[Colour.RED], RGB[Colour.BLUE]
PEN = pipe.Pen(Tool.PEN, Colour.RED, 8)


@pytest.fixture
def viewer() -> Iterator[RealViewer]:
    with real_viewer() as running:
        yield running


def shows(viewer: RealViewer, at: tuple[int, int], colour: tuple[int, int, int] | None) -> None:
    """That pixel of the screen has that colour; None: it has no drawing's."""
    for_what = f"{colour} at {at}"
    if colour:
        until(lambda: viewer.desktop.pixel(*at) == colour, for_what, 10)
    else:
        until(lambda: viewer.desktop.pixel(*at) not in (RED, BLUE), for_what, 10)


def drag(viewer: RealViewer, *places: tuple[int, int]) -> None:
    mouse = viewer.desktop.run
    mouse("xdotool", "mousemove", *map(str, places[0]), "mousedown", "1", check=True)
    for place in places[1:]:
        mouse("xdotool", "mousemove", *map(str, place), check=True)
    mouse("xdotool", "mouseup", "1", check=True)


def heard(viewer: RealViewer, kind: type) -> list[Any]:
    """What was said, up to and with the first drawn message of that kind."""
    said = []
    while not said or not (isinstance(said[-1], pipe.Drawn) and isinstance(said[-1].said, kind)):
        said.append(viewer.next())
    return said


def test_with_a_tool_the_mouse_draws_and_only_keys_go_to_the_customer(viewer: RealViewer) -> None:
    painter, picture = Painter(500, 330, x=40, y=30), card(500, 330)
    viewer.begin(painter, picture, exact=True)
    x, y = viewer.find(picture)
    viewer.send(PEN, pipe.Board(Standing(Where.DESKTOP)))
    until(lambda: RED in pointer(viewer), "a pencil for a pointer")
    drag(viewer, (x + 100, y + 100), (x + 150, y + 100), (x + 200, y + 100))
    shows(viewer, (x + 150, y + 100), RED)
    said = heard(viewer, Done)
    drawn = [message.said for message in said if isinstance(message, pipe.Drawn)]
    assert drawn[0] == Begin(drawn[0].id, Tool.PEN, Colour.RED, 8, ((140, 130),))  # of the whole desktop
    points = [point for message in drawn[1:] if isinstance(message, More) for point in message.points]
    assert points[-1] == (240, 130)
    viewer.desktop.run("xdotool", "click", "4", "click", "3", "key", "a", check=True)
    hands = viewer.hands(Type("a"))
    assert not [act for act in hands if isinstance(act, Move | Button | Wheel)]
    # It is in the picture, where the desktop shows it: the layer's own goes.
    viewer.send(pipe.Board(Done(drawn[0].id)))
    viewer.desktop.run("sleep", "0.3")
    picture[0:5, 0:5] = 7
    viewer.show(painter, picture)
    shows(viewer, (x + 150, y + 100), None)
    # Escape is the tool's own, and gives the mouse back.
    viewer.desktop.run("xdotool", "key", "Escape", check=True)
    assert viewer.wait_for(lambda message: isinstance(message, pipe.Pen)) == pipe.Pen()
    viewer.desktop.run("xdotool", "mousemove", str(x + 10), str(y + 10), "click", "1", check=True)
    hands = viewer.hands(Button(ButtonName.LEFT, False))
    assert Button(ButtonName.LEFT, True) in hands
    assert not [act for act in hands if isinstance(act, Key)]


def pointer(viewer: RealViewer) -> Any:
    """The colours of the pointer that the X server shows now, over the picture's middle."""
    viewer.desktop.run("xdotool", "mousemove", "600", "400")
    display = Display(viewer.desktop.display)
    try:
        display.xfixes_query_version()
        image = display.xfixes_get_cursor_image(display.screen().root)
        words = np.array(image.cursor_image, np.uint32)
        return {(int(w) >> 16 & 255, int(w) >> 8 & 255, int(w) & 255) for w in words if int(w) >> 24 == 255}
    finally:
        display.close()


def test_scaled_to_fit_a_stroke_lies_under_the_mouse(viewer: RealViewer) -> None:
    painter, picture = Painter(2400, 1200), np.full((1200, 2400, 3), 200, np.uint8)
    viewer.begin(painter, picture)
    viewer.send(PEN)
    until(lambda: RED in pointer(viewer), "a pencil for a pointer")
    drag(viewer, (500, 400), (600, 400), (700, 400))
    shows(viewer, (600, 400), RED)
    drawn = [message.said for message in heard(viewer, Done) if isinstance(message, pipe.Drawn)]
    first, last = drawn[0].points[0], drawn[-2].points[-1]
    assert abs(last[0] - first[0] - 200 * 2400 / 1020) <= 3  # 85 % of the screen's width
    assert first[1] == last[1]


def test_where_the_desktop_shows_none_strokes_stay_move_with_the_picture_and_go_when_erased(viewer: RealViewer) -> None:
    painter, picture = Painter(500, 330), card(500, 330)
    viewer.begin(painter, picture, exact=True)
    x, y = viewer.find(picture)
    theirs = Begin(7, Tool.PEN, Colour.BLUE, 8, ((100, 200), (300, 200)))
    viewer.send(pipe.Board(Standing(Where.PICTURE)), pipe.Board(theirs))
    shows(viewer, (x + 200, y + 200), BLUE)
    viewer.send(PEN)
    until(lambda: RED in pointer(viewer), "a pencil for a pointer")
    drag(viewer, (x + 100, y + 100), (x + 200, y + 100))
    number = heard(viewer, Done)[-1].said.id
    viewer.send(pipe.Board(Done(number)))
    picture[95:105, 90:310] = (9, 9, 9)  # what is below it changes
    viewer.show(painter, picture)
    shows(viewer, (x + 150, y + 100), RED)
    assert viewer.desktop.pixel(x + 300, y + 100) == (9, 9, 9)
    # Another monitor of the same size: the same place of the desktop is somewhere else in the picture.
    other = Painter(500, 330, x=50, y=50)
    other.layout = Layout(2, 50, 50, 500, 330)
    viewer.send(other.layout)
    viewer.show(other, picture)
    shows(viewer, (x + 200, y + 150), BLUE)
    viewer.send(pipe.Board(Erase(7)))
    shows(viewer, (x + 200, y + 150), None)
    shows(viewer, (x + 100, y + 50), RED)
    viewer.send(pipe.Board(Erase(ALL)))
    shows(viewer, (x + 100, y + 50), None)


def test_what_was_held_is_let_go_of_when_a_tool_is_taken(viewer: RealViewer) -> None:
    painter, picture = Painter(500, 330), card(500, 330)
    viewer.begin(painter, picture, exact=True)
    x, y = viewer.find(picture)
    viewer.desktop.run("xdotool", "mousemove", str(x + 10), str(y + 10), "mousedown", "1", check=True)
    viewer.wait_for(lambda said: said == pipe.Hands(Button(ButtonName.LEFT, True)))
    viewer.send(PEN)
    viewer.wait_for(lambda said: said == pipe.Hands(ReleaseAll()))
    viewer.desktop.run("xdotool", "mousemove", str(x + 90), str(y + 90), "mouseup", "1", "key", "b", check=True)
    assert not [act for act in viewer.hands(Type("b")) if isinstance(act, Move | Button)]


def test_on_an_x_server_that_shares_no_memory_it_draws_as_well() -> None:
    with real_viewer(without=("MIT-SHM",)) as viewer:
        painter, picture = Painter(500, 330), card(500, 330)
        viewer.begin(painter, picture, exact=True)
        x, y = viewer.find(picture)
        viewer.send(PEN)
        picture[0:5, 0:5] = 7
        viewer.show(painter, picture)  # the tool was taken before that
        drag(viewer, (x + 100, y + 100), (x + 300, y + 100), (x + 300, y + 200))
        heard(viewer, Done)
        shows(viewer, (x + 200, y + 100), RED)
