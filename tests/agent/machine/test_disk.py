"""Files that outlive a power cut, or are gone for good."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rs_agent.machine.disk import drop, keep
from rs_relay.errors import LocalProblem


def test_kept_whole_and_private_and_dropped(tmp_path: Path) -> None:
    path = tmp_path / "new" / "thing"
    keep(path, b"one")
    keep(path, b"two")
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o600
    assert os.listdir(path.parent) == ["thing"]
    assert drop(path)
    assert not drop(path)


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "thing"
    keep(path, b"one")

    def full(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LocalProblem):
        keep(path, b"two")
    assert path.read_bytes() == b"one"
    assert os.listdir(tmp_path) == ["thing"]
