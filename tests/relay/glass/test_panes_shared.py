"""Both kinds of glass on a real X server: what is seen is the picture, be it covered, scrolled or under a layer."""

from __future__ import annotations

import os
import tkinter as tk
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing import get_context

import mss
import numpy as np
import pytest
from PIL import Image
from Xlib.display import Display

from rs_relay.glass.fit import Fit, fitted, pixel_for_pixel
from rs_relay.glass.framebuffer import Framebuffer
from rs_relay.glass.glass import Glass
from rs_relay.glass.panes import Panes
from rs_relay.glass.pointer import PointerLayer
from rs_relay.glass.shape import Shaped
from rs_relay.glass.shared import Shared
from tests.support.pictures import Painter, card
from tests.support.xdesktop import PATIENCE, XDesktop, until

WIDTH, HEIGHT = 400, 300  # of the glass
BORDER = (0x2B, 0x2F, 0x36)


@pytest.fixture(scope="module")
def desktop() -> Iterator[XDesktop]:
    with XDesktop((640, 480)) as running:
        yield running


@dataclass
class Scene:
    desktop: XDesktop
    root: tk.Tk
    buffer: Framebuffer
    glass: Glass
    painter: Painter

    def begin(self, width: int, height: int, lie: Callable[[int, int, int, int], Fit]) -> np.ndarray:
        picture = card(width, height)
        self.painter = Painter(width, height)
        self.buffer.begin(self.painter.layout)
        self.fit = lie(width, height, WIDTH, HEIGHT)
        self.glass.hang(self.fit)
        self.show(picture)
        return picture

    def show(self, picture: np.ndarray) -> None:
        changed = [rect for frame in self.painter.frames(picture) for rect in self.buffer.apply(frame)]
        self.glass.paint([self.fit.shown(rect) for rect in changed])
        self.glass.flush()

    def seen(self) -> np.ndarray:
        self.root.update()
        with mss.MSS(display=self.desktop.display) as camera:
            shot = camera.grab({"left": 20, "top": 10, "width": WIDTH, "height": HEIGHT})
            return np.frombuffer(shot.rgb, np.uint8).reshape(HEIGHT, WIDTH, 3)


Test = Callable[[Scene], None]


def on_both(test: Test) -> Callable[[XDesktop, type[Glass]], None]:
    """Runs the test in a process of its own: Tk keeps its connection, and ends its process with the X server."""

    @pytest.mark.parametrize("kind", [Shared, Panes])
    def run(desktop: XDesktop, kind: type[Glass]) -> None:
        child = get_context("fork").Process(target=in_child, args=(desktop, kind, test))
        child.start()
        child.join(PATIENCE)
        if child.exitcode is None:
            child.kill()
        assert child.exitcode == 0, "see what the child said"

    run.__doc__ = test.__doc__
    return run


def in_child(desktop: XDesktop, kind: Callable[[tk.Misc, Framebuffer], Glass], test: Test) -> None:
    os.environ["DISPLAY"] = desktop.display
    root = tk.Tk()
    root.geometry(f"{WIDTH}x{HEIGHT}+20+10")
    buffer = Framebuffer()
    glass = kind(root, buffer)
    glass.widget.pack(fill="both", expand=True)
    desktop.run("xdotool", "mousemove", "600", "470")
    root.update()
    test(Scene(desktop, root, buffer, glass, Painter(1, 1)))
    glass.close()
    root.destroy()


@on_both
def test_one_to_one_in_the_middle_of_a_border(scene: Scene) -> None:
    picture = scene.begin(300, 200, pixel_for_pixel)
    seen = scene.seen()
    assert np.array_equal(seen[50:250, 50:350], picture)
    assert (seen[:50] == BORDER).all()
    assert (seen[:, 350:] == BORDER).all()
    picture[10:20, 30:40] = 255
    scene.show(picture)
    assert np.array_equal(scene.seen()[50:250, 50:350], picture)


@on_both
def test_scaled_in_parts_is_the_picture_scaled(scene: Scene) -> None:
    picture = scene.begin(1000, 750, fitted)
    picture[300:420, 100:700] = card(600, 120, 4)
    scene.show(picture)
    wanted = np.asarray(Image.fromarray(picture).resize((WIDTH, HEIGHT), Image.Resampling.HAMMING))
    assert np.abs(scene.seen().astype(int) - wanted).max() <= 2


@on_both
def test_what_was_covered_comes_back(scene: Scene) -> None:
    picture = scene.begin(WIDTH, HEIGHT, pixel_for_pixel)
    over = tk.Toplevel(scene.root, background="#00ff00")
    over.overrideredirect(True)
    over.geometry("100x80+60+60")
    over.update()
    assert (scene.seen()[60:100, 60:100] == (0, 255, 0)).all()
    over.destroy()
    until(lambda: np.array_equal(scene.seen(), picture), "the picture under it")


