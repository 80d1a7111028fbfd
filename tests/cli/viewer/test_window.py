"""The viewer's window for real: fed through its stdin, photographed on an X server, its keys pressed by XTEST."""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from Xlib import X
from Xlib.display import Display
from Xlib.protocol.event import ClientMessage

from rs_cli.viewer import pipe
from rs_relay.channels.control.messages import Button, ButtonName, Key, Move, ReleaseAll, Type, Wheel
from rs_relay.channels.screen.messages import Choose, Frame, Layout, MonitorPlace, Pointer, Refresh, Shape
from tests.support.pictures import Painter, card
from tests.support.viewer import ALLOWED, RealViewer, real_viewer
from tests.support.xdesktop import until

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

pytestmark = pytest.mark.journey


@pytest.fixture
def viewer() -> Iterator[RealViewer]:
    with real_viewer() as running:
        yield running


def cut(viewer: RealViewer, place: tuple[int, int], picture: np.ndarray) -> np.ndarray:
    x, y = place
    return viewer.photograph()[y : y + picture.shape[0], x : x + picture.shape[1]]


def test_one_to_one_shows_every_pixel_and_only_what_changed_is_sent(viewer: RealViewer) -> None:
    painter, picture = Painter(500, 330), card(500, 330)
    viewer.begin(painter, picture, exact=True)
    place = viewer.find(picture)
    assert np.array_equal(cut(viewer, place, picture), picture)
    rng = np.random.default_rng(5)
    for _ in range(5):
        x, y = int(rng.integers(0, 450)), int(rng.integers(0, 300))
        picture[y : y + 30, x : x + 40] = rng.integers(0, 255, 3)
        viewer.show(painter, picture)
        assert np.array_equal(cut(viewer, place, picture), picture)


def test_on_an_x_server_that_shares_no_memory_it_is_the_same_window() -> None:
    with real_viewer(without=("MIT-SHM",)) as viewer:
        painter, picture = Painter(500, 330), card(500, 330)
        viewer.begin(painter, picture, exact=True)
        x, y = viewer.find(picture)
        picture[100:130, 50:90] = (1, 2, 3)
        viewer.show(painter, picture)
        assert np.array_equal(cut(viewer, (x, y), picture), picture)
        viewer.desktop.run("xdotool", "mousemove", str(x + 10), str(y + 20), "click", "1")
        assert viewer.hands(Button(ButtonName.LEFT, False))[-2:-1] in ([Move(10, 20)], [Button(ButtonName.LEFT, True)])


def test_the_status_line_tells_how_exact_the_picture_is_and_never_overlaps(viewer: RealViewer) -> None:
    """In a narrow window the facts at the right give way; between them and the text the line stays paper, wider than
    between two facts."""
    painter, picture = Painter(800, 500), card(800, 500)
    viewer.begin(painter, picture)
    viewer.send(pipe.Status(True, True, "A long word about what goes on here. " * 4, "view, control, files", 0.042))
    for width in (900, 640, 520):
        viewer.desktop.run("xdotool", "windowsize", "--sync", str(viewer.window), str(width), "420")
        x, y = _corner(viewer)

        def gap(left: int = x, bottom: int = y + 420, across: int = width) -> bool:
            line = viewer.photograph()[bottom - 22 : bottom - 2, left : left + across].astype(int)
            paper = (np.abs(line - (0xF6, 0xF7, 0xF9)).max(2) < 12).all(0)  # columns without ink
            longest = max(len(run) for run in "".join("1" if clear else "0" for clear in paper[30:-12]).split("0"))
            return longest >= 20

        until(gap, f"room between the text and the facts at {width}")


def _corner(viewer: RealViewer) -> tuple[int, int]:
    """Where the window's inside begins. xdotool's getwindowgeometry counts the frame twice below a window manager."""
    told = viewer.desktop.run("xwininfo", "-id", str(viewer.window)).stdout
    x, y = (int(told.split(f"Absolute upper-left {axis}:")[1].split()[0]) for axis in "XY")
    return x, y


