"""The screen made dark, on an X server with a gamma table."""

from __future__ import annotations

from pathlib import Path

from rs_agent.desktop.keeping import Change
from rs_agent.desktop.x11.keeping import X11Keeper
from tests.support.keeping import Told, gamma
from tests.support.xdesktop import until
from tests.support.xorg import Xorg


def test_the_screen_is_dark_for_the_person_and_not_for_a_grab(xorg: Xorg, tmp_path: Path) -> None:
    xorg.run("xsetroot", "-solid", "#2040c0", check=True)
    light = ("xrandr", "--output", "DUMMY0", "--gamma", "1:1:0.8")
    xorg.run(*light, check=True)
    before, told = gamma(xorg), Told()
    keeper = X11Keeper(xorg.display, tmp_path, "privacy", told)
    keeper.want(frozenset({Change.BLANK}))
    told.wait(lambda kept: kept.in_force == {Change.BLANK})
    assert (gamma(xorg), xorg.pixel(50, 50)) == ({0}, (0x20, 0x40, 0xC0))
    xorg.run(*light, check=True)  # a night light, say
    until(lambda: gamma(xorg) == {0}, "darkness again")
    keeper.close()
    until(lambda: gamma(xorg) == before, "light")
