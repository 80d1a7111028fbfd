"""The device's own key on the disk."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from rs_agent.unattended import identity
from rs_relay.errors import LocalProblem


def test_it_is_made_once_and_private_whatever_the_umask(tmp_path: Path) -> None:
    assert identity.load(tmp_path) is None
    old = os.umask(0)
    try:
        made = identity.load_or_make(tmp_path / "state")
    finally:
        os.umask(old)
    file = tmp_path / "state" / identity.FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    again = identity.load_or_make(tmp_path / "state")
    assert again.private_bytes_raw() == made.private_bytes_raw()


@pytest.mark.parametrize("text", [b"", b"zz" * 32, b"00" * 31, b"\xff" * 64])
def test_a_damaged_one_is_not_replaced_in_silence(tmp_path: Path, text: bytes) -> None:
    file = tmp_path / identity.FILE
    file.touch(0o600)
    file.write_bytes(text)
    with pytest.raises(LocalProblem):
        identity.load_or_make(tmp_path)


def test_one_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    identity.load_or_make(tmp_path)
    (tmp_path / identity.FILE).chmod(0o644)
    with pytest.raises(LocalProblem):
        identity.load(tmp_path)
