"""The customer's keyboard and mouse held, on an X server with a keyboard and a mouse that are hardware to it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from Xlib import X
from Xlib.ext import xtest

from rs_agent.desktop.keeping import Change
from rs_agent.desktop.x11.keeping import X11Keeper
from tests.support.keeping import ESCAPE, LETTER, Told, Typed, gamma, keepers
from tests.support.xdesktop import until
from tests.support.xorg import Xorg


def test_what_the_customer_does_is_held_and_what_the_technician_does_is_not(
    xorg: Xorg, typed: Typed, tmp_path: Path
) -> None:
    xorg.keyboard.press(LETTER)
    xorg.mouse.move(3, 3)
    assert {X.KeyPress, X.MotionNotify} <= set(typed.heard())
    told = Told()
    keeper = X11Keeper(xorg.display, tmp_path, "privacy", told)
    keeper.want(frozenset({Change.BLOCK}))
    told.wait(lambda kept: kept.in_force == {Change.BLOCK})
    typed.heard()
    xorg.keyboard.press(LETTER)
    xorg.mouse.move(3, 3)
    assert not {X.KeyPress, X.MotionNotify} & set(typed.heard())
    typed.technician()
    assert X.KeyPress in typed.heard()
    keeper.close()
    until(lambda: not typed.floating(), "the devices to come back")
    typed.heard()
    xorg.keyboard.press(LETTER)
    assert X.KeyPress in typed.heard()


def test_nothing_is_held_while_a_key_is_down(xorg: Xorg, typed: Typed, tmp_path: Path) -> None:
    """Its release would go unheard, and it would repeat for ever."""
    told = Told()
    xorg.keyboard.key(LETTER, True)
    keeper = X11Keeper(xorg.display, tmp_path, "privacy", told)
    keeper.want(frozenset({Change.BLOCK}))
    assert "held down" in told.wait(lambda kept: bool(kept.cannot)).cannot[Change.BLOCK]
    xorg.keyboard.key(LETTER, False)
    told.wait(lambda kept: kept.in_force == {Change.BLOCK})
    assert not any(typed.display.query_keymap())
    keeper.close()
    until(lambda: not typed.floating(), "the devices to come back")


@pytest.mark.parametrize("changes", [{Change.BLANK}, {Change.BLANK, Change.BLOCK}], ids=["blank", "both"])
def test_escape_three_times_ends_it(xorg: Xorg, typed: Typed, tmp_path: Path, changes: set[Change]) -> None:
    told, before = Told(), gamma(xorg)
    keeper = X11Keeper(xorg.display, tmp_path, "privacy", told)
    keeper.want(frozenset(changes))
    told.wait(lambda kept: kept.in_force == changes)
    for _ in range(5):  # the technician's keys are no way out for the customer
        xtest.fake_input(typed.display, X.KeyPress, ESCAPE)
        xtest.fake_input(typed.display, X.KeyRelease, ESCAPE)
    typed.display.sync()
    for key in (ESCAPE, ESCAPE, LETTER, ESCAPE):
        xorg.keyboard.press(key)
    time.sleep(1)
    assert told.all[-1].in_force == changes
    for _ in range(3):
        xorg.keyboard.press(ESCAPE)
        time.sleep(0.05)
    kept = told.wait(lambda kept: kept.ended)
    assert not kept.in_force
    assert (gamma(xorg), typed.floating()) == (before, 0)
    time.sleep(1.5)  # the agent goes on saying that it wants it
    assert (gamma(xorg), typed.floating()) == (before, 0)
    keeper.want(frozenset())
    told.wait(lambda kept: not kept.ended)
    keeper.close()
    until(lambda: not keepers(tmp_path), "the keeper to end")
