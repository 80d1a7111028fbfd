"""The wallpaper of a plain X desktop, on a real X server: gone, and given back whatever happens meanwhile."""

from __future__ import annotations

from pathlib import Path

from rs_agent.desktop.keeping import Change
from rs_agent.desktop.x11.keeping import X11Keeper
from tests.support.keeping import WALL, Told, keepers, properties
from tests.support.xdesktop import XDesktop, until


def test_the_wallpaper_goes_and_comes_back_the_same(walled: XDesktop, tmp_path: Path) -> None:
    before, told = properties(walled), Told()
    keeper = X11Keeper(walled.display, tmp_path, "appearance", told)
    keeper.want(frozenset({Change.WALLPAPER}))
    told.wait(lambda kept: kept.in_force == {Change.WALLPAPER})
    assert walled.pixel(100, 100) == (0x3A, 0x3F, 0x4B)
    assert properties(walled) != before  # a compositor draws what these name
    assert oct(next(tmp_path.glob("*.json")).stat().st_mode)[-3:] == "600"
    keeper.want(frozenset())
    told.wait(lambda kept: not kept.in_force)
    assert (walled.pixel(100, 100), properties(walled)) == (WALL, before)
    assert not list(tmp_path.glob("*.json"))
    keeper.close()
    until(lambda: not keepers(tmp_path), "the keeper to end")


def test_a_wallpaper_set_meanwhile_stays(walled: XDesktop, tmp_path: Path) -> None:
    told = Told()
    keeper = X11Keeper(walled.display, tmp_path, "appearance", told)
    keeper.want(frozenset({Change.WALLPAPER}))
    told.wait(lambda kept: bool(kept.in_force))
    walled.run("hsetroot", "-solid", "#802020", check=True)
    keeper.close()
    until(lambda: not keepers(tmp_path), "the keeper to end")
    assert walled.pixel(100, 100) == (0x80, 0x20, 0x20)


def test_a_desktop_whose_background_is_not_told_is_left_alone(tmp_path: Path) -> None:
    told = Told()
    with XDesktop((640, 400)) as x:
        x.run("xsetroot", "-solid", "#123456", check=True)
        keeper = X11Keeper(x.display, tmp_path, "appearance", told)
        keeper.want(frozenset({Change.WALLPAPER, Change.EFFECTS}))
        kept = told.wait(lambda kept: len(kept.cannot) == 2)
        assert not kept.in_force
        assert x.pixel(50, 50) == (0x12, 0x34, 0x56)
        keeper.close()
        until(lambda: not keepers(tmp_path), "the keeper to end")
