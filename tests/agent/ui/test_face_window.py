"""The customer's window for real: told through its stdin, used by keyboard and mouse on an X server."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from rs_agent.ui.face import pipe, style
from rs_agent.ui.face.question import KEYS
from rs_relay.channels.draw import Tool
from rs_relay.link.spec import Permission
from tests.support.viewer import RealWindow
from tests.support.xdesktop import XDesktop, until

pytestmark = pytest.mark.journey


class RealFace(RealWindow):
    program = "rs_agent.ui.face"
    decode = staticmethod(pipe.from_window)
    most = pipe.FROM_WINDOW

    def hold(self, *granted: Permission, paused: bool = False, seen: bool = False) -> None:
        self.send(pipe.Holds(("alice",), frozenset(granted), paused, True, frozenset(), seen))

    def ask(self, number: int = 1, *, live: float = 0.0, warn: bool = False) -> None:
        self.send(
            pipe.Ask(
                number=number, asks="SEE YOUR SCREEN", means="All of it.", who="alice", left=60.0, live=live, warn=warn
            )
        )  # fmt: skip

    def shows(self, title: str) -> int:
        """Waits until it says so; the window, with the keyboard."""
        window = self.desktop.wait_for_window(title)
        self.desktop.focus(window)
        return window

    def asks(self) -> None:
        """Waits until the question is there and hears keys."""
        self.shows("alice asks to SEE YOUR SCREEN")
        time.sleep(KEYS + 0.2)

    def press(self, *keys: str) -> None:
        self.desktop.run("xdotool", "key", "--delay", "60", *keys, check=True)


@pytest.fixture
def face() -> Iterator[RealFace]:
    with XDesktop((1280, 720), wm=True) as desktop:
        made = RealFace(desktop)
        assert made.next() == pipe.Ready()
        made.send(pipe.Told("help.example.org"), pipe.Code("482-915-733", 600.0))
        yield made


def test_enter_on_a_question_is_a_no_and_so_is_escape(face: RealFace) -> None:
    face.hold()
    for number, key in ((1, "Return"), (2, "Escape"), (3, "alt+r"), (4, "space")):
        face.ask(number)
        face.asks()
        face.press(key)
        assert face.next() == pipe.Answer(number, False)
        face.send(pipe.Asked(number))
        face.shows("alice is connected")


def test_a_yes_by_keyboard_and_not_before_its_time(face: RealFace) -> None:
    face.hold()
    face.ask(1, live=3600.0)
    face.asks()
    face.press("Tab", "Return", "alt+a", "shift+Tab", "Return")
    assert face.next() == pipe.Answer(1, False), "only the no counted"
    face.send(pipe.Asked(1))
    face.shows("alice is connected")
    face.ask(2)
    face.asks()
    face.press("Tab", "Return")
    assert face.next() == pipe.Answer(2, True)


def test_the_warning_is_heeded_before_anything_is_granted_and_its_no_is_stop(face: RealFace) -> None:
    face.hold()
    face.ask(7, warn=True)
    face.asks()
    face.press("Tab", "Return")
    assert face.next() == pipe.Heed(7)
    face.send(pipe.Asked(7))
    face.shows("alice is connected")
    face.ask(8, warn=True)
    face.asks()
    face.press("Return")
    assert face.next() == pipe.Stop()


def test_a_permission_is_taken_back_by_the_mouse_and_chat_goes_out(face: RealFace) -> None:
    face.hold(Permission.VIEW, seen=True)
    window = face.shows("alice sees your screen")
    face.press(*"hello", "Return")
    assert face.next() == pipe.Say("hello")
    face.press("alt+p")
    assert face.next() == pipe.Pause(True)
    face.hold(Permission.VIEW, paused=True)
    face.shows("PAUSED")
    at = face.desktop.run("xdotool", "getwindowgeometry", "--shell", str(window)).stdout
    place = {key: int(value) for key, value in re.findall(r"(\w+)=(\d+)", at)}

    def clicked() -> bool:
        """The one row's button stands at the right, below the line and the title."""
        for down in range(90, 190, 12):
            x, y = place["X"] + place["WIDTH"] - 60, place["Y"] + down
            face.desktop.run("xdotool", "mousemove", str(x), str(y), "click", "1", check=True)
        return face.has_said(2.0)

    until(clicked, "the button")
    assert face.next() == pipe.Withdraw((Permission.VIEW,))


def _rings(face: RealFace, picture: Path) -> int:
    """Pixels in the colour of the ring round what has the keyboard."""
    face.desktop.screenshot(picture)
    with Image.open(picture) as seen:
        wanted = tuple(bytes.fromhex(style.RING[1:]))
        return sum(count for count, colour in seen.convert("RGB").getcolors(1 << 24) or () if colour == wanted)