def test_scaled_to_fit_is_the_picture_scaled(viewer: RealViewer) -> None:
    painter, picture = Painter(2400, 1200), card(2400, 1200)
    viewer.begin(painter, picture)

    def close() -> bool:
        size = (1020, 510)  # 85 % of the screen's width
        wanted = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.HAMMING)).astype(int)
        screen = viewer.photograph().astype(int)
        places = itertools.product(range(80, 101), range(100, 300))
        x, y = min(places, key=lambda at: np.abs(screen[at[1], at[0] : at[0] + size[0] : 9] - wanted[0, ::9]).sum())
        return bool(np.abs(screen[y : y + size[1], x : x + size[0]] - wanted).max() <= 2)

    until(close, "the scaled picture")
    picture[600:640, 1000:1100] = (250, 20, 20)  # painted by parts, it is still the whole scaled
    viewer.show(painter, picture)
    assert close()


def test_a_picture_larger_than_the_window_scrolls_and_letters_keep_their_size(viewer: RealViewer) -> None:
    painter, picture = Painter(2000, 1500), card(2000, 1500)
    viewer.begin(painter, picture, exact=True)
    x, y = viewer.find(picture[:, :600])
    assert np.array_equal(viewer.photograph()[y : y + 500, x : x + 600], picture[:500, :600])
    # A click lands on the pixel under it, 1:1.
    viewer.desktop.run("xdotool", "mousemove", str(x + 123), str(y + 45), "click", "1")
    assert viewer.hands(Button(ButtonName.LEFT, False))[-2:-1] == [Move(123, 45)]


def test_the_mouse(viewer: RealViewer) -> None:
    """Every button and the wheel, on a monitor that does not begin at the desktop's origin."""
    painter, picture = Painter(400, 300, x=1000, y=-200), card(400, 300)
    viewer.begin(painter, picture, exact=True)
    x, y = viewer.find(picture)
    run = viewer.desktop.run
    run("xdotool", "mousemove", str(x + 10), str(y + 20))
    viewer.hands(Move(1010, -180))
    for number, name in ((1, "left"), (2, "middle"), (3, "right"), (8, "back"), (9, "forward")):
        run("xdotool", "click", str(number))
        done = [said for said in viewer.hands(Button(ButtonName(name), False)) if not isinstance(said, Move)]
        assert done == [Button(ButtonName(name), True), Button(ButtonName(name), False)]
    for number, notch in ((4, Wheel(0, 1)), (5, Wheel(0, -1)), (6, Wheel(-1, 0)), (7, Wheel(1, 0))):
        run("xdotool", "click", str(number))
        assert [said for said in viewer.hands(notch) if isinstance(said, Wheel)] == [notch]
    run("xdotool", "keydown", "shift", "click", "4", "keyup", "shift")  # is what the customer's program makes of it
    done = [said for said in viewer.hands(Key("shift_left", False)) if not isinstance(said, Move)]
    assert done == [Key("shift_left", True), Wheel(0, 1), Key("shift_left", False)]
    # A drag that leaves the picture stays on its edge, and the button still comes up.
    run("xdotool", "mousemove", str(x + 50), str(y + 50), "mousedown", "1")
    viewer.hands(Button(ButtonName.LEFT, True))
    run("xdotool", "mousemove", str(x + 50), str(y + 310), "mouseup", "1")
    assert viewer.hands(Button(ButtonName.LEFT, False))[-2] == Move(1050, 99)
    # Ctrl-click takes Control along.
    run("xdotool", "mousemove", str(x + 9), str(y + 9), "keydown", "ctrl", "click", "1", "keyup", "ctrl")
    done = [said for said in viewer.hands(Key("control_left", False)) if not isinstance(said, Move)]
    assert done == [
        Key("control_left", True), Button(ButtonName.LEFT, True), Button(ButtonName.LEFT, False),
        Key("control_left", False),
    ]  # fmt: skip