@on_both
def test_it_scrolls_and_a_place_on_it_is_known(scene: Scene) -> None:
    picture = scene.begin(700, 520, pixel_for_pixel)
    told: list[tuple[float, float]] = []
    scene.glass.scrolls(lambda first, last: told.append((float(first), float(last))), lambda first, last: None)
    assert np.array_equal(scene.seen(), picture[:HEIGHT, :WIDTH])
    scene.glass.xview("moveto", "1")
    scene.glass.yview("moveto", str(100 / 520))
    until(lambda: np.array_equal(scene.seen(), picture[100:400, 300:700]), "the other corner")
    assert scene.glass.at(0, 0) == (300, 100)
    assert told[-1] == (pytest.approx(300 / 700), 1.0)
    picture[380:420, 280:340] = 7  # half of it is seen
    scene.show(picture)
    assert np.array_equal(scene.seen(), picture[100:400, 300:700])


@on_both
def test_the_window_changes_its_size(scene: Scene) -> None:
    picture = scene.begin(700, 520, pixel_for_pixel)
    scene.root.geometry("300x200+20+10")
    scene.root.update()
    scene.root.geometry(f"{WIDTH}x{HEIGHT}+20+10")
    scene.root.update()
    until(lambda: np.array_equal(scene.seen(), picture[:HEIGHT, :WIDTH]), "the picture in the larger window")


@on_both
def test_a_window_larger_than_its_screen(scene: Scene) -> None:
    picture = scene.begin(700, 520, pixel_for_pixel)
    scene.root.geometry("800x600+20+10")
    scene.root.update()
    scene.glass.hang(pixel_for_pixel(700, 520, 800, 600))
    scene.glass.paint([scene.fit.whole])
    scene.glass.flush()
    until(lambda: np.array_equal(scene.seen()[40:, 50:], picture[: HEIGHT - 40, : WIDTH - 50]), "the picture")


@on_both
def test_a_layer_lies_over_the_picture_and_leaves_it_as_it_was(scene: Scene) -> None:
    picture = scene.begin(WIDTH, HEIGHT, pixel_for_pixel)
    pointer = PointerLayer(scene.glass)
    scene.glass.layers.put("pointer", pointer)
    pointer.look(Shaped(Image.new("RGBA", (20, 10), (255, 0, 0, 128)), 0, 0))
    pointer.point((100, 100))
    scene.glass.flush()
    mixed = scene.seen()[100:110, 100:120].astype(int)
    half = (picture[100:110, 100:120].astype(int) + np.array((255, 0, 0))) / 2
    assert np.abs(mixed - half).max() <= 2
    picture[90:120, 90:110] = 60  # changes below it
    scene.show(picture)
    assert np.abs(scene.seen()[105, 105].astype(int) - (158, 30, 30)).max() <= 2
    pointer.point((200, 200))
    pointer.point(None)
    scene.glass.flush()
    assert np.array_equal(scene.seen(), picture)


@on_both
def test_the_persons_own_pointer_takes_a_shape(scene: Scene) -> None:
    """Worn on the X server, or drawn where it is."""
    picture = scene.begin(WIDTH, HEIGHT, pixel_for_pixel)
    scene.glass.wear(Shaped(Image.new("RGBA", (20, 10), (0, 255, 0, 255)), 0, 0))
    scene.desktop.run("xdotool", "mousemove", "120", "110")
    if isinstance(scene.glass, Panes):
        until(lambda: (scene.seen()[100:110, 100:120] == (0, 255, 0)).all(), "the shape under the pointer")
    else:
        until(lambda: worn(scene.desktop) == (20, 10), "the shape as the pointer")
    scene.glass.wear(None)
    until(lambda: np.array_equal(scene.seen(), picture), "the picture")
    assert worn(scene.desktop) != (20, 10)


def worn(desktop: XDesktop) -> tuple[int, int]:
    """The size of the pointer that the X server shows."""
    display = Display(desktop.display)
    display.xfixes_query_version()
    image = display.xfixes_get_cursor_image(display.screen().root)
    display.close()
    return image.width, image.height


@on_both
def test_dimmed_is_grey(scene: Scene) -> None:
    scene.begin(WIDTH, HEIGHT, pixel_for_pixel)
    scene.buffer.dimmed = True
    scene.glass.paint([scene.fit.whole])
    scene.glass.flush()
    seen = scene.seen()
    assert (seen[..., 0] == seen[..., 2]).all()
    assert seen.min() >= 150


@on_both
def test_what_the_server_complains_of_ends_nothing(scene: Scene) -> None:
    """The window may go while a picture is on its way to it."""
    scene.begin(WIDTH, HEIGHT, pixel_for_pixel)
    scene.glass.widget.destroy()
    if isinstance(scene.glass, Shared):
        scene.glass.paint([scene.fit.whole])
        scene.glass.flush()
