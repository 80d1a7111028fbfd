"""The desktop of memory keeps the promises of `base`."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from rs_agent.desktop.base import (
    CLIPBOARD_LIMIT,
    Change,
    Clipboard,
    ClipboardTooLarge,
    Desktop,
    Hands,
    Monitor,
    PointerPlace,
    Screen,
    ScreenChanged,
)
from rs_agent.desktop.headless.desktop import HeadlessDesktop
from rs_relay.errors import LocalProblem, PeerBroke


def test_it_is_a_desktop() -> None:
    desktop: Desktop = HeadlessDesktop()
    screen: Screen = desktop.screen()
    hands: Hands = desktop.hands()
    clipboard: Clipboard = desktop.clipboard()
    for each in (screen, hands, clipboard, desktop):
        each.close()


def test_what_is_drawn_is_seen() -> None:
    desktop = HeadlessDesktop(40, 30)
    screen = desktop.screen()
    desktop.room.picture[5:10, 7:9] = 200
    seen = screen.grab(Monitor("part", 7, 5, 2, 5))
    assert seen.shape == (5, 2, 4)
    assert (seen == 200).all()
    desktop.room.picture = np.zeros((10, 10, 4), np.uint8)
    with pytest.raises(ScreenChanged):
        screen.grab(Monitor("all", 0, 0, 40, 30))
    assert screen.bounds() == Monitor("all", 0, 0, 10, 10)
    assert len(screen.monitors()) == 1


def test_what_hands_did_and_let_go_of() -> None:
    desktop = HeadlessDesktop(100, 50)
    hands, acts = desktop.hands(), desktop.room.acts
    hands.move(500, -3)
    hands.key("shift_left", True)
    hands.key("a", False)
    hands.button("left", True)
    hands.text("ü")
    hands.wheel(0, 1)
    hands.release_all()
    hands.release_all()
    assert desktop.screen().pointer() == PointerPlace(99, 0)
    assert acts == [
        ("move", 99, 0), ("key", "shift_left", True), ("button", "left", True), ("text", "ü"), ("wheel", 0, 1),
        ("button", "left", False), ("key", "shift_left", False),
    ]  # fmt: skip
    for bad in (lambda: hands.key("nokey", True), lambda: hands.button("nobutton", True)):
        with pytest.raises(PeerBroke):
            bad()


def test_a_clipboard_without_echo() -> None:
    desktop = HeadlessDesktop()
    ours, theirs = desktop.clipboard(), desktop.clipboard()
    told = threading.Semaphore(0)
    stop = ours.watch(told.release)
    ours.set("ours")
    assert desktop.clipboard().get() == "ours"
    assert not told.acquire(blocking=False)
    desktop.copy("somebody's")
    assert told.acquire(timeout=20)
    theirs.set("another's")
    assert told.acquire(timeout=20)
    stop()
    stop()
    desktop.copy("more")
    assert not told.acquire(blocking=False)
    with pytest.raises(ClipboardTooLarge) as refused:
        ours.get(3)
    assert refused.value.size == 4
    with pytest.raises(ClipboardTooLarge):
        ours.set("x" * (CLIPBOARD_LIMIT + 1))


def test_a_keeper_holds_what_the_room_lets_be_changed_and_nothing_by_itself() -> None:
    desktop, told = HeadlessDesktop(), []
    keeper = desktop.keeper("privacy", told.append)
    keeper.want(frozenset({Change.BLANK}))
    assert told[-1].in_force == frozenset()
    assert "no screen" in told[-1].cannot[Change.BLANK]
    desktop.room.changeable = frozenset({Change.BLANK})
    keeper.want(frozenset({Change.BLANK, Change.BLOCK}))
    assert (told[-1].in_force, set(told[-1].cannot)) == ({Change.BLANK}, {Change.BLOCK})
    keeper.close()
    assert desktop.room.changed == frozenset()


def test_nothing_is_over_it() -> None:
    with pytest.raises(LocalProblem):
        HeadlessDesktop().overlay()
