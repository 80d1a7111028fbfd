"""The layer of drawings: what it shows, for how long, and that it asks for no more paint than it needs."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from rs_cli.viewer.drawings import LATEST, SETTLE, Drawings
from rs_relay.channels.draw import ALL, Begin, Colour, Done, Erase, More, Standing, Tool, Where
from rs_relay.channels.screen.messages import Layout
from rs_relay.channels.screen.tiles import Rect
from rs_relay.drawing.raster import RGB
from rs_relay.errors import PeerBroke
from rs_relay.glass.fit import fitted

LAYOUT = Layout(1, 100, 50, 400, 300)  # the monitor's place on the desktop
PEN = Begin(1, Tool.PEN, Colour.RED, 6, ((150, 80), (250, 80)))
THEIRS = Begin(2, Tool.PEN, Colour.BLUE, 6, ((150, 150), (250, 150)))


class Case:
    def __init__(self, scale: float = 1.0) -> None:
        self.now = 0.0
        self.painted: list[Rect] = []
        self.erased: list[int] = []
        self.layer = Drawings(self, lambda: self.now, self.erased.append)
        self.fit = fitted(400, 300, round(400 * scale), round(300 * scale))
        self.layer.lie(self.fit, LAYOUT)

    def paint(self, parts: list[Rect]) -> None:
        self.painted += parts

    def at(self, x: int, y: int) -> tuple[int, ...]:
        """The colour at a pixel of the shown picture."""
        image = Image.new("RGB", (self.fit.shown_width, self.fit.shown_height))
        covered = self.layer.covers()
        if covered:
            self.layer.draw(image, self.fit.whole)
            drawn = np.argwhere(np.asarray(image).any(2))
            assert (drawn >= (covered.y, covered.x)).all()
            assert (drawn < (covered.y + covered.height, covered.x + covered.width)).all()
        pixel = np.asarray(image)[y, x]
        return tuple(int(value) for value in pixel)


@pytest.mark.parametrize("scale", [1.0, 0.5, 1.5])
def test_a_stroke_lies_where_it_was_drawn_however_the_picture_lies(scale: float) -> None:
    case = Case(scale)
    case.layer.add(PEN)
    assert case.at(round(100 * scale), round(30 * scale)) == RGB[Colour.RED]
    assert case.painted


def test_an_own_stroke_stays_until_the_picture_shows_it() -> None:
    case = Case()
    case.layer.hear(Standing(Where.DESKTOP))
    case.layer.add(PEN)
    case.layer.add(More(1, ((300, 80),)))
    case.layer.add(Done(1))
    case.layer.updated()
    assert case.at(180, 30) == RGB[Colour.RED]
    case.layer.hear(Done(1))
    case.layer.updated()  # may have been under way
    assert case.at(180, 30) == RGB[Colour.RED]
    case.now += SETTLE
    case.layer.updated()
    assert case.layer.covers() is None


def test_an_own_stroke_goes_in_the_end_though_no_update_comes() -> None:
    case = Case()
    case.layer.hear(Standing(Where.DESKTOP))
    case.layer.add(PEN)
    case.layer.hear(Done(1))
    case.now += LATEST
    case.layer.tick()
    assert case.layer.covers() is None


def test_where_no_desktop_shows_them_all_strokes_stay() -> None:
    case = Case()
    case.layer.hear(Standing(Where.PICTURE))
    case.layer.add(PEN)
    case.layer.hear(THEIRS)
    case.layer.hear(More(2, ((300, 150),)))
    case.layer.hear(Done(1))
    case.now += 10
    case.layer.updated()
    case.layer.tick()
    assert case.at(100, 30) == RGB[Colour.RED]
    assert case.at(190, 100) == RGB[Colour.BLUE]


def test_erased_is_erased_and_whoever_draws_it_is_told() -> None:
    case = Case()
    case.layer.add(PEN)
    case.layer.hear(THEIRS)
    case.layer.hear(Erase(1))
    assert case.at(100, 30) == (0, 0, 0)
    assert case.at(100, 100) == RGB[Colour.BLUE]
    case.layer.hear(Erase(ALL))
    assert case.layer.covers() is None
    assert case.erased == [1, ALL]
    case.layer.add(More(1, ((300, 80),)))  # the mouse has not heard of it yet
    assert case.layer.covers() is None


def test_told_anew_it_keeps_what_is_not_acknowledged() -> None:
    case = Case()
    case.layer.hear(Standing(Where.PICTURE))
    case.layer.add(PEN)
    case.layer.hear(THEIRS)
    case.layer.hear(Standing(Where.PICTURE))
    assert case.at(100, 100) == (0, 0, 0)
    assert case.at(100, 30) == RGB[Colour.RED]
    case.layer.hear(PEN)  # the agent has it already: what was drawn since is newer
    case.layer.hear(THEIRS)
    assert case.at(100, 100) == RGB[Colour.BLUE]


def test_what_grows_is_painted_where_it_grew() -> None:
    case = Case()
    case.layer.add(PEN)
    case.painted.clear()
    case.layer.add(More(1, ((260, 82),)))
    (part,) = case.painted
    assert part.width < 30
    assert part.x > 130


def test_a_hostile_agent_is_bounded() -> None:
    case = Case()
    far = Begin(3, Tool.RECTANGLE, Colour.RED, 40, ((-32768, -32768), (32767, 32767)))
    case.layer.hear(far)
    case.at(5, 5)
    with pytest.raises(PeerBroke):
        for _ in range(10):
            case.layer.hear(THEIRS) if 2 not in case.layer._board.strokes else None
            case.layer.hear(More(2, tuple((n, n) for n in range(256))))
    for number in range(10, 1000):
        case.layer.hear(Begin(number, Tool.PEN, Colour.RED, 4, ((1, 1),)))
    assert len(case.layer._board.strokes) <= 300
