"""Drawing through real programs: what one side draws is on the customer's desktop and in the technician's picture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import mss
import numpy as np
import pytest

from rs_agent.desktop.x11.presence import WIDTH as FRAME
from rs_relay.channels.draw import Colour
from rs_relay.drawing.raster import RGB
from tests.support.stage import RsStage
from tests.support.xdesktop import XDesktop, until

SIZE = (640, 400)
RED, BLUE, BEHIND = RGB[Colour.RED], RGB[Colour.BLUE], (0x20, 0x4A, 0x87)
Place = tuple[int, int]


class Pair:
    """A customer's desktop and a technician's window on it, at `place` of the technician's screen, 1:1."""

    def __init__(self, customer: XDesktop, technician: XDesktop, stage: RsStage) -> None:
        self.customer, self.technician, self.stage = customer, technician, stage
        self.begin()

    def begin(self, *arguments: str) -> None:
        self.window = self.stage.begin("view", self.stage.session, "--scale", "1:1", *arguments)
        shown = self.technician.wait_for_window(f"^{self.stage.session} ")
        self.technician.focus(shown)
        self.place = until(self._find, "the customer's picture in the window", 40)

    def _find(self) -> Place | None:
        """The customer's screen begins there: their background with a frame round it, since it is seen."""
        assert self.window.poll() is None, self.window.stderr.read() if self.window.stderr else ""
        with mss.MSS(display=self.technician.display) as camera:
            shot = camera.grab(camera.monitors[0])
        seen = (np.frombuffer(shot.rgb, np.uint8).reshape(shot.height, shot.width, 3) == BEHIND).all(2)
        rows = np.flatnonzero(seen.sum(1) >= SIZE[0] - 40)  # but for the pointer
        columns = np.flatnonzero(seen.sum(0) >= SIZE[1] - 40)
        found = len(columns) == SIZE[0] - 2 * FRAME and len(rows) == SIZE[1] - 2 * FRAME
        return (int(columns[0]) - FRAME, int(rows[0]) - FRAME) if found else None

    def take(self, letter: str) -> None:
        """A tool by the menu: Draw, and its letter."""
        self.technician.run("xdotool", "key", "F8", "sleep", "0.5", "key", "r", "sleep", "0.5", "key", letter)
        until(lambda: not self._menus(), "the menu gone")

    def _menus(self) -> bool:
        return "Draw" in self.technician.run("xdotool", "search", "--onlyvisible", "--class", "Menu").stdout

    def drag(self, *places: Place) -> None:
        x, y = self.place
        moves = [("mousemove", str(x + a), str(y + b)) for a, b in places]
        self.technician.run("xdotool", *moves[0], "sleep", "0.1", "mousedown", "1", check=True)
        for move in moves[1:]:
            self.technician.run("xdotool", *move, check=True)
        self.technician.run("xdotool", "mouseup", "1", check=True)

    def both_show(self, at: Place, colour: tuple[int, int, int]) -> None:
        x, y = self.place
        until(lambda: self.customer.pixel(*at) == colour, f"{colour} at {at} on the customer's desktop")
        until(lambda: self.technician.pixel(x + at[0], y + at[1]) == colour, f"{colour} at {at} in the picture")

    def drawings(self) -> str:
        return self.customer.run("xdotool", "search", "--name", "^rs drawings$").stdout


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    folder = tmp_path / "stage"
    folder.mkdir()
    with (
        XDesktop(SIZE) as customer,
        XDesktop((1000, 750), wm=True) as technician,
        RsStage(customer.display, folder) as stage,
    ):
        customer.run("xsetroot", "-solid", "#204a87")
        stage.start_agent()
        stage.join()
        stage.technician["DISPLAY"] = technician.display
        yield Pair(customer, technician, stage)


def test_both_draw_both_see_it_and_the_customer_erases_it(pair: Pair) -> None:
    pair.take("p")
    pair.drag((100, 100), (150, 100), (300, 100))
    pair.both_show((200, 100), RED)
    pair.stage.agent.wait_for("draws on your screen")
    pair.stage.agent.type("/draw arrow\n")
    pair.stage.agent.wait_for("Hold the left mouse button")
    mouse = pair.customer.run
    until(lambda: "640x400+0+0" in mouse("xwininfo", "-root", "-children").stdout, "the mouse taken")
    mouse("xdotool", "mousemove", "100", "300", "mousedown", "1", "mousemove", "200", "300", "sleep", "0.1", check=True)
    mouse("xdotool", "mousemove", "300", "300", "mouseup", "1", check=True)
    pair.both_show((200, 300), BLUE)
    pair.stage.agent.type("/erase\n")
    pair.both_show((200, 100), BEHIND)
    pair.both_show((200, 300), BEHIND)
    assert not pair.drawings()
    # With the tool put away the mouse is the customer's again.
    pair.technician.run("xdotool", "key", "Escape", check=True)
    x, y = pair.place

    def follows() -> bool:
        pair.technician.run("xdotool", "mousemove", str(x + 50), str(y + 60), "mousemove", str(x + 51), str(y + 61))
        return "x:51 y:61" in pair.customer.run("xdotool", "getmouselocation").stdout

    until(follows, "the customer's pointer under the technician's")


def test_the_technician_erases_and_a_pause_and_an_end_stop_drawing(pair: Pair) -> None:
    pair.take("p")
    pair.drag((100, 100), (150, 100), (300, 100))
    pair.both_show((200, 100), RED)
    pair.technician.run("xdotool", "key", "F8", "sleep", "0.5", "key", "r", "sleep", "0.5", "key", "e")
    pair.both_show((200, 100), BEHIND)
    pair.drag((100, 200), (150, 200), (300, 200))
    pair.both_show((200, 200), RED)
    pair.stage.agent.type("/draw off\n")
    pair.both_show((200, 200), BEHIND)
    pair.stage.agent.type("/draw on\n")
    pair.stage.agent.wait_for("allowed again")
    pair.take("p")
    pair.drag((100, 250), (150, 250), (300, 250))
    pair.both_show((200, 250), RED)
    pair.stage.agent.type("/withdraw view\n")
    until(lambda: not pair.drawings(), "nothing over the customer's desktop")
    assert pair.customer.pixel(200, 250) == BEHIND


def test_nothing_stays_when_the_window_closes_or_the_agent_is_killed(pair: Pair) -> None:
    pair.take("p")
    pair.drag((100, 100), (150, 100), (300, 100))
    pair.both_show((200, 100), RED)
    pair.technician.run("xdotool", "key", "F8", "sleep", "0.5", "key", "c", check=True)
    until(lambda: pair.window.poll() is not None, "the window closed")
    until(lambda: not pair.drawings(), "nothing over the customer's desktop")
    assert pair.customer.pixel(200, 100) == BEHIND
    pair.begin()
    pair.take("p")
    pair.drag((100, 100), (150, 100), (300, 100))
    pair.both_show((200, 100), RED)
    pair.stage.agent.kill()
    until(lambda: pair.customer.pixel(200, 100) == BEHIND, "the desktop as it was")
