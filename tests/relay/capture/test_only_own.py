"""This computer's own screen, and one monitor of it as if there were no other."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from rs_relay.capture.base import Area, Monitor, PointerPlace, ScreenChanged
from rs_relay.capture.only import OnlyMonitor
from rs_relay.capture.own import own_screen
from rs_relay.capture.portable.screen import PortableScreen
from rs_relay.capture.wayland.leave import Leave
from rs_relay.errors import LocalProblem
from tests.support.casting import Person
from tests.support.scenery import ArrayDesktop, grabbed, page
from tests.support.xdesktop import XDesktop

LEFT, RIGHT = Monitor("left", 0, 0, 200, 300, True), Monitor("right", 200, 0, 200, 300)


def two() -> ArrayDesktop:
    desktop = ArrayDesktop(page(300, 400))
    desktop.monitors = (LEFT, RIGHT)
    return desktop


def test_there_is_one_monitor_and_nothing_else() -> None:
    desktop = two()
    only = OnlyMonitor(desktop.screen(), 1)
    assert only.monitors() == (RIGHT,)
    assert only.bounds() == Monitor("all", 200, 0, 200, 300)
    assert np.array_equal(only.grab(RIGHT), grabbed(desktop.picture)[:, 200:])
    for beyond in (LEFT, Monitor("all", 0, 0, 400, 300), Monitor("part", 199, 0, 10, 10)):
        with pytest.raises(ScreenChanged):
            only.grab(beyond)
    with pytest.raises(ScreenChanged):
        only.grab(RIGHT, [Area(210, 0, 10, 10), Area(199, 0, 10, 10)])
    assert only.grab(RIGHT, [Area(210, 0, 10, 10)]).shape == (300, 200, 4)


def test_the_pointer_on_another_monitor_is_beside_it() -> None:
    desktop = two()
    only = OnlyMonitor(desktop.screen(), 1)
    desktop.pointer = PointerPlace(250, 20)
    assert only.pointer() == PointerPlace(250, 20)
    for elsewhere in (PointerPlace(3, 4), PointerPlace(199, 299)):
        desktop.pointer = elsewhere
        assert only.pointer() == PointerPlace(199, -1)


def test_it_is_followed_by_its_name_and_another_never_takes_its_place() -> None:
    desktop = two()
    only = OnlyMonitor(desktop.screen(), 1)
    moved = Monitor("right", 0, 0, 200, 300)
    desktop.monitors = (moved, Monitor("left", 200, 0, 200, 300))
    assert only.monitors() == (moved,)
    desktop.monitors = (LEFT,)
    with pytest.raises(LocalProblem, match="gone"):
        only.bounds()


@pytest.mark.parametrize("number", [-1, 2])
def test_one_that_is_not_there(number: int) -> None:
    with pytest.raises(LocalProblem):
        OnlyMonitor(two().screen(), number)


# this computer's


@pytest.mark.parametrize("more", [{}, {"WAYLAND_DISPLAY": "wayland-0"}])
def test_an_x_display(x: XDesktop, more: dict[str, str]) -> None:
    screen = own_screen({"DISPLAY": x.display, **more}, "linux")
    assert screen.bounds().width == x.size[0]
    screen.close()


@pytest.mark.parametrize(
    ("environ", "word"),
    [({}, "no display"), ({"DISPLAY": ":9999"}, "9999")],
)
def test_none_that_can_be_shown(environ: dict[str, str], word: str) -> None:
    with pytest.raises(LocalProblem, match=word) as refused:
        own_screen(environ, "linux")
    assert "rs-agent" not in refused.value.hint


@pytest.mark.parametrize("guest", [True, False])
def test_a_wayland_desktop_asks_its_person(x: XDesktop, guest: bool) -> None:
    """Whether or not it has an X server for old programs."""
    person = Person()
    modules = {
        "rs_relay.capture.x11.connection": SimpleNamespace(
            connect=lambda name: SimpleNamespace(close=lambda: None), is_xwayland=lambda it: True
        ),
        "rs_relay.capture.wayland.leave": SimpleNamespace(
            Leave=lambda environ, once: Leave(environ, portal=person.portal, cast=person.cast, once=once)
        ),
    }
    environ = {"WAYLAND_DISPLAY": "wayland-0", **({"DISPLAY": x.display} if guest else {})}
    screen = own_screen(environ, "linux", modules.__getitem__)
    assert screen.bounds().width == 64
    assert [hands for hands, _, _ in person.asked] == [False]
    screen.close()
    assert person.sessions[0].closed


@pytest.mark.parametrize("system", ["win32", "darwin"])
def test_other_systems(system: str) -> None:
    class Camera:
        monitors = ({"left": 0, "top": 0, "width": 30, "height": 20}, {"left": 0, "top": 0, "width": 30, "height": 20})

        def close(self) -> None: ...

    def load(module: str) -> Any:
        if module.startswith("rs_relay"):
            return SimpleNamespace(PortableScreen=PortableScreen)
        return SimpleNamespace(MSS=Camera, Controller=object)

    assert own_screen({}, system, load).bounds().width == 30


@pytest.mark.parametrize(("system", "environ"), [("linux", {"DISPLAY": ":1"}), ("win32", {})])
def test_a_library_that_is_not_there(system: str, environ: dict[str, str]) -> None:
    def load(module: str) -> Any:
        raise ModuleNotFoundError(f"No module named {module!r}", name="mss.base")

    with pytest.raises(LocalProblem, match="mss is not installed") as refused:
        own_screen(environ, system, load)
    assert "cli" in refused.value.hint
