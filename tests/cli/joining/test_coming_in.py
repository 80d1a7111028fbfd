"""Coming in at a device: the pin first, then the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from rs_cli.joining.coming_in import come_in, pin_of
from rs_cli.state import known_devices
from rs_cli.state.book import Book
from rs_relay.errors import NoSuchSession, UsageError, WrongCode
from rs_relay.wire.messages import Device
from tests.support.technician import RELAY, FakeConnector

TILL = Device("a" * 32, "till", (), "", online=True)
KEY = b"k" * 32


@pytest.fixture(autouse=True)
def _own_directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RS_STATE_DIR", str(tmp_path / "state"))


async def test_a_device_that_is_not_known_here_is_not_even_dialled(tmp_path: Path) -> None:
    network, book = FakeConnector(), Book(tmp_path / "sessions")
    with pytest.raises(NoSuchSession):
        await come_in(network, TILL, network.access_code, RELAY, book)
    assert network.visited == []


async def test_the_session_stands_in_the_book(tmp_path: Path) -> None:
    network, book = FakeConnector(), Book(tmp_path / "sessions")
    known_devices.pin(TILL.host, KEY, RELAY)
    assert pin_of(TILL) == KEY
    with pytest.raises(UsageError):
        await come_in(network, TILL, "  ", RELAY, book)
    with pytest.raises(WrongCode):
        await come_in(network, TILL, "wrong horse 42", RELAY, book)
    entry = await come_in(network, TILL, network.access_code, RELAY, book)
    assert book.get(entry.number).relay == RELAY
    assert network.visited == [(TILL.host, KEY)] * 2
    assert not any(network.access_code in file.read_text() for file in (tmp_path / "sessions").iterdir())