def test_the_keyboard(viewer: RealViewer) -> None:
    painter, picture = Painter(400, 300), card(400, 300)
    viewer.begin(painter, picture, exact=True)
    run = viewer.desktop.run
    text = "Hello, World! é€@ ß ж 日"
    viewer.desktop.have_keys_for(text)
    run("xdotool", "type", "--delay", "20", text)
    run("xdotool", "key", "Return")
    said = viewer.hands(Key("enter", False))
    assert "".join(m.text for m in said if isinstance(m, Type)) == text
    assert [m for m in said if isinstance(m, Key)] == [Key("enter", True), Key("enter", False)]

    run("xdotool", "keydown", "ctrl", "keydown", "shift", "key", "t", "keyup", "shift", "keyup", "ctrl")
    said = viewer.hands(Key("control_left", False))
    assert said == [
        Key("control_left", True), Key("shift_left", True), Key("t", True), Key("t", False),
        Key("shift_left", False), Key("control_left", False),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["Tab", "F10", "Left", "Page_Up", "Delete", "BackSpace", "Escape", "KP_Enter"])
def test_no_key_is_kept_by_the_window(viewer: RealViewer, name: str) -> None:
    viewer.begin(Painter(400, 300), card(400, 300), exact=True)
    viewer.desktop.run("xdotool", "key", name)
    down, up = viewer.wait_for(lambda m: isinstance(m, pipe.Hands)), viewer.next()
    assert isinstance(down.said, Key)
    assert up == pipe.Hands(Key(down.said.name, False))


def test_a_held_key_repeats_and_comes_up_once(viewer: RealViewer) -> None:
    viewer.begin(Painter(400, 300), card(400, 300), exact=True)
    run = viewer.desktop.run
    run("xset", "r", "rate", "150", "40")
    run("xdotool", "keydown", "Left")
    for _ in range(5):
        viewer.wait_for(lambda m: m == pipe.Hands(Key("arrow_left", True)))
    run("xdotool", "keyup", "Left")
    said = viewer.hands(Key("arrow_left", False))
    assert said[-1] == Key("arrow_left", False)
    assert said.count(Key("arrow_left", False)) == 1
    assert Key("arrow_left", False) not in [m.said for m in viewer.said[:-1] if isinstance(m, pipe.Hands)]


def test_what_is_held_is_let_go_of_when_the_keyboard_goes_elsewhere(viewer: RealViewer) -> None:
    viewer.begin(Painter(400, 300), card(400, 300), exact=True)
    run = viewer.desktop.run
    viewer.desktop.spawn("xterm", "-T", "elsewhere", "-geometry", "20x5+0+0")
    other = viewer.desktop.wait_for_window("elsewhere")
    viewer.desktop.focus(viewer.window)
    run("xdotool", "keydown", "Left")
    viewer.hands(Key("arrow_left", True))
    viewer.desktop.focus(other)
    viewer.hands(ReleaseAll())
    run("xdotool", "keyup", "Left")


def test_the_menu_is_driven_by_keys_and_they_stay_here(viewer: RealViewer) -> None:
    painter, picture = Painter(1900, 900), card(1900, 900)
    viewer.begin(painter, picture)  # scaled down
    run = viewer.desktop.run

    def choose(letter: str) -> None:
        run("xdotool", "key", "F8")
        until(lambda: _menu_is_up(viewer), "the menu")
        run("xdotool", "key", letter)

    choose("1")
    viewer.find(picture[:, :500])  # 1:1 now
    choose("a")
    assert viewer.wait_for(_no_move) == Refresh()
    choose("d")
    done = [said for said in viewer.hands(Key("control_left", False)) if not isinstance(said, Move)]
    assert done == [
        Key("control_left", True), Key("alt_left", True), Key("delete", True),
        Key("delete", False), Key("alt_left", False), Key("control_left", False),
    ]  # fmt: skip
    run("xdotool", "key", "a")
    assert viewer.wait_for(_no_move) == pipe.Hands(Type("a"))
    choose("c")
    assert viewer.wait_for(lambda m: isinstance(m, pipe.Closed)) == pipe.Closed()
    assert viewer.process.wait(10) == 0


