"""The dialogue with a portal, on a real D-Bus, with a portal that answers as it is told."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import pytest

from rs_relay.errors import LocalProblem
from rs_relay.portal import session as portal_session
from rs_relay.portal.session import Devices, Lasting, Pointer, PortalSession, Refused, Source
from tests.support.portal import CANCELLED, OTHERWISE, SILENT, FakePortal, bus_of_its_own, wait


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with bus_of_its_own() as address:
        yield address


@pytest.fixture
def ended() -> list[bool]:
    return []


def test_looking_alone(address: str, ended: list[bool]) -> None:
    with FakePortal(address) as portal:
        portal.say(streams=((43, 640, 10, 800, 600), (42, 0, 0, 640, 480)))
        session = PortalSession(ended.append, address)
        session.start(hands=False)
        assert session.sources == (Source(42, 0, 0, 640, 480, True), Source(43, 640, 10, 800, 600, True))
        assert session.devices == 0
        assert session.pointer is Pointer.BESIDE
        assert [name for name, _ in portal.asked] == ["CreateSession", "SelectSources", "Start"]
        sources = portal.options("SelectSources")
        assert (sources["types"], sources["multiple"], sources["cursor_mode"]) == (1, True, 4)
        assert "persist_mode" not in sources
        fd = session.pictures()
        os.close(fd)
        session.close()
        assert portal.closed == [portal.session]
    assert ended == []


def test_typing_is_asked_for_in_the_same_question(address: str, ended: list[bool]) -> None:
    with FakePortal(address) as portal:
        portal.say(devices=7, token="next")
        session = PortalSession(ended.append, address)
        session.start(hands=True, token="before", lasting=Lasting.ALWAYS)
        assert session.devices == Devices.KEYBOARD | Devices.POINTER
        assert session.token == "next"
        devices = portal.options("SelectDevices")
        assert (devices["types"], devices["persist_mode"], devices["restore_token"]) == (3, 2, "before")
        assert "persist_mode" not in portal.options("SelectSources")  # of the one session, not of both
        session.notify("NotifyPointerMotionAbsolute", "udd", 42, 1.5, 2.0)
        session.notify("NotifyKeyboardKeysym", "iu", 0x61, 1)
        assert portal.asked[-2:] == [
            ("NotifyPointerMotionAbsolute", [{}, 42, 1.5, 2.0]), ("NotifyKeyboardKeysym", [{}, 0x61, 1])
        ]  # fmt: skip
        session.close()


@pytest.mark.parametrize(("screens", "hands", "typing"), [(3, 2, False), (5, 1, True)])
def test_a_portal_that_remembers_nothing_is_not_asked_to(
    address: str, ended: list[bool], screens: int, hands: int, typing: bool
) -> None:
    with FakePortal(address, screens=screens, hands=hands) as portal:
        session = PortalSession(ended.append, address)
        session.start(hands=typing, lasting=Lasting.ALWAYS)
        assert not any("persist_mode" in body[-1] for name, body in portal.asked if name != "CreateSession")
        session.close()


def test_a_portal_that_lets_nobody_type(address: str, ended: list[bool]) -> None:
    with FakePortal(address, hands=0, pointers=2) as portal:
        session = PortalSession(ended.append, address)
        assert not session.offer.types
        session.start(hands=True)
        assert session.pointer is Pointer.EMBEDDED
        assert "SelectDevices" not in [name for name, _ in portal.asked]
        session.close()


def test_no(address: str, ended: list[bool]) -> None:
    with FakePortal(address) as portal:
        portal.say(CANCELLED)
        session = PortalSession(ended.append, address)
        with pytest.raises(Refused, match="said no"):
            session.start(hands=False)
        portal.say(streams=())
        with pytest.raises(Refused, match="chose no screen"):
            session.start(hands=False)
        portal.say(OTHERWISE)
        with pytest.raises(LocalProblem) as failed:
            session.start(hands=False)
        assert not isinstance(failed.value, Refused)
        session.close()


def test_silence_takes_the_question_back(address: str, ended: list[bool], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portal_session, "PATIENCE", 0.1)
    with FakePortal(address) as portal:
        portal.say(SILENT)
        session = PortalSession(ended.append, address)
        with pytest.raises(Refused, match="not answered"):
            session.start(hands=False)
        assert len(portal.closed) == 2  # the request and the session
        session.close()


def test_a_question_that_nobody_wants_answered_any_more(address: str, ended: list[bool]) -> None:
    with FakePortal(address) as portal:
        portal.say(SILENT)
        session = PortalSession(ended.append, address)
        failed: list[Exception] = []

        def ask() -> None:
            try:
                session.start(hands=True)
            except LocalProblem as e:
                failed.append(e)

        asking = threading.Thread(target=ask)
        asking.start()
        wait(lambda: ("Start" in [name for name, _ in portal.asked]) and session.asks, "the question")
        session.close()
        asking.join(5)
        assert failed
        assert any("/request/" in path for path in portal.closed)
        assert not session.asks


def test_stopped_in_the_desktop(address: str, ended: list[bool]) -> None:
    with FakePortal(address) as portal:
        session = PortalSession(ended.append, address)
        session.start(hands=False)
        portal.stop()
        wait(lambda: ended, "the end")
        assert ended == [False]
        session.close()
        assert ended == [False]


def test_the_portal_dies(address: str, ended: list[bool]) -> None:
    with FakePortal(address):
        session = PortalSession(ended.append, address)
        session.start(hands=False)
    wait(lambda: ended, "the end")
    assert ended == [False]
    with pytest.raises(LocalProblem):
        session.notify("NotifyKeyboardKeysym", "iu", 0x61, 1)
    session.close()


def test_the_bus_dies(ended: list[bool]) -> None:
    with bus_of_its_own() as address:
        portal = FakePortal(address)
        session = PortalSession(ended.append, address)
        session.start(hands=False)
    wait(lambda: ended, "the end")
    assert ended == [True]
    session.close()
    portal._bus.close()


def test_no_portal(address: str, ended: list[bool]) -> None:
    with pytest.raises(LocalProblem, match="no portal"):
        PortalSession(ended.append, address)
