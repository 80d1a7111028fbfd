"""The screen through real programs: the technician's window shows what the customer's X server shows, to the pixel."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import mss
import numpy as np
import numpy.typing as npt
import pytest

from tests.support.stage import RsStage
from tests.support.xdesktop import XDesktop, until

Pixels = npt.NDArray[np.uint8]
SIZE = (640, 400)
POINTER = 48  # pixels: what the window draws where the customer's pointer is lies within such a square


def _seen(desktop: XDesktop) -> Pixels:
    with mss.MSS(display=desktop.display) as camera:
        shot = camera.grab(camera.monitors[0])
        return np.frombuffer(shot.rgb, np.uint8).reshape(shot.height, shot.width, 3)


class Pair:
    """A customer's desktop and a technician's, each an X server of its own."""

    def __init__(self, customer: XDesktop, technician: XDesktop, stage: RsStage, window: subprocess.Popen[str]) -> None:
        self.customer, self.technician, self.stage, self.window = customer, technician, stage, window
        self.place: tuple[int, int] = until(self._find, "the customer's picture in the window", 40)

    def _find(self) -> tuple[int, int] | None:
        """Where in the technician's screen the customer's picture stands, exactly."""
        assert self.window.poll() is None, self.window.stderr.read() if self.window.stderr else ""
        theirs, ours = _seen(self.customer), _seen(self.technician)
        height, width = theirs.shape[:2]
        probe = theirs[::25, ::25]
        for y in range(ours.shape[0] - height + 1):
            row = ours[y, : ours.shape[1] - width + 1]
            for x in np.flatnonzero((row == theirs[0, 0]).all(1)):
                if (ours[y : y + height : 25, x : x + width : 25] == probe).all():
                    return int(x), y
        return None

    def same(self) -> bool:
        """Each pixel of the window's picture is the customer's, but where their pointer is drawn."""
        (x, y), theirs = self.place, _seen(self.customer)
        height, width = theirs.shape[:2]
        differs = (_seen(self.technician)[y : y + height, x : x + width] != theirs).any(2)
        pointer = dict(word.split(":") for word in self.customer.run("xdotool", "getmouselocation").stdout.split())
        left, top = max(int(pointer["x"]) - 16, 0), max(int(pointer["y"]) - 16, 0)
        differs[top : top + POINTER, left : left + POINTER] = False
        return not differs.any()

    def grey(self) -> bool:
        """The window's picture has no colour left, while the customer's has."""
        (x, y), (width, height) = self.place, SIZE
        shown = _seen(self.technician)[y : y + height, x : x + width].astype(np.int16)
        return bool((np.ptp(shown, axis=2) <= 16).mean() > 0.98) and not self.same()


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
        typed = stage.folder / "typed"
        command = f"printf '\\033[41mred\\033[42mgreen\\033[44mblue\\033[0m\\n'; exec cat > {typed}"
        customer.xterm(command, title="customer", geometry="50x12+20+30")
        stage.start_agent()
        stage.join()
        stage.technician["DISPLAY"] = technician.display
        window = stage.begin("view", stage.session, "--scale", "1:1")
        technician.wait_for_window("rs")
        yield Pair(customer, technician, stage, window)


def test_the_window_shows_the_customers_screen_and_types_into_it(pair: Pair) -> None:
    until(pair.same, "the same pixels at rest")
    x, y = pair.place
    pair.technician.run("xdotool", "mousemove", str(x + 200), str(y + 120), "click", "1", check=True)
    pair.technician.run("xdotool", "type", "--delay", "20", "hello from the window", check=True)
    pair.technician.run("xdotool", "key", "Return", check=True)
    typed = pair.stage.folder / "typed"
    until(lambda: typed.read_text() == "hello from the window\n", "what was typed, at the customer's")
    pair.customer.run("xsetroot", "-solid", "#8f5902")
    until(pair.same, "the same pixels after the change")


def test_the_window_greys_while_the_relay_is_gone_and_comes_back(pair: Pair) -> None:
    until(pair.same, "the same pixels at rest")
    pair.stage.kill_relay()
    until(pair.grey, "a grey picture")
    pair.customer.run("xsetroot", "-solid", "#4e9a06")
    pair.stage.start_relay()
    until(pair.same, "the same pixels again", 60)
    assert pair.window.poll() is None
    typed = pair.stage.folder / "typed"
    x, y = pair.place
    pair.technician.run("xdotool", "mousemove", str(x + 200), str(y + 120), "click", "1", check=True)

    def arrives() -> bool:
        pair.technician.run("xdotool", "type", "z", check=True)
        pair.technician.run("xdotool", "key", "Return", check=True)
        return "z" in typed.read_text()

    until(arrives, "typing on the new link")
