"""Where no memory can be shared: slower, and right all the same."""

from __future__ import annotations

import pytest

from rs_relay.capture.base import Area, Monitor, PointerPlace, ScreenChanged
from rs_relay.capture.x11.afar import Afar
from rs_relay.capture.x11.screen import X11Screen
from rs_relay.errors import LocalProblem
from tests.support.xdesktop import XDesktop

WHOLE = Monitor("all", 0, 0, 300, 200)


def test_a_screen_that_shares_no_memory(x: XDesktop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("os.memfd_create")
    screen = X11Screen(x.display)
    try:
        assert not screen.fast
        x.run("xsetroot", "-solid", "#123456", check=True)
        assert (screen.grab(WHOLE)[..., :3] == (0x56, 0x34, 0x12)).all()
        x.run("xsetroot", "-solid", "#fedcba", check=True)
        seen = screen.grab(WHOLE, [Area(30, 40, 50, 60), Area(0, 190, 300, 10)])
        assert (seen[40:100, 30:80, :3] == (0xBA, 0xDC, 0xFE)).all()
        assert (seen[190:, :, :3] == (0xBA, 0xDC, 0xFE)).all()
        assert (seen[:40, :, :3] == (0x56, 0x34, 0x12)).all()
        x.run("xdotool", "mousemove", "32", "12", check=True)
        assert screen.pointer() == PointerPlace(32, 12)
    finally:
        screen.close()


def test_what_is_not_there_is_a_change_and_all_comes_afterwards(x: XDesktop) -> None:
    camera = Afar(x.display)
    x.run("xsetroot", "-solid", "#123456", check=True)
    camera.see(WHOLE, None)
    with pytest.raises(ScreenChanged):
        camera.see(WHOLE, [Area(990, 690, 20, 20)])
    x.run("xsetroot", "-solid", "#fedcba", check=True)
    assert (camera.see(WHOLE, [Area(0, 0, 1, 1)])[..., :3] == (0xBA, 0xDC, 0xFE)).all()
    camera.close()


def test_no_display() -> None:
    with pytest.raises(LocalProblem):
        Afar(":54321")
