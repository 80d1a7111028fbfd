"""The table of devices: each technician's own, and who may be one."""

from __future__ import annotations

import hashlib

from rs_relay.server.devices import PER_TECHNICIAN, Devices, Row

REJOIN = "1" * 64
PROOF = hashlib.sha256(bytes.fromhex(REJOIN)).hexdigest()


def _row(technician: str = "Ana", host: str = "a" * 32, proof: str = PROOF) -> Row:
    return Row(technician, host, proof, "till")


def test_what_is_enrolled_changed_and_removed_is_written_down() -> None:
    kept: list[Row] = []
    dropped: list[Row] = []
    devices = Devices((), kept.append, dropped.append)
    assert devices.enrol(_row()) == ""
    assert devices.enrol(_row()) == ""  # again: nothing new
    assert devices.change("Ana", "a" * 32, "till 1", ("shop",), "Lyon")
    assert [row.name for row in kept] == ["till", "till 1"]
    again = Devices(kept[-1:])
    assert again.of("Ana") == [kept[-1]]
    assert devices.remove("Ana", "a" * 32)
    assert dropped == [kept[-1]]
    assert not devices.remove("Ana", "a" * 32)
    assert devices.of("Ana") == []


def test_a_technician_has_their_own_only() -> None:
    devices = Devices([_row()])
    assert devices.of("Ben") == []
    assert devices.find("Ben", "a" * 32) is None
    assert not devices.change("Ben", "a" * 32, "x", (), "")
    assert not devices.remove("Ben", "a" * 32)


def test_a_name_is_taken_only_with_its_proof() -> None:
    devices = Devices([_row()])
    assert devices.enrol(_row("Ben", proof="0" * 64)) == "no such device"
    assert devices.enrol(_row("Ben")) == ""
    assert devices.proves("a" * 32, REJOIN)
    assert not devices.proves("a" * 32, "2" * 64)
    devices.remove("Ana", "a" * 32)
    assert not devices.proves("a" * 32, "2" * 64)
    devices.remove("Ben", "a" * 32)
    assert devices.proves("a" * 32, "2" * 64)


def test_whose_account_is_gone_has_no_devices() -> None:
    devices = Devices([_row(), _row("Ben")])
    devices.only({"Ben"})
    assert devices.of("Ana") == []
    assert len(devices.of("Ben")) == 1


def test_nobody_fills_the_memory() -> None:
    devices = Devices()
    for n in range(PER_TECHNICIAN):
        assert devices.enrol(_row(host=f"{n:032x}")) == ""
    assert devices.enrol(_row(host="f" * 32)) == "too many"