def _no_move(said: Any) -> bool:
    return not (isinstance(said, pipe.Hands) and isinstance(said.said, Move))


def _menu_is_up(viewer: RealViewer) -> bool:
    """The menu's paper, which is whiter than anything else here."""
    screen = viewer.photograph()
    return bool((screen == 255).all(2).sum() > 8000)


ENTRIES = pipe.Entries(
    (
        pipe.Entry("pause", "Pause the picture", pipe.Kind.CHECK, tool=True),
        pipe.Entry("all", "All colours", pipe.Kind.CHOICE, "Quality", on=True),
        pipe.Entry("few", "Few colours", pipe.Kind.CHOICE, "Quality"),
        pipe.Entry("never", "Not now", enabled=False),
    )
)


def _post(viewer: RealViewer) -> None:
    viewer.desktop.run("xdotool", "key", "F8")
    until(lambda: _menu_is_up(viewer), "the menu")


def _open(viewer: RealViewer, letter: str) -> None:
    """A menu in the menu."""
    _post(viewer)
    before = viewer.desktop.popups()
    viewer.desktop.run("xdotool", "key", letter)
    until(lambda: viewer.desktop.popups() > before, "the menu in it")
    time.sleep(0.3)  # until it has the keyboard


def test_what_the_session_offers_is_chosen_by_keys(viewer: RealViewer) -> None:
    painter, picture = Painter(400, 300), card(400, 300)
    viewer.begin(painter, picture)
    viewer.send(ENTRIES)
    run = viewer.desktop.run
    for on in (True, False):
        _post(viewer)
        run("xdotool", "key", "p")
        assert viewer.wait_for(lambda m: isinstance(m, pipe.Chosen)) == pipe.Chosen("pause", on)
        viewer.send(
            pipe.Entries((pipe.Entry("pause", "Pause the picture", pipe.Kind.CHECK, on=on), *ENTRIES.entries[1:]))
        )
        picture[0] = 30 * on
        viewer.show(painter, picture)  # painted, so the entries before it were taken in
    _open(viewer, "q")
    run("xdotool", "key", "--delay", "150", "Down", "Return")
    assert viewer.wait_for(lambda m: isinstance(m, pipe.Chosen)) == pipe.Chosen("few", True)
    _post(viewer)
    run("xdotool", "key", "--delay", "150", "n", "x")  # it is grey: nothing is said of it
    assert viewer.wait_for(lambda m: isinstance(m, pipe.Chosen | pipe.Hands) and _no_move(m)) == pipe.Hands(Type("x"))


def test_another_monitor_is_chosen_by_keys(viewer: RealViewer) -> None:
    painter, picture = Painter(400, 300), card(400, 300)
    places = (MonitorPlace("left", 0, 0, 400, 300, True), MonitorPlace("right\x1b[31m", 400, 0, 400, 300))
    viewer.send(pipe.Title("the viewer", True), ALLOWED)
    viewer.send(Layout(1, 0, 0, 400, 300, chosen=0, monitors=places))
    viewer.show(painter, picture)
    viewer.desktop.focus(viewer.desktop.wait_for_window("the viewer"))
    _open(viewer, "m")
    viewer.desktop.run("xdotool", "key", "--delay", "150", "Down", "Down", "Return")
    assert viewer.wait_for(lambda m: isinstance(m, Choose)).monitor in (0, 1)


def test_a_lost_link_greys_the_picture_until_the_next_one_is_whole(viewer: RealViewer) -> None:
    painter, picture = Painter(400, 300), card(400, 300)
    viewer.begin(painter, picture, exact=True)
    x, y = viewer.find(picture)
    viewer.send(pipe.Status(False, True, "Connection lost, reconnecting…"))
    until(lambda: _grey(cut(viewer, (x, y), picture)), "the picture in grey")
    viewer.send(ALLOWED)
    after = card(400, 300, 7)
    after[:64, :64] = 0  # black is what a new layout begins with, so these tiles are in no frame
    again = Painter(400, 300)
    viewer.send(again.layout)
    viewer.show(again, after)
    assert np.array_equal(cut(viewer, (x, y), after), after)


