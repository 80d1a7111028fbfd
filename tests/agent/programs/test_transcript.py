from __future__ import annotations

from pathlib import Path

import pytest

from rs_agent.programs import transcript
from rs_agent.programs.transcript import FULL, Transcript


def test_what_was_shown_is_the_owners_alone(tmp_path: Path) -> None:
    kept = Transcript(tmp_path, "one")
    kept.write(b"$ ls\r\n")
    kept.close()
    kept.write(b"too late")
    assert kept.path.read_bytes() == b"$ ls\r\n"
    assert kept.path.stat().st_mode & 0o777 == 0o600
    assert kept.path.parent.stat().st_mode & 0o777 == 0o700


def test_it_says_that_it_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcript, "BIGGEST", 10)
    kept = Transcript(tmp_path, "one")
    for _ in range(5):
        kept.write(b"1234")
    assert kept.path.read_bytes() == b"12341234" + FULL


def test_the_oldest_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcript, "KEPT", 3)
    for n in range(5):
        Transcript(tmp_path, f"2026-{n}").close()
    assert sorted(p.stem for p in (tmp_path / "shells").iterdir()) == ["2026-2", "2026-3", "2026-4"]


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    Transcript(tmp_path, "one").close()
    with pytest.raises(FileExistsError):
        Transcript(tmp_path, "one")
