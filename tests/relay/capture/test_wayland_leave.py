"""The leave of the person at a Wayland desktop: asked for once, to look and to type, taken back, ended, given back."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from rs_relay.capture.base import DisplayGone, TakenBack
from rs_relay.capture.wayland import leave as leaving
from rs_relay.capture.wayland.leave import Leave, alive
from rs_relay.errors import LocalProblem
from rs_relay.pipewire.stream import News
from rs_relay.portal.session import Devices, Lasting, Offer, Pointer
from tests.support.casting import FakeSession, Person


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> Person:
    monkeypatch.setattr(leaving, "DYING", 0.01)
    return Person()


@pytest.fixture
def compositor(tmp_path: Path) -> socket.socket:
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(tmp_path / "w"))
    server.listen()
    return server


def made(person: Person, environ: dict[str, str] | None = None) -> Leave:
    return Leave(environ or {}, portal=person.portal, cast=person.cast)


def test_asked_once_for_all_who_look(person: Person) -> None:
    leave = made(person)
    first, second = leave.screen(hands=False), leave.screen(hands=True)
    assert person.asked == [(False, "", Lasting.NO)]
    first.close()
    second.close()
    leave.screen(hands=False).close()
    assert len(person.asked) == 1  # who looks again need not be let in again
    assert len(person.pictures) == 1
    assert not person.pictures[0].closed
    leave.give_back()
    assert person.pictures[0].closed
    assert person.sessions[0].closed


def test_to_look_and_to_type_in_one_question(person: Person) -> None:
    leave = made(person)
    screen = leave.screen(hands=True)
    assert leave.typing() is person.sessions[0]
    assert [hands for hands, _, _ in person.asked] == [True]
    screen.close()


def test_to_type_is_asked_when_somebody_types_and_who_looks_goes_on(person: Person) -> None:
    leave = made(person)
    screen = leave.screen(hands=False)
    assert leave.typing() is person.sessions[1]
    assert [hands for hands, _, _ in person.asked] == [False, True]
    assert person.sessions[0].closed
    assert (screen.grab(screen.bounds()) == 10).all()
    assert screen.cast is not None
    assert len(person.pictures) == 2
    assert person.pictures[0].closed
    screen.close()


def test_a_no_to_typing_leaves_the_picture(person: Person) -> None:
    leave = made(person)
    screen = leave.screen(hands=False)
    person.yes = False
    with pytest.raises(TakenBack):
        leave.typing()
    assert not person.sessions[0].closed
    screen.grab(screen.bounds())
    screen.close()


def test_let_in_to_look_and_not_to_type(person: Person) -> None:
    person.lets_type = False
    leave = made(person)
    screen = leave.screen(hands=True)
    with pytest.raises(TakenBack, match="look, not type"):
        leave.typing()
    assert len(person.asked) == 1  # they have just said so
    person.lets_type = True
    assert leave.typing() is person.sessions[1]  # whoever is granted it anew has them asked anew
    screen.grab(screen.bounds())
    screen.close()


def test_a_desktop_that_lets_nobody_type(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeSession, "offer", Offer(4, 0, Pointer(2), Devices(0)))
    leave = made(person)
    screen = leave.screen(hands=True)
    with pytest.raises(LocalProblem, match="look, not type") as refused:
        leave.typing()
    assert not isinstance(refused.value, TakenBack)
    assert len(person.asked) == 1
    screen.grab(screen.bounds())
    screen.close()


def test_no(person: Person) -> None:
    person.yes = False
    leave = made(person)
    with pytest.raises(TakenBack, match="said no"):
        leave.screen(hands=False)
    assert person.sessions[0].closed
    person.yes = True
    leave.screen(hands=False).close()


def test_stopped_in_the_desktop(person: Person, compositor: socket.socket) -> None:
    leave = made(person, {"WAYLAND_DISPLAY": compositor.getsockname()})
    screen = leave.screen(hands=False)
    woken: list[int] = []
    screen.watch(lambda: woken.append(1))
    person.sessions[0].ended(False)
    assert woken
    with pytest.raises(TakenBack, match="stopped it"):
        screen.monitors()
    screen.close()
    leave.screen(hands=False).close()
    assert len(person.asked) == 2
    compositor.close()


def test_the_desktop_dies(person: Person) -> None:
    leave = made(person, {"WAYLAND_DISPLAY": "/nowhere"})
    screen = leave.screen(hands=False)
    person.sessions[0].ended(False)
    with pytest.raises(DisplayGone):
        screen.monitors()
    with pytest.raises(DisplayGone):
        leave.check()
    screen.close()


def test_the_bus_dies_with_the_desktop(person: Person, compositor: socket.socket) -> None:
    leave = made(person, {"WAYLAND_DISPLAY": compositor.getsockname()})
    screen = leave.screen(hands=False)
    person.sessions[0].ended(True)
    with pytest.raises(DisplayGone):
        screen.grab(screen.cast.places()[0].monitor)
    compositor.close()


def test_pictures_that_end_are_asked_for_anew_without_a_question(person: Person, compositor: socket.socket) -> None:
    leave = made(person, {"WAYLAND_DISPLAY": compositor.getsockname()})
    screen = leave.screen(hands=False)
    person.pictures[0].streams[0].news(News(over=True))
    with pytest.raises(DisplayGone):
        screen.monitors()
    screen.close()
    again = leave.screen(hands=False)
    again.grab(again.bounds())
    assert len(person.asked) == 1
    again.close()
    compositor.close()


def test_what_an_older_question_ends_with_is_nobodys_business(person: Person) -> None:
    leave = made(person)
    screen = leave.screen(hands=False)
    leave.typing()
    person.sessions[0].ended(False)
    screen.grab(screen.bounds())
    screen.close()


def test_given_back_while_the_person_is_asked(person: Person) -> None:
    leave = made(person)
    seen: list[bool] = []

    def meanwhile() -> None:
        seen.append(leave.asks)
        leave.give_back()

    person.meanwhile = meanwhile
    with pytest.raises(TakenBack):
        leave.screen(hands=False)
    assert seen == [True]
    assert not leave.asks
    assert person.sessions[0].closed


def test_what_the_desktop_remembers_is_kept_and_forgotten(person: Person) -> None:
    kept: list[str] = []
    leave = Leave({}, kept.append, person.portal, person.cast)
    leave.lasting = Lasting.ALWAYS
    person.token = "t1"
    leave.screen(hands=True).close()
    leave.give_back()
    person.token = "t2"
    leave.screen(hands=True).close()
    assert person.asked[1] == (True, "t1", Lasting.ALWAYS)
    leave.give_back()
    leave.forget()
    assert kept == ["t1", "t2", ""]


def test_once(person: Person) -> None:
    leave = Leave({}, portal=person.portal, cast=person.cast, once=True)
    leave.screen(hands=False).close()
    assert person.sessions[0].closed


def test_a_compositor_is_alive_where_it_takes_connections(tmp_path: Path, compositor: socket.socket) -> None:
    environ = {"XDG_RUNTIME_DIR": str(tmp_path), "WAYLAND_DISPLAY": "w"}
    assert alive(environ)
    compositor.close()
    assert not alive(environ)
    assert not alive({})