def _grey(pixels: np.ndarray) -> bool:
    return bool((pixels[..., 0] == pixels[..., 1]).all() and pixels.min() >= 150)


def test_the_customers_pointer_is_shown_to_who_only_looks(viewer: RealViewer) -> None:
    painter, picture = Painter(400, 300, x=100), np.full((300, 400, 3), 90, np.uint8)
    picture[0, :100] = card(100, 1)[0]
    viewer.begin(painter, picture, exact=True)
    x, y = viewer.find(picture)
    viewer.send(pipe.Status(True, False, "View only."), Pointer(300, 100))
    until(lambda: (viewer.photograph()[y + 108, x + 202 : x + 205] == 255).all(), "the pointer")
    viewer.send(Pointer(900, 900))  # on another monitor
    until(lambda: np.array_equal(cut(viewer, (x, y), picture), picture), "no pointer")


def worn(viewer: RealViewer) -> np.ndarray:
    """The pointer that the X server shows now: (height, width) of words with alpha."""
    display = Display(viewer.desktop.display)
    display.xfixes_query_version()
    image = display.xfixes_get_cursor_image(display.screen().root)
    display.close()
    return np.array(image.cursor_image, np.uint32).reshape(image.height, image.width)


def test_the_technicians_pointer_looks_like_the_customers_while_they_control(viewer: RealViewer) -> None:
    painter, picture = Painter(400, 300), card(400, 300)
    viewer.begin(painter, picture, exact=True)
    x, y = viewer.find(picture)
    viewer.desktop.run("xdotool", "mousemove", str(x + 50), str(y + 50))
    plain = worn(viewer)
    shape = np.zeros((24, 20, 4), np.uint8)
    shape[2:20, 3:15] = (250, 120, 10, 255)
    viewer.send(Shape(1, 4, 5, 20, 24, zstd.compress(shape.tobytes())))
    until(lambda: _has(worn(viewer), 0xFFFA780A), "the shape")
    assert (worn(viewer) == 0xFFFA780A).sum() == 18 * 12
    assert np.array_equal(cut(viewer, (x, y), picture), picture)  # drawn by the X server, not into the picture
    viewer.send(pipe.Status(True, False, "View only."), Pointer(100, 100))
    until(lambda: np.array_equal(worn(viewer), plain), "the usual arrow")
    until(lambda: (viewer.photograph()[y + 97, x + 99] == (250, 120, 10)).all(), "the shape where the customer's is")
    viewer.send(ALLOWED, Shape(2))
    until(lambda: not (worn(viewer) >> 24).any(), "a hidden pointer")


def _has(words: np.ndarray, word: int) -> bool:
    return bool((words == word).any())


def test_a_shape_that_makes_no_sense_ends_the_window(viewer: RealViewer) -> None:
    viewer.send(Shape(1, 0, 0, 3, 3, b"rubbish"))
    assert viewer.wait_for(lambda m: isinstance(m, pipe.Cannot)).code == "peer-broke"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\xff\xff\xff\xff", id="a length of 4 GiB"),
        pytest.param(b"\0\0\0\x03abc", id="rubbish"),
        pytest.param(pipe.pack(Layout(1, 0, 0, 16_384, 16_384)), id="a picture of 800 MB"),
        pytest.param(pipe.pack(Layout(1, 0, 0, 0, 0)), id="a picture of no size"),
        pytest.param(pipe.pack(Frame(1, 1, data=b"x")), id="a frame before a layout"),
        pytest.param(
            pipe.pack(Layout(1, 0, 0, 64, 64)) + pipe.pack(Frame(1, 1, spans=(0, 1), data=b"?")), id="no zstd"
        ),
    ],
)
def test_what_makes_no_sense_ends_the_window_and_says_so(viewer: RealViewer, data: bytes) -> None:
    viewer.send_raw(data)
    said = viewer.wait_for(lambda m: isinstance(m, pipe.Cannot))
    assert said.code == "peer-broke"
    assert viewer.process.wait(20) == 14
    log = (viewer.desktop.folder / "viewer.log").read_text()
    assert "Traceback" not in log


