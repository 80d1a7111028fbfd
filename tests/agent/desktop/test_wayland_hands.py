"""What the hands tell a portal: places in its own measure, keys by their keysyms, and what is let go of."""

from __future__ import annotations

import pytest

from rs_agent.desktop.wayland import hands as waylands
from rs_agent.desktop.wayland.hands import WaylandHands
from rs_relay.capture.base import DisplayGone
from rs_relay.capture.wayland.places import Placed, arrange
from rs_relay.errors import LocalProblem, PeerBroke
from rs_relay.portal.session import Source
from tests.support.casting import FakeSession, Person


class Leave:
    def __init__(self) -> None:
        self.session = FakeSession(lambda gone: None, Person())
        sources = (Source(7, 0, 0, 640, 360, True), Source(8, 640, 0, 800, 600, True))
        self.screens: tuple[Placed, ...] = arrange(sources, ((1280, 720), (1600, 1200)), ((2.0, 2.0), (2.0, 2.0)))
        self.gone = False

    def typing(self) -> FakeSession:
        return self.session

    def places(self) -> tuple[Placed, ...]:
        return self.screens

    def check(self) -> None:
        if self.gone:
            raise DisplayGone("The desktop whose screen was seen has ended.")


@pytest.fixture
def leave() -> Leave:
    return Leave()


@pytest.fixture
def hands(leave: Leave) -> WaylandHands:
    return WaylandHands(leave)


def test_places_are_of_the_screen_that_has_them(hands: WaylandHands, leave: Leave) -> None:
    hands.move(100, 50)
    hands.move(1280 + 20, 10)
    hands.move(99999, -5)
    assert leave.session.notified == [
        ("NotifyPointerMotionAbsolute", 7, 50.0, 25.0),
        ("NotifyPointerMotionAbsolute", 8, 10.0, 5.0),
        ("NotifyPointerMotionAbsolute", 8, 1599 / 2, 0.0),
    ]
    leave.screens = ()
    with pytest.raises(LocalProblem):
        hands.move(1, 1)


def test_buttons_and_wheel(hands: WaylandHands, leave: Leave) -> None:
    hands.button("left", True)
    hands.button("left", True)  # held already
    hands.button("left", False)
    hands.button("left", False)
    hands.wheel(0, 2)
    hands.wheel(-1, -9999)
    assert leave.session.notified == [
        ("NotifyPointerButton", 0x110, 1), ("NotifyPointerButton", 0x110, 0),
        ("NotifyPointerAxisDiscrete", 0, -2),
        ("NotifyPointerAxisDiscrete", 0, waylands.MAX_NOTCHES), ("NotifyPointerAxisDiscrete", 1, -1),
    ]  # fmt: skip
    with pytest.raises(PeerBroke):
        hands.button("sixth", True)


def test_keys(hands: WaylandHands, leave: Leave) -> None:
    hands.key("shift_left", True)
    hands.key("A", True)
    hands.key("shift_left", False)
    hands.key("a", False)  # the same key, let go of without Shift
    hands.key("b", False)
    assert [(keysym, down) for _, keysym, down in leave.session.notified] == [
        (0xFFE1, 1), (0x41, 1), (0xFFE1, 0), (0x41, 0)
    ]  # fmt: skip
    with pytest.raises(PeerBroke):
        hands.key("no such key", True)


def test_text_of_any_script(hands: WaylandHands, leave: Leave) -> None:
    hands.text("aé\r\nж😀\x01")
    pressed = [keysym for _, keysym, down in leave.session.notified if down]
    assert pressed == [0x61, 0xE9, 0xFF0D, 0x06D6, 0x0101F600]


def test_everything_held_is_let_go_of_once(hands: WaylandHands, leave: Leave) -> None:
    hands.key("control_left", True)
    hands.button("right", True)
    leave.session.notified.clear()
    hands.release_all()
    assert sorted(leave.session.notified) == [("NotifyKeyboardKeysym", 0xFFE3, 0), ("NotifyPointerButton", 0x111, 0)]
    leave.session.notified.clear()
    hands.close()
    assert leave.session.notified == []


def test_a_text_is_cut_short(hands: WaylandHands, leave: Leave, monkeypatch: pytest.MonkeyPatch) -> None:
    lift = hands._lift

    def cut(keysym: int) -> None:
        lift(keysym)
        hands.release_all()

    monkeypatch.setattr(hands, "_lift", cut)
    hands.text("abc")
    assert [keysym for _, keysym, _ in leave.session.notified] == [0x61, 0x61]


def test_a_desktop_that_ended(hands: WaylandHands, leave: Leave) -> None:
    hands.key("a", True)
    leave.session.fails = True
    with pytest.raises(LocalProblem):
        hands.key("b", True)
    leave.gone = True
    with pytest.raises(DisplayGone):
        hands.key("b", True)
    hands.close()  # what is over holds nothing


def test_the_next_leave_serves_the_same_hands(hands: WaylandHands, leave: Leave) -> None:
    before, leave.session = leave.session, FakeSession(lambda gone: None, Person())
    hands.key("a", True)
    assert before.notified == []
    assert leave.session.notified == [("NotifyKeyboardKeysym", 0x61, 1)]
