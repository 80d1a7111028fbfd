"""The technician's key and the pins in the state directory."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from rs_cli.state import known_devices
from rs_relay.errors import LocalProblem

HOST, KEY, RELAY = "a" * 32, b"k" * 32, "wss://relay.example.org"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RS_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


def test_the_key_is_made_once_and_everything_is_private(state: Path) -> None:
    old = os.umask(0)
    try:
        one = known_devices.me()
        known_devices.pin(HOST, KEY, RELAY)
    finally:
        os.umask(old)
    assert known_devices.me().private_bytes_raw() == one.private_bytes_raw()
    assert {stat.S_IMODE(file.stat().st_mode) for file in state.iterdir()} == {0o600}


def test_a_pin_is_never_replaced_in_silence(state: Path) -> None:
    known_devices.pin(HOST, KEY, RELAY, ("aa:bb:cc:dd:ee:ff",))
    known_devices.pin(HOST, KEY, RELAY)
    assert known_devices.pins()[HOST].macs == ("aa:bb:cc:dd:ee:ff",)
    with pytest.raises(LocalProblem):
        known_devices.pin(HOST, b"x" * 32, RELAY)
    assert known_devices.pins()[HOST].key == KEY.hex()
    known_devices.forget(HOST)
    known_devices.forget(HOST)
    assert known_devices.pins() == {}
    known_devices.pin(HOST, b"x" * 32, RELAY)


@pytest.mark.parametrize("file", [known_devices.KEY, known_devices.PINS])
def test_damage_and_open_files_are_said(state: Path, file: str) -> None:
    known_devices.me()
    known_devices.pin(HOST, KEY, RELAY)
    (state / file).write_text("{")
    with pytest.raises(LocalProblem):
        known_devices.me()
        known_devices.pins()
    (state / file).chmod(0o640)
    with pytest.raises(LocalProblem):
        known_devices.me()
        known_devices.pins()
