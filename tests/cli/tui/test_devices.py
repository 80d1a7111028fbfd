"""The dashboard's list of devices: keys in, the screen's text out."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input

from rs_cli.state import known_devices
from rs_cli.state.book import Book
from rs_cli.tui.screens.devices import AccessCode, DevicesScreen
from rs_cli.tui.screens.workspace import Workspace
from rs_relay.wire.messages import Device
from tests.cli.tui.test_dashboard_and_workspace import dashboard, shown, until
from tests.support.technician import RELAY, FakeConnector

TILL = Device("a" * 32, "till", ("shop",), "Lyon", online=True)
AWAY = Device("b" * 32, "\x1b[2Jtill", (), "Paris", online=False)


@pytest.fixture(autouse=True)
def _own_directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RS_STATE_DIR", str(tmp_path / "state"))


async def test_a_device_is_chosen_its_code_typed_unseen_and_the_session_opened(tmp_path: Path) -> None:
    known_devices.pin(TILL.host, b"k" * 32, RELAY)
    network = FakeConnector()
    network.at_devices = [AWAY, TILL]
    async with dashboard(Book(tmp_path / "sessions"), network) as (app, pilot):
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, DevicesScreen) and "Lyon/till" in shown(app))
        assert "\x1b" not in shown(app)
        assert shown(app).index("Lyon/till") < shown(app).index("Paris/")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, AccessCode))
        await pilot.press(*"wrong")
        assert "wrong" not in shown(app)
        await pilot.press("enter")
        await until(pilot, lambda: "access code is wrong" in shown(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, AccessCode))
        app.screen.query_one(Input).value = network.access_code
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Workspace))


async def test_one_whose_key_is_not_known_here_and_none_at_all(tmp_path: Path) -> None:
    network = FakeConnector()
    async with dashboard(Book(tmp_path / "sessions"), network) as (app, pilot):
        await pilot.press("d")
        await until(pilot, lambda: "You have no device" in shown(app))
        await pilot.press("escape")
        network.at_devices = [TILL]
        await pilot.press("d")
        await until(pilot, lambda: "Lyon/till" in shown(app))
        await pilot.press("enter")
        await until(pilot, lambda: "not known on this computer" in shown(app))
        assert network.visited == []
