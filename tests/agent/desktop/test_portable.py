"""The desktop of Windows and macOS against stand-ins for mss, pynput and pyperclip: only these have been tried.

The stand-ins refuse what the libraries refuse (an attribute that is not there, a button that is no Button).
"""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from rs_agent.desktop.base import CLIPBOARD_LIMIT, ClipboardTooLarge, Monitor, PointerPlace, ScreenChanged
from rs_agent.desktop.portable import clipboard as clipboard_module
from rs_agent.desktop.portable.desktop import TABLES, PortableDesktop
from rs_agent.desktop.portable.keys import MACOS, WINDOWS
from rs_relay.channels.control.keys import NAMES
from rs_relay.errors import LocalProblem, PeerBroke

# pynput 1.8: the members of Key on each system (pynput/keyboard/_win32.py, _darwin.py)
_NAMES = """alt alt_l alt_r alt_gr backspace caps_lock cmd cmd_l cmd_r ctrl ctrl_l ctrl_r delete down end enter esc home
left page_down page_up right shift shift_l shift_r space tab up media_play_pause media_volume_mute media_volume_down
media_volume_up media_previous media_next"""
COMMON_KEYS = {*_NAMES.split(), *(f"f{n}" for n in range(1, 21))}
WINDOWS_KEYS = COMMON_KEYS | {"insert", "menu", "num_lock", "pause", "print_screen", "scroll_lock", "f21", "f22", "f23"}


class Pressing:
    """pynput's two Controllers: writes down what is done with them."""

    def __init__(self, done: list[tuple[Any, ...]]) -> None:
        self.done = done
        self.position: tuple[int, int] = (0, 0)

    def press(self, what: Any) -> None:
        self.done.append(("press", what))

    def release(self, what: Any) -> None:
        self.done.append(("release", what))

    def type(self, text: str) -> None:
        self.done.append(("type", text))

    def scroll(self, dx: int, dy: int) -> None:
        self.done.append(("scroll", dx, dy))


class Camera:
    """An mss.MSS of two monitors, the primary one not at the left; a Retina one has two pixels a place."""

    density = 1
    closed = 0

    def __init__(self) -> None:
        self.monitors = [
            {"left": -800, "top": -100, "width": 1800, "height": 900},
            {"left": 0, "top": 0, "width": 1000, "height": 800, "is_primary": True, "name": "Main"},
            {"left": -800, "top": -100, "width": 800, "height": 600, "is_primary": False},
        ]

    def grab(self, area: dict[str, int]) -> Any:
        height, width = area["height"] * self.density, area["width"] * self.density
        picture = np.zeros((height, width, 4), np.uint8)
        picture[..., 0] = area["left"] % 251
        return SimpleNamespace(raw=bytearray(picture.tobytes()), width=width, height=height)

    def close(self) -> None:
        Camera.closed += 1

    def __enter__(self) -> Camera:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Clip:
    class PyperclipException(RuntimeError):
        pass

    def __init__(self) -> None:
        self.text = ""
        self.broken = False

    def paste(self) -> str:
        if self.broken:
            raise self.PyperclipException
        return self.text

    def copy(self, text: str) -> None:
        if self.broken:
            raise self.PyperclipException
        self.text = text


class System:
    """All libraries of one system."""

    def __init__(self, name: str) -> None:
        self.done: list[tuple[Any, ...]] = []
        names = WINDOWS_KEYS if name == "windows" else COMMON_KEYS
        buttons = {"left", "middle", "right"} | ({"x1", "x2"} if name == "windows" else set())
        self.clip, self.stamp = Clip(), 0
        self.mouse = Pressing(self.done)
        key_code = SimpleNamespace(from_vk=lambda number: ("vk", number))
        self.modules: dict[str, Any] = {
            "mss": SimpleNamespace(MSS=Camera),
            "pynput.keyboard": SimpleNamespace(
                Controller=lambda: Pressing(self.done),
                Key=SimpleNamespace(**{n: f"Key.{n}" for n in names}),
                KeyCode=key_code,
            ),
            "pynput.mouse": SimpleNamespace(
                Controller=lambda: self.mouse, Button=SimpleNamespace(**{n: f"Button.{n}" for n in buttons})
            ),
            "pyperclip": self.clip,
            "ctypes": SimpleNamespace(
                windll=SimpleNamespace(user32=SimpleNamespace(GetClipboardSequenceNumber=lambda: self.stamp))
            ),
        }
        self.desktop = PortableDesktop(name, self.modules.__getitem__)


@pytest.fixture(params=["windows", "macos"])
def system(request: pytest.FixtureRequest) -> System:
    return System(request.param)


