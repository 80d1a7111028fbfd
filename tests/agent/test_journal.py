from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from rs_agent.journal import FILE, ROTATE, TEXT, Journal, NoJournal
from rs_relay.errors import LocalProblem


def lines(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / FILE).read_text().splitlines()]


def test_each_entry_is_a_line_with_its_time(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "state", clock=lambda: 12.5)
    journal.write("session", who="alice", allowed=["view"])
    journal.write("session-ended", seconds=3.0)
    journal.close()
    assert lines(tmp_path / "state") == [
        {"at": 12.5, "kind": "session", "who": "alice", "allowed": ["view"]},
        {"at": 12.5, "kind": "session-ended", "seconds": 3.0},
    ]


def test_it_is_only_added_to(tmp_path: Path) -> None:
    for n in range(3):
        journal = Journal(tmp_path)
        journal.write("n", n=n)
        journal.close()
    assert [entry["n"] for entry in lines(tmp_path)] == [0, 1, 2]


def test_readable_by_its_owner_only_from_the_first_byte(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        Journal(tmp_path / "state").close()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "state" / FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700


def test_one_that_others_can_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).touch()
    (tmp_path / FILE).chmod(0o644)
    with pytest.raises(LocalProblem):
        Journal(tmp_path)


def test_no_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").touch(0o600)
    (tmp_path / FILE).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(LocalProblem):
        Journal(tmp_path)


def test_a_text_of_the_other_side_is_one_short_line(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.write("file", text="a\nb\x1b[2J‮" + "x" * 10_000)
    journal.close()
    raw = (tmp_path / FILE).read_bytes()
    assert raw.count(b"\n") == 1
    assert raw.isascii()
    assert b"\x1b" not in raw
    assert len(str(lines(tmp_path)[0]["text"])) == TEXT


def test_a_long_record_makes_room(tmp_path: Path) -> None:
    (tmp_path / FILE).touch(0o600)
    os.truncate(tmp_path / FILE, ROTATE + 1)
    journal = Journal(tmp_path)
    journal.write("new")
    journal.close()
    assert len(lines(tmp_path)) == 1
    assert (tmp_path / (FILE + ".1")).stat().st_size == ROTATE + 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_does_not_stop_the_session(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, journal._fd)
    os.close(full)
    journal.write("session")
    assert journal.broken
    journal.close()


def test_none_is_kept_where_none_is_wanted() -> None:
    journal = NoJournal()
    journal.write("session", who="alice")
    journal.close()
