"""The files are those of a real cgroup; a kernel behind them is a matter of the machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from rs_agent.programs.cgroup import Cgroup


@pytest.fixture
def own(tmp_path: Path) -> Path:
    (tmp_path / "user.slice").mkdir()
    (tmp_path / "user.slice" / "cgroup.procs").touch()
    file = tmp_path / "own"
    file.write_text("1:name=systemd:/x\n0::/user.slice\n")
    return file


def test_a_program_has_a_group_below_ours_and_is_ended_with_it(tmp_path: Path, own: Path) -> None:
    group = Cgroup.make(tmp_path, own)
    assert group is not None
    (folder,) = (tmp_path / "user.slice").glob("rs-*")
    group.add(4711)
    assert (folder / "cgroup.procs").read_text() == "4711"
    assert group.pids() == [4711]
    group.kill()
    assert (folder / "cgroup.kill").read_text() == "1"


@pytest.mark.parametrize("text", ["", "1:cpu:/\n", "0::/nowhere\n"])
def test_there_is_none_where_there_can_be_none(tmp_path: Path, text: str) -> None:
    own = tmp_path / "own"
    own.write_text(text)
    assert Cgroup.make(tmp_path, own) is None
    assert Cgroup.make(tmp_path, tmp_path / "missing") is None
