"""What a desktop remembers a yes by, on the disk."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from rs_agent.desktop.wayland.memory import FILE, MOST, Memory
from rs_agent.unattended.enrolment import Unattended


def test_kept_privately_and_forgotten(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    assert memory.read() == ""
    memory.write("a-token")
    assert memory.read() == "a-token"
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    memory.write("")
    memory.write("")
    assert memory.read() == ""
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize("data", [b"\xff\xfe", b"x" * (MOST + 1), b"two\nlines"])
def test_rubbish_is_nothing(tmp_path: Path, data: bytes) -> None:
    (tmp_path / FILE).write_bytes(data)
    os.chmod(tmp_path / FILE, 0o600)
    assert Memory(tmp_path).read() == ""


def test_what_others_can_read_is_not_trusted(tmp_path: Path) -> None:
    Memory(tmp_path).write("a-token")
    os.chmod(tmp_path / FILE, 0o644)
    assert Memory(tmp_path).read() == ""


def test_gone_with_unattended_access(tmp_path: Path) -> None:
    Memory(tmp_path).write("a-token")
    Unattended(tmp_path).disable()
    assert Memory(tmp_path).read() == ""
