"""The keys that the window manager keeps for itself, for real: openbox, a second window, Alt+Tab."""

from __future__ import annotations

import numpy as np
import pytest

from rs_relay.channels.control.messages import Key, Move
from tests.support.pictures import Painter
from tests.support.viewer import RealViewer, real_viewer
from tests.support.xdesktop import until

pytestmark = pytest.mark.journey


def menu_is_up(viewer: RealViewer) -> bool:
    """The menu's paper, which is whiter than anything else here."""
    return bool((viewer.photograph() == 255).all(2).sum() > 8000)


def check(viewer: RealViewer) -> None:
    viewer.begin(Painter(400, 300), np.full((300, 400, 3), 70, np.uint8))
    viewer.desktop.spawn("xterm", "-bg", "black", "-T", "elsewhere", "-geometry", "20x5+0+0")
    other = viewer.desktop.wait_for_window("elsewhere")
    viewer.desktop.focus(other)
    viewer.desktop.focus(viewer.window)
    run = viewer.desktop.run

    def active() -> int:
        return int(run("xdotool", "getactivewindow").stdout or 0)

    def pass_keys() -> None:
        viewer.desktop.focus(viewer.window)
        run("xdotool", "key", "F8")
        until(lambda: menu_is_up(viewer), "the menu")
        run("xdotool", "key", "k")
        until(lambda: not menu_is_up(viewer), "no menu")

    pass_keys()
    run("xdotool", "key", "alt+Tab")
    done = [said for said in viewer.hands(Key("tab", False)) if not isinstance(said, Move)]
    assert done[:2] == [Key("alt_left", True), Key("tab", True)]
    assert active() == viewer.window
    run("xdotool", "key", "super")
    assert Key("super_left", True) in viewer.hands(Key("super_left", False))
    pass_keys()
    run("xdotool", "key", "alt+Tab")
    until(lambda: active() == other, "the window manager's Alt+Tab")


def test_system_keys_pass_when_the_technician_wants_it() -> None:
    """Alt+Tab is the window manager's here, and then the customer's."""
    with real_viewer() as viewer:
        check(viewer)