class TestScreen:
    def test_the_origin_is_the_top_left_corner_of_all_monitors(self, system: System) -> None:
        screen = system.desktop.screen()
        assert screen.monitors() == (
            Monitor("Main", 800, 100, 1000, 800, primary=True),
            Monitor("monitor 2", 0, 0, 800, 600),
        )
        assert screen.bounds() == Monitor("all", 0, 0, 1800, 900)
        system.mouse.position = (-800, 20)
        assert screen.pointer() == PointerPlace(0, 120)
        seen = screen.grab(Monitor("part", 810, 0, 6, 4))
        assert seen.shape == (4, 6, 4)
        assert (seen[..., 0] == 10).all()

    def test_a_retina_screen_has_one_pixel_a_place(self, system: System, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Camera, "density", 2)
        assert system.desktop.screen().grab(Monitor("part", 0, 0, 7, 5)).shape == (5, 7, 4)

    def test_an_area_outside(self, system: System) -> None:
        screen = system.desktop.screen()
        for area in (Monitor("x", -1, 0, 5, 5), Monitor("x", 1798, 0, 5, 5), Monitor("x", 0, 0, 0, 5)):
            with pytest.raises(ScreenChanged):
                screen.grab(area)
        screen.close()

    def test_a_right_that_is_missing(self, system: System) -> None:
        def refuse() -> None:
            raise RuntimeError("no right")

        system.modules["mss"] = SimpleNamespace(MSS=refuse)
        with pytest.raises(LocalProblem):
            system.desktop.screen()


class TestKeys:
    @pytest.mark.parametrize("table", [WINDOWS, MACOS])
    def test_every_name_has_an_entry(self, table: dict[str, Any]) -> None:
        assert set(table) == NAMES

    def test_every_name_is_pressed_and_released_or_said_not_to_be_there(self, system: System) -> None:
        hands = system.desktop.hands()
        for name in sorted(NAMES):
            system.done.clear()
            entry = TABLES[system.desktop.name][name]
            if entry is None:
                with pytest.raises(LocalProblem):
                    hands.key(name, True)
                assert system.done == []
                continue
            hands.key(name, True)
            hands.key(name, False)
            what = ("vk", entry) if isinstance(entry, int) else f"Key.{entry}"
            assert system.done == [("press", what), ("release", what)], name

    def test_a_shortcut_of_which_shift_is_let_go_first(self, system: System) -> None:
        hands = system.desktop.hands()
        hands.key("shift_left", True)
        hands.key("T", True)
        hands.key("shift_left", False)
        hands.key("t", False)
        hands.release_all()
        assert system.done == [
            ("press", "Key.shift_l"), ("press", "T"), ("release", "Key.shift_l"), ("release", "T"),
        ]  # fmt: skip


class TestHands:
    def test_pointer_wheel_and_text(self, system: System) -> None:
        hands = system.desktop.hands()
        hands.move(10, 20)
        assert system.mouse.position == (-790, -80)
        hands.wheel(10**9, -1)
        hands.text("aé\r\n你")
        assert system.done == [("scroll", 32, -1), ("type", "a"), ("type", "é"), ("type", "\n"), ("type", "你")]

    def test_release_all(self, system: System) -> None:
        hands = system.desktop.hands()
        hands.key("control_left", True)
        hands.button("left", True)
        system.done.clear()
        hands.close()
        hands.release_all()
        assert system.done == [("release", "Button.left"), ("release", "Key.ctrl_l")]

    def test_buttons(self) -> None:
        for system in (System("windows"), System("macos")):
            hands = system.desktop.hands()
            hands.button("right", False)
            assert system.done == []
            with pytest.raises(PeerBroke):
                hands.button("nobutton", True)
            with pytest.raises(PeerBroke):
                hands.key("nokey", True)
        with pytest.raises(LocalProblem):  # macOS, by pynput, has no buttons of the thumb
            hands.button("back", True)


class TestClipboard:
    @pytest.fixture(autouse=True)
    def _hurry(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(clipboard_module, "LOOK_EVERY", 0.01)

    def test_both_ways_without_echo(self, system: System) -> None:
        clipboard = system.desktop.clipboard()
        told = threading.Semaphore(0)
        stop = clipboard.watch(told.release)
        clipboard.set("ours")
        system.stamp += 1
        assert clipboard.get() == "ours"
        assert not told.acquire(timeout=0.2)  # there is no event for what must not happen
        system.clip.text = "theirs"
        system.stamp += 1
        assert told.acquire(timeout=20)
        stop()
        clipboard.close()

    def test_limits_and_faults(self, system: System) -> None:
        clipboard = system.desktop.clipboard()
        system.clip.text = "é" * 10
        with pytest.raises(ClipboardTooLarge) as refused:
            clipboard.get(19)
        assert refused.value.size == 20
        with pytest.raises(ClipboardTooLarge):
            clipboard.set("x" * (CLIPBOARD_LIMIT + 1))
        system.clip.broken = True
        for ask in (clipboard.get, lambda: clipboard.set("a")):
            with pytest.raises(LocalProblem):
                ask()


def test_a_library_that_is_missing() -> None:
    def load(name: str) -> Any:
        raise ModuleNotFoundError(name)

    desktop = PortableDesktop("windows", load)
    for ask in (desktop.screen, desktop.hands, desktop.clipboard):
        with pytest.raises(LocalProblem):
            ask()


@pytest.mark.parametrize("name", TABLES)
def test_nothing_is_drawn_over_it(name: str) -> None:
    with pytest.raises(LocalProblem, match="cannot be drawn over"):
        PortableDesktop(name).overlay()
