"""The camera that shares memory with a real X server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import numpy as np
import pytest
from Xlib import X, display
from Xlib.error import ConnectionClosedError

from rs_relay.capture.base import Area, Monitor, PointerPlace, ScreenChanged
from rs_relay.capture.x11.camera import Camera
from rs_relay.xcb.libxcb import NoShared
from tests.support.xdesktop import XDesktop

WHOLE = Monitor("all", 0, 0, 1000, 700)


class Painted:
    """A root window that shows noise: no two places of it are alike."""

    def __init__(self, x: XDesktop) -> None:
        self.client = display.Display(x.display)
        self.screen = self.client.screen()
        self.pixels = np.random.default_rng(3).integers(0, 256, (700, 1000, 4), np.uint8)
        self._window = self.screen.root.create_window(
            0, 0, 1000, 700, 0, self.screen.root_depth, event_mask=X.ExposureMask, override_redirect=True
        )
        self._window.map()
        while self.client.next_event().type != X.Expose:
            pass
        self.put(0, 0, self.pixels)

    def put(self, x: int, y: int, what: np.ndarray) -> None:
        height, width = what.shape[:2]
        self.pixels[y : y + height, x : x + width] = what
        pen = self._window.create_gc()
        for row in range(0, height, 50):
            part = np.ascontiguousarray(what[row : row + 50])
            self._window.put_image(
                pen, x, y + row, width, len(part), X.ZPixmap, self.screen.root_depth, 0, part.tobytes()
            )
        self.client.sync()


@pytest.fixture
def painted(x: XDesktop) -> Iterator[Painted]:
    made = Painted(x)
    yield made
    with suppress(ConnectionClosedError):
        made.client.close()


@pytest.fixture
def camera(x: XDesktop, painted: Painted) -> Iterator[Camera]:
    made = Camera(x.display, painted.screen.root.id, painted.screen.root_visual)
    yield made
    made.close()


def same(seen: np.ndarray, pixels: np.ndarray) -> bool:
    return bool((seen[..., :3] == pixels[..., :3]).all())


def test_all_of_an_area_and_then_only_parts(camera: Camera, painted: Painted) -> None:
    assert same(camera.see(WHOLE, None), painted.pixels)
    before = painted.pixels.copy()
    painted.put(0, 0, 255 - painted.pixels)
    narrow, wide = Area(30, 40, 50, 60), Area(200, 300, 700, 10)
    seen = camera.see(WHOLE, [narrow, wide])
    assert same(seen[40:100, 30:80], painted.pixels[40:100, 30:80])
    assert same(seen[300:310, 200:900], painted.pixels[300:310, 200:900])
    assert same(seen[:40], before[:40])  # it was not asked for
    assert same(seen[40:100, 80:], before[40:100, 80:])


def test_an_area_within_the_desktop(camera: Camera, painted: Painted) -> None:
    right = Monitor("right", 600, 100, 400, 500)
    assert same(camera.see(right, None), painted.pixels[100:600, 600:])
    painted.put(600, 100, 255 - painted.pixels[100:600, 600:])
    seen = camera.see(right, [Area(990, 590, 10, 10), Area(600, 100, 300, 7), Area(700, 300, 1, 1)])
    assert same(seen[490:, 390:], painted.pixels[590:600, 990:])
    assert same(seen[:7, :300], painted.pixels[100:107, 600:900])
    assert same(seen[200, 100], painted.pixels[300, 700])


def test_so_many_narrow_parts_that_there_is_no_room_beside(camera: Camera, painted: Painted) -> None:
    camera.see(WHOLE, None)
    painted.put(0, 0, 255 - painted.pixels)
    columns = [Area(x, 0, 250, 700) for x in range(0, 1000, 250)]
    assert same(camera.see(WHOLE, columns), painted.pixels)


def test_another_area_is_taken_wholly_whatever_the_parts(camera: Camera, painted: Painted) -> None:
    camera.see(Monitor("small", 0, 0, 20, 10), None)
    assert same(camera.see(WHOLE, [Area(0, 0, 1, 1)]), painted.pixels)


def test_a_part_that_is_refused_spoils_no_later_answer(camera: Camera, painted: Painted) -> None:
    camera.see(WHOLE, None)
    with pytest.raises(ScreenChanged):
        camera.see(WHOLE, [Area(0, 690, 1000, 20), Area(5, 5, 5, 5), Area(995, 0, 10, 10)])
    painted.put(0, 0, 255 - painted.pixels)
    assert same(camera.see(WHOLE, [Area(5, 5, 5, 5)]), painted.pixels)  # all, since nobody knows what the memory holds


def test_the_pointer_comes_along_once(x: XDesktop, camera: Camera) -> None:
    x.run("xdotool", "mousemove", "321", "123", check=True)
    camera.see(WHOLE, None)
    x.run("xdotool", "mousemove", "400", "200", check=True)
    assert camera.pointer() == PointerPlace(321, 123)
    assert camera.pointer() == PointerPlace(400, 200)


def test_a_server_that_ends(x: XDesktop, camera: Camera) -> None:
    camera.see(WHOLE, None)
    x.stop()
    with pytest.raises(ScreenChanged):
        camera.see(WHOLE, None)
    assert camera.pointer() is None


def test_none_to_be_had(x: XDesktop, painted: Painted, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NoShared):
        Camera(x.display, painted.screen.root.id, 0x7FFFFFFF)
    with pytest.raises(NoShared):
        Camera(":54321", painted.screen.root.id, painted.screen.root_visual)
    monkeypatch.delattr("os.memfd_create")
    with pytest.raises(NoShared):
        Camera(x.display, painted.screen.root.id, painted.screen.root_visual)


def test_a_server_without_shared_memory() -> None:
    """(python-xlib stays away from it: its events have other numbers, and it takes those of one server for all's.)"""
    with XDesktop((300, 200), without=("MIT-SHM",)) as x, pytest.raises(NoShared):
        Camera(x.display, 1, 1)
