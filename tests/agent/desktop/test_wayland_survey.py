"""What a Wayland desktop offers, told without asking anybody."""

from __future__ import annotations

import pytest

from rs_agent.desktop.wayland.survey import LOOK_ONLY, is_wayland, survey
from rs_relay.errors import LocalProblem
from rs_relay.pipewire import libpipewire
from tests.support.portal import FakePortal, bus_of_its_own

GNOME = {"XDG_CURRENT_DESKTOP": "ubuntu:GNOME", "WAYLAND_DISPLAY": "wayland-0"}


@pytest.fixture(autouse=True)
def _library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libpipewire, "load", lambda: None)


@pytest.mark.parametrize(
    ("screens", "hands", "types", "remembers"), [(5, 2, True, True), (4, 1, True, False), (4, 0, False, True)]
)
def test_what_there_is(monkeypatch: pytest.MonkeyPatch, screens: int, hands: int, types: bool, remembers: bool) -> None:
    with bus_of_its_own() as address, FakePortal(address, screens=screens, hands=hands):
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        found = survey(GNOME)
    assert (found.desktop, found.sees, found.types, found.remembers) == ("GNOME", True, types, remembers)
    assert found.why == ("" if types else LOOK_ONLY)


def test_no_portal(monkeypatch: pytest.MonkeyPatch) -> None:
    with bus_of_its_own() as address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        found = survey(GNOME)
    assert not found.sees
    assert "portal" in found.why
    assert found.hint


def test_no_bus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
    found = survey({})
    assert (found.desktop, found.sees) == ("", False)
    assert "D-Bus" in found.why


def test_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    def lacks() -> None:
        raise LocalProblem("No libpipewire.", "Install it.")

    monkeypatch.setattr(libpipewire, "load", lacks)
    found = survey(GNOME)
    assert (found.sees, found.why, found.hint) == (False, "No libpipewire.", "Install it.")


@pytest.mark.parametrize(
    ("environ", "wayland"),
    [
        ({}, False),
        ({"DISPLAY": ":0"}, False),
        ({"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"}, True),
        ({"XDG_SESSION_TYPE": "wayland"}, True),
        ({"XDG_SESSION_TYPE": "tty"}, False),
    ],
)
def test_how_it_is_known(environ: dict[str, str], wayland: bool) -> None:
    assert is_wayland(environ) is wayland
