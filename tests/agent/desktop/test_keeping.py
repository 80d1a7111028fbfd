"""The keeper as the agent uses it: whoever is killed, everything is put back."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from rs_agent.desktop.keeping import Change
from rs_agent.desktop.x11.keeping import X11Keeper, mend
from tests.support.keeping import WALL, Told, Typed, agent, gamma, keepers, kill9, properties
from tests.support.xdesktop import XDesktop, until
from tests.support.xorg import Xorg


def test_the_wallpaper_comes_back_when_the_agent_is_killed(walled: XDesktop, tmp_path: Path) -> None:
    before = properties(walled)
    process = agent(walled, tmp_path, "appearance", "wallpaper")
    assert walled.pixel(100, 100) != WALL
    kill9(process)
    until(lambda: walled.pixel(100, 100) == WALL, "the wallpaper")
    until(lambda: not keepers(tmp_path), "the keeper to end")
    assert properties(walled) == before


def test_it_comes_back_at_the_next_start_when_both_were_killed(walled: XDesktop, tmp_path: Path) -> None:
    before = properties(walled)
    process = agent(walled, tmp_path, "appearance", "wallpaper")
    os.kill(process.pid, signal.SIGSTOP)  # so that it cannot mend what is killed next
    for pid in keepers(tmp_path):
        os.kill(pid, signal.SIGKILL)
    kill9(process)
    time.sleep(0.5)
    assert walled.pixel(100, 100) != WALL
    os.environ["DISPLAY"], old = walled.display, os.environ.get("DISPLAY")
    try:
        mend(walled.display, tmp_path, "appearance")
    finally:
        os.environ.pop("DISPLAY") if old is None else os.environ.update(DISPLAY=old)
    until(lambda: walled.pixel(100, 100) == WALL, "the wallpaper")
    until(lambda: properties(walled) == before, "its properties")


def test_a_keeper_that_was_killed_alone_is_mended_and_told(walled: XDesktop, tmp_path: Path) -> None:
    told = Told()
    keeper = X11Keeper(walled.display, tmp_path, "appearance", told)
    keeper.want(frozenset({Change.WALLPAPER}))
    told.wait(lambda kept: bool(kept.in_force))
    for pid in keepers(tmp_path):
        os.kill(pid, signal.SIGKILL)
    assert Change.WALLPAPER in told.wait(lambda kept: not kept.in_force).cannot
    until(lambda: walled.pixel(100, 100) == WALL, "the wallpaper")
    keeper.want(frozenset({Change.WALLPAPER}))
    told.wait(lambda kept: bool(kept.in_force))
    keeper.close()
    until(lambda: walled.pixel(100, 100) == WALL, "the wallpaper")


def test_a_second_keeper_of_a_purpose_does_nothing(walled: XDesktop, tmp_path: Path) -> None:
    first, second = Told(), Told()
    one, two = (X11Keeper(walled.display, tmp_path, "appearance", told) for told in (first, second))
    one.want(frozenset({Change.WALLPAPER}))
    first.wait(lambda kept: bool(kept.in_force))
    two.want(frozenset({Change.WALLPAPER}))
    assert "Another" in second.wait(lambda kept: bool(kept.cannot)).cannot[Change.WALLPAPER]
    two.close()
    one.close()
    until(lambda: walled.pixel(100, 100) == WALL, "the wallpaper")


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "hanging"])
def test_an_agent_that_is_gone_or_hangs_gives_everything_back(
    xorg: Xorg, typed: Typed, tmp_path: Path, sign: signal.Signals
) -> None:
    before = gamma(xorg)
    process = agent(xorg, tmp_path, "privacy", "blank", "block")
    assert gamma(xorg) == {0}
    assert typed.floating() == 2
    os.kill(process.pid, sign)
    until(lambda: gamma(xorg) == before and not typed.floating(), "light, keyboard and mouse")
    kill9(process)
    until(lambda: not keepers(tmp_path), "the keeper to end")


def test_killed_both_of_them_only_the_dark_is_left_to_the_next_start(xorg: Xorg, typed: Typed, tmp_path: Path) -> None:
    """The X server itself lets go of what is held."""
    before = gamma(xorg)
    process = agent(xorg, tmp_path, "privacy", "blank", "block")
    os.kill(process.pid, signal.SIGSTOP)
    for pid in keepers(tmp_path):
        os.kill(pid, signal.SIGKILL)
    kill9(process)
    until(lambda: not typed.floating(), "the devices to come back")
    assert gamma(xorg) == {0}
    mend(xorg.display, tmp_path, "privacy")
    until(lambda: gamma(xorg) == before, "light")
    until(lambda: not keepers(tmp_path), "the keeper to end")
