"""Keys, buttons and wheel as a real X program hears them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from Xlib import X

from rs_agent.desktop.x11.hands import X11Hands
from rs_agent.desktop.x11.keysyms import SPECIAL
from rs_agent.desktop.x11.typist import Typist
from rs_relay.channels.control.keys import NAMES
from rs_relay.errors import LocalProblem, PeerBroke
from tests.support.xdesktop import XDesktop, until
from tests.support.xev import Heard, Xev
from tests.support.xkeyboard import keys_down, lock_group, mapping, pointer, repeats

SHIFT, LOCK, CONTROL, ALT = 1, 2, 4, 8


@pytest.fixture
def hands(x: XDesktop) -> Iterator[X11Hands]:
    typist = Typist(x.display)
    made = X11Hands(typist, typist.close)
    yield made
    made.close()


def pressed(events: list[Heard]) -> list[str]:
    return [event.name for event in events if event.kind == "KeyPress"]


class TestKeys:
    def test_every_name_is_the_key_it_says(self, x: XDesktop, hands: X11Hands) -> None:
        xev = Xev(x)
        names = sorted(NAMES - {"caps_lock", "num_lock", "alt_graph"})  # (those three change what others mean)
        seen = {}
        for name in [*names, "alt_graph", "num_lock", "caps_lock"]:
            hands.key(name, True)
            hands.key(name, False)
            presses = [e for e in self._pair_of(xev, name) if e.kind == "KeyPress"]
            seen[name] = presses[-1].keysym  # the last: a key may need Shift before it
        wrong = {name: hex(keysym) for name, keysym in seen.items() if keysym not in SPECIAL[name]}
        assert wrong == {}
        assert keys_down(x) == []

    @staticmethod
    def _pair_of(xev: Xev, name: str) -> list[Heard]:
        def whole() -> bool:
            heard = xev.heard()
            ups = [e.keycode for e in heard if e.kind == "KeyRelease"]
            downs = [e.keycode for e in heard if e.kind == "KeyPress"]
            return bool(downs) and sorted(ups) == sorted(downs)

        until(whole, f"{name} pressed and released; heard {xev.heard()}")
        return xev.take(2)

    @pytest.mark.parametrize("layout", ["us", "fr", "de", "ru", "gr", "us,ru"])
    def test_a_shortcut_works_on_any_layout(self, x: XDesktop, hands: X11Hands, layout: str) -> None:
        x.run("setxkbmap", layout, check=True)
        xev = Xev(x)
        hands.key("control_left", True)
        hands.key("c", True)
        hands.key("c", False)
        hands.key("control_left", False)
        control, letter, *_ = xev.take(4)
        assert (control.name, letter.name, letter.state & 0xFF) == ("Control_L", "c", CONTROL)

    def test_a_shortcut_works_while_another_group_is_in_force(self, x: XDesktop, hands: X11Hands) -> None:
        x.run("setxkbmap", "us,ru", check=True)
        lock_group(x, 1)
        xev = Xev(x)
        hands.key("control_left", True)
        hands.key("c", True)
        hands.key("c", False)
        hands.key("control_left", False)
        letter = xev.take(4)[1]
        assert (letter.name, letter.state & 0xFF) == ("c", CONTROL)

    def test_what_is_held_stays_held_for_a_letter(self, x: XDesktop, hands: X11Hands) -> None:
        xev = Xev(x)
        for name in ("control_left", "shift_left", "T"):
            hands.key(name, True)
        for name in ("shift_left", "t", "control_left"):
            hands.key(name, False)
        events = xev.take(6)
        assert pressed(events) == ["Control_L", "Shift_L", "T"]
        assert events[2].state == CONTROL | SHIFT
        assert keys_down(x) == []

    def test_a_sign_gets_the_modifiers_that_the_layout_wants(self, x: XDesktop, hands: X11Hands) -> None:
        x.run("setxkbmap", "de", check=True)
        xev = Xev(x)
        hands.key("control_left", True)
        hands.key("/", True)  # Shift+7 on a German keyboard
        hands.key("/", False)
        hands.key("control_left", False)
        events = xev.take(6)
        assert pressed(events) == ["Control_L", "Shift_L", "slash"]
        assert events[2].state == CONTROL | SHIFT
        assert keys_down(x) == []

    def test_a_held_key_repeats_only_when_it_is_said_again(self, x: XDesktop, hands: X11Hands) -> None:
        x.run("xset", "r", "rate", "50", "100", check=True)  # a server that repeats soon and fast
        xev = Xev(x)
        hands.key("a", True)
        time.sleep(0.3)  # it would have repeated 25 times: there is no event for what must not happen
        hands.key("a", True)
        hands.key("a", False)
        assert pressed(xev.take(4)) == ["a", "a"]
        assert len(xev.heard()) == 0
        hands.key("b", True)
        hands.key("b", False)
        assert repeats(x, 38)  # as it was

    def test_letting_go_of_what_is_not_held_does_nothing(self, x: XDesktop, hands: X11Hands) -> None:
        xev = Xev(x)
        hands.key("a", False)
        hands.button("left", False)
        hands.key("b", True)
        hands.key("b", False)
        assert [e.name for e in xev.take(2)] == ["b", "b"]

    @pytest.mark.parametrize("name", ["", "no_such_key", "ab", "\n", "\x00"])
    def test_no_key(self, hands: X11Hands, name: str) -> None:
        with pytest.raises(PeerBroke):
            hands.key(name, True)


class TestReleaseAll:
    def test_exactly_what_was_pressed(self, x: XDesktop, hands: X11Hands) -> None:
        other = X11Hands(hands._typist)
        other.key("b", True)
        for name in ("control_left", "shift_left", "f13", "你"):
            hands.key(name, True)
        hands.button("left", True)
        assert len(keys_down(x)) == 5
        hands.release_all()
        assert keys_down(x) == [56]
        hands.release_all()
        assert keys_down(x) == [56]
        other.release_all()
        assert keys_down(x) == []
        assert pointer(x).mask & X.Button1Mask == 0

    def test_two_that_hold_the_same_key(self, x: XDesktop, hands: X11Hands) -> None:
        other = X11Hands(hands._typist)
        for each in (hands, other):
            each.key("shift_left", True)
        hands.release_all()
        assert keys_down(x) == [50]
        other.release_all()
        assert keys_down(x) == []

    def test_cuts_a_text_short(self, x: XDesktop, hands: X11Hands) -> None:
        xev = Xev(x)
        text = "".join(chr(0x4E00 + n) for n in range(4000))
        typing = threading.Thread(target=hands.text, args=(text,))
        typing.start()
        until(lambda: len(xev.heard()) > 10, "the first characters")
        hands.release_all()
        typing.join(5)
        assert not typing.is_alive()
        assert len(pressed(xev.heard())) < 2000
        assert keys_down(x) == []

    def test_close_gives_the_keyboard_back(self, x: XDesktop) -> None:
        before = mapping(x)
        typist = Typist(x.display)
        hands = X11Hands(typist, typist.close)
        hands.text("日本語")
        hands.key("f20", True)
        assert mapping(x) != before
        hands.close()
        hands.close()
        assert mapping(x) == before
        assert keys_down(x) == []


class TestPointer:
    def test_moves_and_is_kept_on_the_desktop(self, x: XDesktop, hands: X11Hands) -> None:
        for wanted, found in [((17, 23), (17, 23)), ((-5, 40000), (0, 699)), ((10**9, -(10**9)), (999, 0))]:
            hands.move(*wanted)
            seen = pointer(x)
            assert (seen.root_x, seen.root_y) == found

    def test_buttons_and_wheel(self, x: XDesktop, hands: X11Hands) -> None:
        xev = Xev(x)
        for name in ("left", "middle", "right", "back", "forward"):
            hands.button(name, True)
            hands.button(name, False)
        hands.wheel(0, 2)
        hands.wheel(-1, -1)
        hands.wheel(1, 0)
        events = xev.take(20)
        assert [e.button for e in events if e.kind == "ButtonPress"] == [1, 2, 3, 8, 9, 4, 4, 5, 6, 7]

    def test_a_wheel_turns_only_so_far(self, x: XDesktop, hands: X11Hands) -> None:
        xev = Xev(x)
        hands.wheel(10**6, 0)
        hands.button("left", True)
        hands.button("left", False)
        assert [e.button for e in xev.take(66) if e.kind == "ButtonPress"] == [7] * 32 + [1]

    def test_left_handed(self, x: XDesktop, hands: X11Hands) -> None:
        x.run("xmodmap", "-e", "pointer = 3 2 1", check=True)
        xev = Xev(x)
        hands.button("left", True)
        hands.button("left", False)
        assert [e.button for e in xev.take(2)] == [1, 1]

    def test_no_button(self, hands: X11Hands) -> None:
        with pytest.raises(PeerBroke):
            hands.button("sixth", True)


def test_a_desktop_that_ends_is_said_to_have_ended(x: XDesktop) -> None:
    typist = Typist(x.display)
    hands = X11Hands(typist, typist.close)
    hands.key("a", True)
    x.stop()
    with pytest.raises(LocalProblem):
        hands.move(1, 1)
    with pytest.raises(LocalProblem):
        hands.text("a")
    hands.release_all()
    hands.close()
