"""A connection to a real D-Bus daemon of the test's own."""

from __future__ import annotations

import threading

import pytest

from rs_relay.errors import LocalProblem
from rs_relay.portal.bus import Bus, CallFailed, session_address
from tests.support.portal import DBUS, bus_of_its_own, wait


def test_calls_errors_and_the_end_of_the_bus() -> None:
    heard: list[object] = []
    with bus_of_its_own() as address:
        bus = Bus(heard.append, address)
        names = bus.run(bus.call(DBUS, "ListNames", place="/", to=DBUS), 5).body[0]
        assert bus.name in names
        with pytest.raises(CallFailed) as failed:
            bus.run(bus.call(DBUS, "NoSuchThing", place="/", to=DBUS), 5)
        assert "UnknownMethod" in failed.value.name
        assert bus.run(bus.value("org.freedesktop.portal.ScreenCast", "version"), 5) is None
    wait(lambda: None in heard, "the end of the bus")
    bus.close()
    assert "portal" not in {thread.name for thread in threading.enumerate()}


def test_a_call_after_the_end_is_a_sentence() -> None:
    with bus_of_its_own() as address:
        bus = Bus(address=address)
        bus.close()
        with pytest.raises(LocalProblem):
            bus.run(bus.call(DBUS, "ListNames", place="/", to=DBUS), 5)
        bus.close()


@pytest.mark.parametrize("address", ["unix:path=/nowhere/at-all", "rubbish"])
def test_no_bus(address: str) -> None:
    with pytest.raises(LocalProblem, match="D-Bus"):
        Bus(address=address)
    assert "portal" not in {thread.name for thread in threading.enumerate()}


def test_where_the_sessions_bus_is(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/x")
    assert session_address() == "unix:path=/x"
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with pytest.raises(LocalProblem, match="D-Bus"):
        session_address()
    (tmp_path / "bus").touch()  # type: ignore[operator]
    assert session_address() == f"unix:path={tmp_path}/bus"
