"""What a device keeps for unattended access."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from rs_agent.machine import disk
from rs_agent.unattended import identity
from rs_agent.unattended.enrolment import FILE, TECHNICIANS, Record, Settings, Technician, Unattended
from rs_relay.errors import LocalProblem, NoSuchSession
from rs_relay.link.spec import Permission
from rs_relay.link.unattended import Known
from rs_relay.link.verifier import SMALL, harden

CODE = "correct horse 42"
RELAY = "ws://127.0.0.1:1"
KEY = b"k" * 32


def _on(state: Path, settings: Settings = Settings()) -> Unattended:  # noqa: B008
    kept = Unattended(state)
    kept.enable(CODE, RELAY, settings, SMALL)
    return kept


def test_nothing_in_it_is_the_code_or_makes_it(tmp_path: Path) -> None:
    kept = _on(tmp_path)
    record = kept.require()
    on_disk = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert CODE.encode() not in on_disk
    w = harden(CODE, record.verifier.salt, record.verifier.cost)
    assert w not in on_disk
    assert w.hex().encode() not in on_disk
    assert record.verifier.w != w
    assert record.w not in repr(record)
    assert record.rejoin not in repr(record)


def test_everything_is_private_whatever_the_umask(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        _on(tmp_path / "state")
    finally:
        os.umask(old)
    assert {stat.S_IMODE(f.stat().st_mode) for f in (tmp_path / "state").iterdir()} == {0o600}


def test_a_new_code_keeps_the_device_and_who_is_enrolled(tmp_path: Path) -> None:
    kept = _on(tmp_path, Settings(permissions=(Permission.VIEW,), hours="mon 08:00-09:00"))
    kept.enrol(Technician("alice", KEY.hex(), 0.0))
    before = kept.require()
    kept.reset_code("another code 7", SMALL)
    after = kept.require()
    assert (after.host, after.rejoin, after.technicians, after.settings) == (
        before.host, before.rejoin, before.technicians, before.settings,
    )  # fmt: skip
    assert after.verifier != before.verifier
    assert after.salt != before.salt


def test_enrolling_one_keeps_all_others_out_and_forgetting_them_all_opens_to_nobody(tmp_path: Path) -> None:
    kept = _on(tmp_path)
    stranger = Known("mallory", b"m" * 32)
    assert kept.require().admits(stranger)
    kept.enrol(Technician("alice", KEY.hex(), 0.0))
    assert not kept.require().admits(stranger)
    assert kept.require().admits(Known("whatever she says", KEY))
    assert kept.forget(["alice"]) == 1
    assert kept.forget(["alice"]) == 0
    assert not kept.require().admits(Known("alice", KEY))
    assert not kept.require().admits(stranger)


def test_no_more_technicians_than_it_may(tmp_path: Path) -> None:
    kept = _on(tmp_path)
    for n in range(TECHNICIANS):
        kept.enrol(Technician(f"t{n}", f"{n:064x}", 0.0))
    kept.enrol(Technician("t0 again", f"{0:064x}", 0.0))
    with pytest.raises(LocalProblem):
        kept.enrol(Technician("one more", "f" * 64, 0.0))


def test_off_leaves_nothing(tmp_path: Path) -> None:
    kept = _on(tmp_path)
    assert kept.disable()
    assert not list(tmp_path.iterdir())
    assert not kept.disable()
    assert kept.read() is None
    with pytest.raises(NoSuchSession):
        kept.require()


@pytest.mark.parametrize("text", [b"", b"{}", b'{"v":1', b"\xff"])
def test_a_damaged_file_lets_nobody_in(tmp_path: Path, text: bytes) -> None:
    kept = _on(tmp_path)
    (tmp_path / FILE).write_bytes(text)
    with pytest.raises(LocalProblem):
        kept.read()


def test_a_power_cut_leaves_the_old_file_or_the_new_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut at each call that touches the disk, in turn."""
    kept = _on(tmp_path)
    before = kept.require()
    new = Record(**{f: getattr(before, f) for f in before.__struct_fields__} | {"relay": "ws://127.0.0.1:2"})
    for step in ("open", "fsync", "replace"):

        def cut(*_: object, step: str = step, **__: object) -> None:
            raise KeyboardInterrupt(step)

        with monkeypatch.context() as m:
            m.setattr(disk.os, step, cut)
            with pytest.raises(KeyboardInterrupt):
                kept.write(new)
        assert kept.require() == before
    kept.write(new)
    assert kept.require() == new


def test_the_key_is_made_with_it(tmp_path: Path) -> None:
    _on(tmp_path)
    assert identity.load(tmp_path) is not None
