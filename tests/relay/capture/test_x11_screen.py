"""Pixels and geometry against what real programs drew and set."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from Xlib import X, display

from rs_agent.desktop.base import Monitor, PointerPlace, ScreenChanged
from rs_relay.capture.x11.screen import X11Screen
from rs_relay.errors import LocalProblem
from tests.support.xdesktop import XDesktop, until


@pytest.fixture
def screen(x: XDesktop) -> Iterator[X11Screen]:
    made = X11Screen(x.display)
    yield made
    made.close()


def area(x: int, y: int, width: int, height: int) -> Monitor:
    return Monitor("part", x, y, width, height)


def resize(x: XDesktop, width: int, height: int) -> None:
    """The desktop's size. (xrandr then also complains that Xvfb's one output does not fit: that is after the fact.)"""
    x.run("xrandr", "--fb", f"{width}x{height}")
    until(lambda: f"current {width} x {height}" in x.run("xrandr").stdout, "the new size")


class TestPixels:
    def test_the_root_colour(self, x: XDesktop, screen: X11Screen) -> None:
        x.run("xsetroot", "-solid", "#123456", check=True)
        seen = screen.grab(screen.bounds())
        assert seen.shape == (700, 1000, 4)
        assert seen.dtype == np.uint8
        assert (seen[..., :3] == (0x56, 0x34, 0x12)).all()

    def test_a_drawn_window_pixel_for_pixel(self, x: XDesktop, screen: X11Screen) -> None:
        picture = np.random.default_rng(1).integers(0, 256, (60, 90, 4), np.uint8)
        client = display.Display(x.display)
        root = client.screen()
        window = root.root.create_window(
            37, 41, 90, 60, 0, root.root_depth, event_mask=X.ExposureMask, override_redirect=True
        )
        window.map()
        while client.next_event().type != X.Expose:
            pass
        window.put_image(window.create_gc(), 0, 0, 90, 60, X.ZPixmap, root.root_depth, 0, picture.tobytes())
        client.sync()
        assert (screen.grab(area(37, 41, 90, 60))[..., :3] == picture[..., :3]).all()
        assert (screen.grab(screen.bounds())[41:101, 37:127, :3] == picture[..., :3]).all()
        client.close()

    def test_comes_through_shared_memory(self, screen: X11Screen) -> None:
        times = []
        for _ in range(20):
            started = time.perf_counter()
            screen.grab(screen.bounds())
            times.append(time.perf_counter() - started)
        assert screen.fast
        print(f"grab 1000x700: {statistics.median(times) * 1000:.2f} ms")

    @pytest.mark.parametrize(
        "wrong", [(-1, 0, 10, 10), (0, -1, 10, 10), (995, 0, 10, 10), (0, 0, 1001, 1), (0, 0, 0, 5), (5, 5, 5, -5),
                  (10**6, 10**6, 10, 10), (0, 0, 10**6, 10**6)],
    )  # fmt: skip
    def test_an_area_outside_is_said_to_be(self, screen: X11Screen, wrong: tuple[int, int, int, int]) -> None:
        with pytest.raises(ScreenChanged):
            screen.grab(area(*wrong))
        assert screen.grab(area(0, 0, 3, 2)).shape == (2, 3, 4)  # and the connection lives

    def test_the_pointer(self, x: XDesktop, screen: X11Screen) -> None:
        x.run("xdotool", "mousemove", "321", "123", check=True)
        assert screen.pointer() == PointerPlace(321, 123)


class TestMonitors:
    def test_one(self, screen: X11Screen) -> None:
        (only,) = screen.monitors()
        assert (only.x, only.y, only.width, only.height) == (0, 0, 1000, 700)
        assert screen.bounds() == Monitor("all", 0, 0, 1000, 700)

    def test_several_come_and_go(self, x: XDesktop, screen: X11Screen) -> None:
        x.add_monitor("left", (0, 0, 600, 700), real=True)
        x.add_monitor("right", (600, 100, 400, 300))
        assert rects(screen) == {"left": (0, 0, 600, 700), "right": (600, 100, 400, 300)}
        for each in screen.monitors():
            assert screen.grab(each).shape == (each.height, each.width, 4)
        x.run("xrandr", "--delmonitor", "right", check=True)
        assert rects(screen) == {"left": (0, 0, 600, 700)}

    def test_mirrors_are_one_and_overlaps_are_two(self, x: XDesktop, screen: X11Screen) -> None:
        x.add_monitor("panel", (0, 0, 800, 600), real=True)
        x.add_monitor("projector", (0, 0, 800, 600))
        x.add_monitor("overlapping", (400, 300, 600, 400))
        assert rects(screen) == {"panel": (0, 0, 800, 600), "overlapping": (400, 300, 600, 400)}

    def test_a_primary(self, x: XDesktop, screen: X11Screen) -> None:
        x.run("xrandr", "--output", "screen", "--primary", check=True)
        x.add_monitor("second", (500, 0, 500, 700))
        assert [each.name for each in screen.monitors() if each.primary] == ["screen"]

    def test_one_larger_than_the_desktop_is_cut(self, x: XDesktop, screen: X11Screen) -> None:
        x.add_monitor("wide", (500, 0, 900, 700), real=True)
        x.add_monitor("outside", (5000, 0, 100, 100))
        assert rects(screen) == {"wide": (500, 0, 500, 700)}
        assert screen.grab(screen.monitors()[0]).shape == (700, 500, 4)


class TestChanges:
    def test_the_desktop_shrinks_and_grows(self, x: XDesktop, screen: X11Screen) -> None:
        before = screen.bounds()
        resize(x, 640, 480)
        with pytest.raises(ScreenChanged):
            screen.grab(before)
        assert screen.bounds() == Monitor("all", 0, 0, 640, 480)
        assert screen.grab(screen.bounds()).shape == (480, 640, 4)
        resize(x, 1000, 700)
        assert screen.grab(before).shape == (700, 1000, 4)

    def test_it_grows_over_what_it_was_when_we_came(self, x: XDesktop) -> None:
        resize(x, 320, 240)
        screen = X11Screen(x.display)
        assert screen.grab(screen.bounds()).shape == (240, 320, 4)
        resize(x, 1000, 700)
        x.run("xsetroot", "-solid", "#fedcba", check=True)
        seen = screen.grab(screen.bounds())
        assert (seen[650:, 950:, :3] == (0xBA, 0xDC, 0xFE)).all()
        assert screen.fast
        screen.close()

    def test_it_changes_under_every_grab(self, x: XDesktop, screen: X11Screen) -> None:
        """Whatever the moment, a grab is the whole area or ScreenChanged."""
        wanted = screen.bounds()
        for n in range(12):
            changing = x.spawn("xrandr", "--fb", "500x400" if n % 2 == 0 else "1000x700")
            while changing.poll() is None:
                try:
                    assert screen.grab(wanted).shape == (wanted.height, wanted.width, 4)
                except ScreenChanged:
                    wanted = screen.bounds()
        assert screen.grab(screen.bounds()).size > 0

    def test_the_display_ends(self, x: XDesktop) -> None:
        screen = X11Screen(x.display)
        whole = screen.bounds()
        screen.grab(whole)
        screen.pointer()  # it came along with the picture
        x.stop()
        for ask in (screen.monitors, screen.bounds, screen.pointer, lambda: screen.grab(whole)):
            with pytest.raises(LocalProblem):
                ask()
        screen.close()

    def test_there_is_none(self, tmp_path: Path) -> None:
        with pytest.raises(LocalProblem) as refused:
            X11Screen(":9999")
        assert "':9999'" in refused.value.message
        assert "DISPLAY" in refused.value.hint


def rects(screen: X11Screen) -> dict[str, tuple[int, int, int, int]]:
    return {each.name: (each.x, each.y, each.width, each.height) for each in screen.monitors()}


class TestFocus:
    def test_nothing_has_the_keyboard(self, screen: X11Screen) -> None:
        assert screen.focus() is None

    def test_the_window_that_has_it_without_a_window_manager(self, x: XDesktop, screen: X11Screen) -> None:
        x.spawn("xterm", "-geometry", "40x10+120+90", "-e", "sleep 600")
        window = x.wait_for_window("xterm|sleep")
        x.focus(window)
        found = screen.focus()
        assert found is not None
        assert (found.x, found.y) == (121, 91)  # inside of its border
        assert found.width > 200
        assert found.height > 100


def test_focus_is_the_window_that_a_window_manager_calls_active() -> None:
    with XDesktop((1000, 700), wm=True) as x:
        screen = X11Screen(x.display)
        try:
            for place in ("+50+60", "+400+300"):
                x.spawn("xterm", "-T", f"at{place}", "-geometry", f"30x8{place}", "-e", "sleep 600")
                x.focus(x.wait_for_window(f"at\\{place[:3]}"))
                left, top = (int(part) for part in place[1:].split("+"))
                found = screen.focus()
                assert found is not None
                assert abs(found.x - left) < 30
                assert abs(found.y - top) < 50
        finally:
            screen.close()
