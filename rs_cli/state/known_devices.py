"""This technician's own key, and the keys of the devices they have enrolled: two files, 0600, in the state directory.

    technician.key      Ed25519, hex: what a device knows this technician by
    known-devices.json  for each device its key (the pin), its addresses in its network, when it was enrolled

Neither opens a device: that wants its access code, which is never kept here. Whoever steals both passes for this
technician at a device whose code they also know; `rs-agent unattended forget NAME` there ends that.
"""

from __future__ import annotations

from pathlib import Path
from time import time

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rs_cli.state.private import read_private, state_dir, write_private
from rs_relay.errors import LocalProblem

KEY, PINS = "technician.key", "known-devices.json"


class Pin(msgspec.Struct, frozen=True):
    key: str  # hex
    relay: str
    enrolled: float  # Unix time
    macs: tuple[str, ...] = ()  # aa:bb:cc:dd:ee:ff


def me() -> Ed25519PrivateKey:
    """Made when it is first needed. Raises LocalProblem when it is damaged."""
    path = state_dir() / KEY
    text = read_private(path)
    if text is None:
        made = Ed25519PrivateKey.generate()
        write_private(path, made.private_bytes_raw().hex().encode())
        return made
    try:
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(text.decode("ascii")))
    except ValueError as e:
        raise LocalProblem(f"{path} is damaged.", "Delete it; your devices must then enrol you anew.") from e


def pins() -> dict[str, Pin]:
    """By the device's name at the relay."""
    path = _path()
    data = read_private(path)
    if data is None:
        return {}
    try:
        return msgspec.json.decode(data, type=dict[str, Pin])
    except msgspec.DecodeError as e:
        raise LocalProblem(f"{path} is damaged.", "Delete it and add your devices again by their addresses.") from e


def pin(host: str, key: bytes, relay: str, macs: tuple[str, ...] = ()) -> None:
    """From here on `host` is the device of that key and no other. Raises LocalProblem when it is another already."""
    known = pins()
    if host in known and known[host].key != key.hex():
        raise LocalProblem(
            "That device has another key than the one you know.",
            "If it was really set up anew, `rs devices remove` it first.",
        )
    macs = macs or (known[host].macs if host in known else ())
    _write({**known, host: Pin(key.hex(), relay, time(), macs)})


def forget(host: str) -> None:
    known = pins()
    if known.pop(host, None) is not None:
        _write(known)


def _write(known: dict[str, Pin]) -> None:
    write_private(_path(), msgspec.json.format(msgspec.json.encode(known)))


def _path() -> Path:
    return state_dir() / PINS
