"""What is to be put back, on disk: whole, the customer's own, and one keeper's at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from rs_agent.desktop.x11.keeper.record import Record, Saved, left, name

SAVED = [Saved("root", {"first": 7, "both": True}, "run"), Saved("gamma", {"tables": {"1": [[0], [1], [2]]}})]


def test_what_is_written_is_read_by_the_next_one(tmp_path: Path) -> None:
    record = Record(tmp_path / "new", ":5", "privacy")
    record.write(SAVED)
    record.close()
    assert left(tmp_path / "new", ":5", "privacy")
    assert not left(tmp_path / "new", ":6", "privacy")
    files = list((tmp_path / "new").iterdir())
    assert {oct(path.stat().st_mode)[-3:] for path in files} == {"600"}
    again = Record(tmp_path / "new", ":5", "privacy")
    assert again.read() == SAVED
    again.write([])
    assert again.read() == []
    assert not left(tmp_path / "new", ":5", "privacy")
    again.close()


def test_one_keeper_a_purpose_and_display(tmp_path: Path) -> None:
    record = Record(tmp_path, ":5", "privacy")
    with pytest.raises(BlockingIOError):
        Record(tmp_path, ":5", "privacy")
    Record(tmp_path, ":5", "appearance").close()
    Record(tmp_path, ":6", "privacy").close()
    record.close()
    Record(tmp_path, ":5", "privacy").close()


@pytest.mark.parametrize("data", [b"", b"[{", b'{"means": 1}', b"\xff", b"[" * 5000])
def test_a_file_that_was_cut_short_says_nothing(tmp_path: Path, data: bytes) -> None:
    record = Record(tmp_path, ":5", "privacy")
    (tmp_path / (name(":5", "privacy") + ".json")).write_bytes(data)
    assert record.read() == []
    record.close()


def test_a_display_of_another_computer_makes_no_path(tmp_path: Path) -> None:
    assert "/" not in name("../there:0", "privacy")
