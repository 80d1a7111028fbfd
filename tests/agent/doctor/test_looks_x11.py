"""A real X server, whole and without some of its extensions."""

from __future__ import annotations

import pytest

from rs_agent.doctor.looks import x11
from rs_relay.errors import LocalProblem
from tests.support.xdesktop import XDesktop


def test_a_whole_server() -> None:
    with XDesktop((800, 600), monitors=[(0, 0, 400, 600), (400, 0, 400, 600)]) as x:
        before = x.run("xlsclients").stdout
        seen = x11.see(x.display)
        assert (seen.width, seen.height, seen.monitors) == (800, 600, 2)
        assert seen.extensions == set(x11.ASKED)
        assert seen.fast
        assert seen.gamma
        assert seen.devices >= 2
        assert not seen.afar
        assert not seen.saver
        assert seen.problem is None
        assert x.run("xlsclients").stdout == before


def test_a_screen_saver_in_front_is_seen() -> None:
    with XDesktop((320, 240)) as x:
        x.run("xset", "s", "activate", check=True)
        assert x11.see(x.display).saver


@pytest.mark.parametrize("lacks", ["XTEST", "DAMAGE", "MIT-SHM", "XINERAMA"])
def test_one_that_lacks_something(lacks: str) -> None:
    with XDesktop((320, 240), without=(lacks,)) as x:
        seen = x11.see(x.display)
        assert seen.extensions == set(x11.ASKED) - {lacks}
        assert seen.fast == (lacks != "MIT-SHM")
        assert seen.problem is None


def test_none_at_all() -> None:
    with pytest.raises(LocalProblem):
        x11.see(":4711")


@pytest.mark.parametrize(
    ("name", "afar"),
    [(":0", False), (":0.1", False), ("unix:0", False), ("/tmp/x:0", False), ("localhost:10.0", True), ("h:0", True)],
)
def test_whose_display_it_is(name: str, afar: bool) -> None:
    assert x11.is_afar(name) == afar
