"""A Wayland desktop and what the customer grants: asked for no more, given back with the grant."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rs_agent.desktop.wayland.desktop import WaylandDesktop
from rs_agent.desktop.wayland.memory import FILE
from rs_relay.capture.wayland.leave import Leave
from rs_relay.errors import LocalProblem
from rs_relay.link.spec import Permission
from rs_relay.portal.session import Lasting
from tests.support.casting import Person
from tests.support.portal import wait
from tests.support.xdesktop import XDesktop

VIEW, CONTROL, FILES = Permission.VIEW, Permission.CONTROL, Permission.FILES


@pytest.fixture
def person() -> Person:
    return Person()


def of(person: Person) -> WaylandDesktop:
    return WaylandDesktop({}, lambda kept: Leave({}, kept, person.portal, person.cast))


@pytest.fixture
def desktop(person: Person) -> Iterator[WaylandDesktop]:
    desktop = of(person)
    yield desktop
    desktop.close()
    assert all(session.closed for session in person.sessions)


@pytest.mark.parametrize(("granted", "hands"), [({VIEW}, False), ({VIEW, CONTROL}, True)])
def test_no_more_is_asked_than_is_granted(
    desktop: WaylandDesktop, person: Person, granted: set[Permission], hands: bool
) -> None:
    desktop.allowed(frozenset(granted))
    desktop.screen().close()
    assert person.asked == [(hands, "", Lasting.PROGRAM)]


def test_given_back_with_the_last_of_both_grants(desktop: WaylandDesktop, person: Person) -> None:
    desktop.allowed(frozenset({VIEW, CONTROL}))
    screen = desktop.screen()
    desktop.hands().close()
    desktop.allowed(frozenset({CONTROL, FILES}))
    assert not person.sessions[0].closed
    desktop.allowed(frozenset({FILES}))
    wait(lambda: person.sessions[0].closed, "the leave given back")
    screen.close()


def test_at_a_session_nothing_is_remembered_for_the_next(desktop: WaylandDesktop, person: Person) -> None:
    person.token = "t1"
    for _ in range(2):
        desktop.allowed(frozenset({VIEW}))
        desktop.screen().close()
        desktop.allowed(frozenset())
    assert [token for _, token, _ in person.asked] == ["", ""]


def test_where_nobody_may_be_there_it_is_remembered_until_that_is_turned_off(
    desktop: WaylandDesktop, person: Person, tmp_path: Path
) -> None:
    desktop.keep_in(tmp_path, lasting=True)
    person.token = "t1"
    desktop.allowed(frozenset({VIEW}))
    desktop.screen().close()
    desktop.allowed(frozenset())
    assert (tmp_path / FILE).read_text() == "t1"
    later = of(person)
    later.keep_in(tmp_path, lasting=True)
    person.token = "t2"
    later.allowed(frozenset({VIEW}))
    later.screen().close()
    later.close()
    assert person.asked[-1] == (False, "t1", Lasting.ALWAYS)
    assert (tmp_path / FILE).read_text() == "t2"


def test_what_it_cannot_do_is_said(desktop: WaylandDesktop, tmp_path: Path) -> None:
    for ask in (desktop.clipboard, desktop.overlay, lambda: desktop.keeper("privacy", lambda kept: None)):
        with pytest.raises(LocalProblem):
            ask()
    assert desktop.stop_key(lambda: None) == ""
    desktop.keep_in(tmp_path)
    assert not list(tmp_path.iterdir())
    assert not desktop.asks


def test_gnome_keeps_one_clipboard_with_its_x_server(x: XDesktop) -> None:
    desktop = WaylandDesktop({"DISPLAY": x.display, "XDG_CURRENT_DESKTOP": "ubuntu:GNOME"})
    clipboard = desktop.clipboard()
    clipboard.set("é")
    assert x.run("xclip", "-o", "-selection", "clipboard").stdout == "é"
    clipboard.close()
    for environ in ({"XDG_CURRENT_DESKTOP": "GNOME"}, {"DISPLAY": x.display, "XDG_CURRENT_DESKTOP": "KDE"}):
        with pytest.raises(LocalProblem, match="clipboard"):
            WaylandDesktop(environ).clipboard()


def test_nothing_is_loaded_before_somebody_looks() -> None:
    code = (
        "import sys; from rs_agent import desktop\n"
        "here = desktop.pick('wayland', {}); here.allowed(frozenset()); here.close()\n"
        "print(sorted({'dbus_fast', 'numpy', 'Xlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