def test_the_end_of_stdin_closes_the_window(viewer: RealViewer) -> None:
    viewer.begin(Painter(400, 300), card(400, 300))
    assert viewer.end() == 0


def ask_to_close(display: str, window: int) -> None:
    """As the cross in its frame does; no key, since openbox grabs its keys anew after each change of the keymap."""
    x = Display(display)
    root = x.screen().root
    close = ClientMessage(
        window=x.create_resource_object("window", window),
        client_type=x.get_atom("_NET_CLOSE_WINDOW"),
        data=(32, [X.CurrentTime, 2, 0, 0, 0]),
    )
    root.send_event(close, event_mask=X.SubstructureRedirectMask | X.SubstructureNotifyMask)
    x.sync()
    x.close()


def test_closing_the_window_is_told(viewer: RealViewer) -> None:
    viewer.begin(Painter(400, 300), card(400, 300))
    ask_to_close(viewer.desktop.display, viewer.window)
    assert viewer.wait_for(lambda m: isinstance(m, pipe.Closed)) == pipe.Closed()
    assert viewer.process.wait(20) == 0


def test_a_picture_a_little_wider_than_its_room_settles(viewer: RealViewer) -> None:
    """One scrollbar makes the other needed, and neither may make the window grow."""
    width, height = int(1200 * 0.85) + 4, int(850 * 0.85) - 2
    painter, picture = Painter(width, height), card(width, height)
    viewer.begin(painter, picture, exact=True)
    viewer.find(picture[:, :900])
    geometry = viewer.desktop.run("xdotool", "getwindowgeometry", str(viewer.window)).stdout
    viewer.desktop.run("xdotool", "key", "F8")
    until(lambda: _menu_is_up(viewer), "the menu")
    viewer.desktop.run("xdotool", "key", "f")
    picture[:40] = 77
    viewer.show(painter, picture)
    assert viewer.desktop.run("xdotool", "getwindowgeometry", str(viewer.window)).stdout == geometry
    assert viewer.end() == 0


def test_the_full_screen_and_back(viewer: RealViewer) -> None:
    painter, picture = Painter(1200, 850), card(1200, 850)  # as large as the technician's screen
    viewer.begin(painter, picture)
    for letter, settled in (("u", True), ("u", False)):
        viewer.desktop.run("xdotool", "key", "F8")
        until(lambda: _menu_is_up(viewer), "the menu")
        viewer.desktop.run("xdotool", "key", letter)
        until(lambda wanted=settled: np.array_equal(viewer.photograph(), picture) == wanted, "the full screen or none")


def test_a_picture_is_saved_by_keys(viewer: RealViewer, tmp_path: Path) -> None:
    painter, picture = Painter(400, 300), card(400, 300)
    viewer.begin(painter, picture)
    run = viewer.desktop.run
    run("xdotool", "key", "F8")
    until(lambda: _menu_is_up(viewer), "the menu")
    run("xdotool", "key", "s")
    viewer.desktop.focus(viewer.desktop.wait_for_window("Save picture"))
    run("xdotool", "key", "ctrl+a", "ctrl+slash")
    run("xdotool", "type", "--delay", "20", str(tmp_path / "saved.png"))
    run("xdotool", "key", "Return")
    until((tmp_path / "saved.png").exists, "the file")
    assert np.array_equal(np.asarray(Image.open(tmp_path / "saved.png")), picture)


def test_a_size_that_was_given_before_the_picture_came_is_kept(viewer: RealViewer) -> None:
    viewer.send(pipe.Title("rs"))
    window = str(viewer.desktop.wait_for_window("rs"))
    viewer.desktop.run("xdotool", "windowsize", "--sync", window, "640", "480", check=True)
    viewer.begin(Painter(400, 300), card(400, 300))
    shown = viewer.desktop.run("xwininfo", "-id", str(viewer.window)).stdout
    assert "Width: 640" in shown
    assert "Height: 480" in shown
