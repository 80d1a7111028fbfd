"""The player on a real X server: what it shows is what was recorded, wherever it is sent."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import mss
import numpy as np
import pytest

from rs_cli.recording import format
from rs_cli.recording.format import Kind
from rs_cli.recording.scribe import opening
from rs_relay.channels.screen.messages import Frame, Layout
from rs_relay.channels.screen.tiles import Pixels
from tests.support.recordings import ABOUT, film, recorded
from tests.support.xdesktop import XDesktop, until

FIRST, SECOND = film(600, 400, 40), film(600, 400, 20, seed=6)
BAR = 38  # pixels below the picture


class Playing:
    def __init__(self, desktop: XDesktop, path: Path, *arguments: str) -> None:
        self.desktop = desktop
        self.process = desktop.spawn(
            *(sys.executable, "-m", "rs_cli", "play", str(path), *arguments), name="play", stderr=subprocess.PIPE
        )

    def window(self) -> int:
        return self.desktop.wait_for_window("recording")

    def key(self, *names: str) -> None:
        self.desktop.run("xdotool", "key", *names, check=True)

    def shows(self, picture: Pixels) -> tuple[int, int] | None:
        """Where on the screen the picture stands, pixel for pixel but for the pointer."""
        with mss.MSS(display=self.desktop.display) as camera:
            shot = camera.grab(camera.monitors[0])
            screen = np.frombuffer(shot.rgb, np.uint8).reshape(shot.height, shot.width, 3)
        height, width = picture.shape[:2]
        probe = picture[60, :]  # below the pointer
        for y in range(screen.shape[0] - height + 1):
            line = screen[y + 60]
            for x in np.flatnonzero((line[: len(line) - width + 1] == probe[0]).all(1)):
                if (screen[y + 60 : y + height, x : x + width] == picture[60:]).all():
                    return int(x), y
        return None

    def wait_for(self, picture: Pixels) -> tuple[int, int]:
        found: tuple[int, int] = until(lambda: self.shows(picture), "the picture in the player")
        return found


@pytest.fixture(scope="module")
def desktop() -> Iterator[XDesktop]:
    with XDesktop((1000, 700), wm=True) as made:
        yield made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return recorded(tmp_path / "a.rsrec", [(0, FIRST), (20_000, SECOND)])


def test_it_plays_seeks_and_ends(desktop: XDesktop, file: Path) -> None:
    playing = Playing(desktop, file, "--paused")
    desktop.focus(playing.window())
    playing.wait_for(FIRST[0])
    playing.key("Right")
    playing.wait_for(FIRST[-1])  # at five seconds the first scene rests
    playing.key("Home")
    playing.wait_for(FIRST[0])
    playing.key("period", "period")
    playing.wait_for(FIRST[2])
    playing.key("End")
    playing.wait_for(SECOND[-1])
    playing.key("Left")
    playing.wait_for(FIRST[-1])
    playing.key("Home")
    playing.wait_for(FIRST[0])
    playing.key("plus", "plus", "plus", "space")  # eight times as fast: three seconds
    playing.wait_for(SECOND[-1])
    playing.key("q")
    assert playing.process.wait(20) == 0


def test_the_knob_is_dragged(desktop: XDesktop, file: Path) -> None:
    playing = Playing(desktop, file, "--paused", "--at", "21")
    desktop.focus(playing.window())
    left, top = playing.wait_for(SECOND[10])
    line = str(top + 400 + BAR // 2)
    desktop.run("xdotool", "mousemove", str(left + 420), line, "mousedown", "1", check=True)
    desktop.run("xdotool", "mousemove", str(left + 60), line, check=True)
    playing.wait_for(FIRST[0])
    desktop.run("xdotool", "mouseup", "1", check=True)
    playing.key("Escape")
    assert playing.process.wait(20) == 0


def test_a_torn_file_plays_to_where_it_was_torn(desktop: XDesktop, file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-300])
    playing = Playing(desktop, file, "--paused")
    desktop.focus(playing.window())
    playing.wait_for(FIRST[0])
    playing.key("End")
    until(lambda: any(playing.shows(SECOND[n]) for n in (-2, -3, -4, -5)), "one of the last pictures")
    playing.key("q")
    assert playing.process.wait(20) == 0


def test_what_makes_no_sense_closes_the_window_and_says_so(desktop: XDesktop, tmp_path: Path) -> None:
    path = tmp_path / "absurd.rsrec"
    absurd = [Layout(1, 0, 0, 64, 64), Frame(1, 1, spans=(3, 900))]
    path.write_bytes(opening(ABOUT) + b"".join(format.said(0, m) for m in absurd) + format.pack(1, Kind.END))
    playing = Playing(desktop, path)
    assert playing.process.wait(30) == 13
    assert playing.process.stderr
    said = playing.process.stderr.read().decode()
    assert "makes no sense at 0:00" in said
    assert "Traceback" not in said
