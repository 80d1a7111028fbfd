"""The frame and the key on a real X server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rs_agent.desktop.x11.presence import COLOUR, KEYS, X11Presence
from tests.support.xdesktop import XDesktop, until

ORANGE = (COLOUR >> 16, COLOUR >> 8 & 255, COLOUR & 255)


@pytest.fixture
def x() -> Iterator[XDesktop]:
    with XDesktop((800, 600), wm=True) as desktop:
        yield desktop


@pytest.mark.journey
def test_a_frame_that_takes_no_click_while_somebody_sees(x: XDesktop) -> None:
    presence = X11Presence(x.display, lambda: None)
    assert x.pixel(1, 300) != ORANGE
    presence.seen(True)
    for edge in ((1, 300), (798, 300), (400, 1), (400, 598)):
        until(lambda edge=edge: x.pixel(*edge) == ORANGE, "the frame")
    assert x.pixel(400, 300) != ORANGE
    x.run("xdotool", "mousemove", "1", "300", check=True)
    below = x.run("xdotool", "getmouselocation", "--shell").stdout
    assert (
        x.run("xdotool", "getwindowname", below.split("WINDOW=")[1].split()[0]).stdout.strip()
        != "rs: this screen is seen"
    )
    x.xterm("cat", title="above-all", geometry="120x50+0+0")
    until(lambda: x.pixel(1, 300) == ORANGE, "the frame over a new window")
    presence.seen(False)
    until(lambda: x.pixel(798, 300) != ORANGE, "no frame")
    presence.close()


@pytest.mark.journey
@pytest.mark.parametrize("lock", ["", "Num_Lock", "Caps_Lock"])
def test_the_key_stops_from_any_window(x: XDesktop, lock: str) -> None:
    stopped: list[int] = []
    presence = X11Presence(x.display, lambda: stopped.append(1))
    x.xterm("cat", title="somebody-types-here")
    if lock:
        x.run("xdotool", "key", lock, check=True)
    x.run("xdotool", "key", "ctrl+End", "alt+End", "End", check=True)
    x.run("xdotool", "key", "ctrl+alt+End", check=True)
    until(lambda: stopped == [1], "the stop")
    presence.close()


@pytest.mark.journey
def test_a_key_that_another_program_holds_is_left_to_it(x: XDesktop) -> None:
    stopped: list[int] = []
    others = [X11Presence(x.display, lambda: None)]
    assert others[0].key == KEYS[0][0]
    second = X11Presence(x.display, lambda: stopped.append(1))
    assert second.key == KEYS[1][0]
    x.run("xdotool", "key", "ctrl+shift+F12", check=True)
    until(lambda: stopped == [1], "the stop by the second key")
    third = X11Presence(x.display, lambda: None)
    assert third.key == ""
    for presence in (*others, second, third):
        presence.close()