TWO = (
    pipe.Standing(1, "alice", True, frozenset({Permission.VIEW, Permission.CONTROL}), frozenset()),
    pipe.Standing(2, "bob", True, frozenset({Permission.VIEW}), frozenset()),
)


def _two(face: RealFace) -> int:
    granted = frozenset({Permission.VIEW, Permission.CONTROL})
    face.send(pipe.Holds(("alice", "bob"), granted, False, True, frozenset(), True, TWO))
    return face.shows("alice.*bob")


def test_wherever_tab_comes_to_is_seen(face: RealFace, tmp_path: Path) -> None:
    def walk(stops: int) -> None:
        for stop in range(stops):
            until(lambda: _rings(face, tmp_path / "seen.png") > 200, f"the ring at stop {stop}", 10)
            face.press("Tab")

    face.shows("Nobody is connected")
    walk(3)
    face.hold()
    face.ask()
    face.asks()
    walk(4)
    face.send(pipe.Asked(1))
    _two(face)
    walk(12)
    face.send(
        pipe.Done(("alice",), 61.0, (), (), "You ended it."),
        pipe.Holds((), frozenset(), False, False, frozenset(), False),
    )
    face.shows("Nobody is connected")
    walk(3)


def test_each_of_two_people_is_sent_away_by_the_mouse_and_a_tool_taken_from_the_menu(face: RealFace) -> None:
    window = _two(face)
    time.sleep(0.5)  # until all is in its place, which no title tells
    at = face.desktop.run("xdotool", "getwindowgeometry", "--shell", str(window)).stdout
    place = {key: int(value) for key, value in re.findall(r"(\w+)=(\d+)", at)}
    for down in range(130, 300, 12):
        x, y = place["X"] + place["WIDTH"] - 60, place["Y"] + down
        face.desktop.run("xdotool", "mousemove", str(x), str(y), "click", "1", check=True)
    before = face.desktop.popups()
    face.press("alt+d")
    until(lambda: face.desktop.popups() > before, "the menu")
    time.sleep(0.3)  # until it has the keyboard
    face.press("Down", "Return")
    said: list[object] = []
    while not said or not isinstance(said[-1], pipe.Draw):
        said.append(face.next())
    assert said[-1] in (pipe.Draw(Tool.PEN), pipe.Draw(Tool.ARROW))
    kinds = [one for one, _ in itertools.groupby(said)]
    assert kinds[:-1] == [
        pipe.Withdraw((Permission.VIEW,)), pipe.Withdraw((Permission.CONTROL,)), pipe.Remove(1), pipe.Remove(2),
    ]  # fmt: skip


def test_closing_asks_once_and_then_stops(face: RealFace) -> None:
    face.hold()
    face.shows("alice is connected")
    face.press("alt+F4")
    face.press("Return")  # "No, go on" has the keyboard
    face.press("alt+F4", "alt+F4")
    assert face.next() == pipe.Stop()


def test_the_summary_outlives_the_agent_and_nothing_else_does(face: RealFace) -> None:
    face.hold()
    face.send(pipe.Done(("alice",), 61.0, (Permission.VIEW,), (("file received", "report.pdf"),), "You ended it."))
    face.shows("Nobody is connected")
    assert face.process.stdin
    face.process.stdin.close()
    with pytest.raises(TimeoutError):
        until(lambda: face.process.poll() is not None, "its end", 1.0)
    face.press("Return")
    assert face.process.wait(20) == 0


def test_without_a_session_it_goes_with_the_agent(face: RealFace) -> None:
    face.shows("Nobody is connected")
    assert face.end() == 0


def test_the_code_is_copied(face: RealFace) -> None:
    face.shows("Nobody is connected")

    def copied() -> bool:
        face.press("alt+c")  # the code itself may still be on its way
        return face.desktop.run("xclip", "-selection", "clipboard", "-o").stdout == "482-915-733"

    until(copied, "the code on the clipboard")


def test_what_it_is_sent_must_make_sense(face: RealFace) -> None:
    face.send_raw(b"\x00\x00\x00\x02\x91\xa1")
    assert isinstance(face.next(), pipe.Cannot)
    assert face.process.wait(20) == 14


def test_without_a_display_there_is_no_window() -> None:
    with XDesktop((640, 480)) as desktop:
        face = RealFace(desktop, DISPLAY=":99999")
        assert isinstance(face.next(), pipe.Cannot)
        assert face.process.wait(20) == 13
