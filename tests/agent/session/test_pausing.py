from __future__ import annotations

import numpy as np
import pytest

from rs_agent.desktop.keeping import Change
from rs_agent.session.pausing import GREY, PausableDesktop
from rs_relay.errors import NotAllowed
from tests.support.customer import FakeDesktop


def test_unpaused_it_is_the_desktop_itself() -> None:
    inner = FakeDesktop()
    desktop = PausableDesktop(inner)
    screen, hands, clipboard = desktop.screen(), desktop.hands(), desktop.clipboard()
    assert screen.grab(screen.bounds()).max() == 200
    assert screen.pointer().x == 1
    assert screen.monitors() == (screen.bounds(),)
    hands.move(1, 2)
    hands.button("left", True)
    hands.key("a", True)
    hands.wheel(0, 1)
    hands.text("x")
    assert len(inner.the_hands.acts) == 5
    clipboard.set("x")
    assert clipboard.get() == "x"
    told: list[int] = []
    stop = clipboard.watch(lambda: told.append(1))
    inner.the_clipboard.copy("y")
    assert told
    stop()
    desktop.close()
    assert inner.closed


def test_paused_the_screen_is_grey_and_stands_still() -> None:
    desktop = PausableDesktop(FakeDesktop())
    screen = desktop.screen()
    place = screen.pointer()
    desktop.paused = True
    pixels = screen.grab(screen.bounds())
    assert np.unique(pixels).tolist() == [GREY]
    screen.grab(screen.bounds())
    assert screen.pointer() == place
    desktop.paused = False
    assert screen.grab(screen.bounds()).max() == 200


def test_paused_nothing_acts_but_letting_go() -> None:
    inner = FakeDesktop()
    desktop = PausableDesktop(inner)
    hands = desktop.hands()
    hands.key("shift_left", True)
    hands.button("left", True)
    inner.the_hands.acts.clear()
    desktop.paused = True
    for act in (
        lambda: hands.move(1, 1),
        lambda: hands.button("left", True),
        lambda: hands.wheel(1, 1),
        lambda: hands.key("a", True),
        lambda: hands.text("x"),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert inner.the_hands.acts == []
    hands.key("shift_left", False)
    hands.button("left", False)
    hands.release_all()
    assert inner.the_hands.held == set()


def test_paused_the_clipboard_is_the_customers_own() -> None:
    inner = FakeDesktop()
    desktop = PausableDesktop(inner)
    clipboard = desktop.clipboard()
    told: list[int] = []
    clipboard.watch(lambda: told.append(1))
    desktop.paused = True
    inner.the_clipboard.copy("secret")
    assert told == []
    with pytest.raises(NotAllowed):
        clipboard.get()
    with pytest.raises(NotAllowed):
        clipboard.set("x")


def test_a_pause_gives_the_customer_their_screen_and_hands_back_meanwhile() -> None:
    fake = FakeDesktop()
    desktop = PausableDesktop(fake)
    keeper = desktop.keeper("privacy", lambda kept: None)
    everything = frozenset(Change)
    keeper.want(everything)
    assert fake.keepers
    below = fake.keepers["privacy"]
    assert below.wanted == everything
    desktop.paused = True
    assert below.wanted == {Change.WALLPAPER, Change.EFFECTS}
    keeper.want(everything)
    assert below.wanted == {Change.WALLPAPER, Change.EFFECTS}
    desktop.paused = False
    assert below.wanted == everything
    keeper.close()
    assert below.closed


def test_hands_rest_while_the_customer_is_asked_and_let_go_of_what_they_hold() -> None:
    desktop = FakeDesktop()
    paused = PausableDesktop(desktop)
    hands = paused.hands()
    hands.key("a", True)
    paused.asking = True
    for act in (lambda: hands.move(1, 1), lambda: hands.button("left", True), lambda: hands.key("Return", True),
                lambda: hands.text("y"), lambda: hands.wheel(0, 1)):  # fmt: skip
        with pytest.raises(NotAllowed):
            act()
    hands.key("a", False)
    assert desktop.the_hands.held == set()
    paused.clipboard().set("not an answer")
    paused.asking = False
    hands.move(1, 1)
    assert ("move", 1, 1) in desktop.the_hands.acts
