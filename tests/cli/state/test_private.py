from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from rs_cli.state import private
from rs_relay.errors import LocalProblem


def test_a_file_is_private_from_its_first_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modes: list[int] = []
    real = os.open

    def watched(path: str | Path, flags: int, mode: int = 0o777, **more: int) -> int:
        fd = real(path, flags, mode, **more)
        if flags & os.O_CREAT:
            modes.append(stat.S_IMODE(os.fstat(fd).st_mode))
        return fd

    monkeypatch.setattr(os, "open", watched)
    old = os.umask(0)
    try:
        private.write_private(tmp_path / "a", b"secret")
    finally:
        os.umask(old)
    assert modes == [0o600]
    assert (tmp_path / "a").read_bytes() == b"secret"
    assert os.listdir(tmp_path) == ["a"]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    private.write_private(tmp_path / "a", b"old")

    def full(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LocalProblem, match="No space left"):
        private.write_private(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a"]


def test_a_missing_file_is_none(tmp_path: Path) -> None:
    assert private.read_private(tmp_path / "a") is None


def test_directories_by_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RS_STATE_DIR", str(tmp_path / "s"))
    monkeypatch.setenv("RS_CONFIG_DIR", str(tmp_path / "c"))
    assert private.state_dir() == tmp_path / "s"
    assert private.config_dir() == tmp_path / "c"
    assert stat.S_IMODE((tmp_path / "s").stat().st_mode) == 0o700


def test_a_directory_that_others_can_enter_is_refused(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir(mode=0o755)
    with pytest.raises(LocalProblem) as caught:
        private.private_dir(tmp_path / "s")
    assert "chmod 700" in caught.value.hint
