"""What worked is known the next time, for a while, in that network."""

from __future__ import annotations

from pathlib import Path

import pytest

from rs_relay.way import memory
from rs_relay.way.memory import KEPT, MOST, Memory

URL = "wss://help.example.org:9000"


def test_it_is_known_to_the_next_program_and_names_nobody(tmp_path: Path) -> None:
    Memory(tmp_path / "state").keep(URL, "proxy:3128", 443, 1000.0)
    again = Memory(tmp_path / "state")
    assert again.recall(URL, "proxy:3128", 1001.0) == 443
    assert again.recall(URL, "", 1001.0) is None
    file = tmp_path / "state" / "ways.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert not any(word in file.read_text() for word in ("help", "proxy", "9000"))
    assert [path.name for path in file.parent.iterdir()] == ["ways.json"]


def test_another_network_is_another_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "network", lambda: "10.0.0.5")
    kept = Memory(tmp_path)
    kept.keep(URL, "", 443)
    assert kept.recall(URL, "") == 443
    monkeypatch.setattr(memory, "network", lambda: "192.168.1.5")
    assert kept.recall(URL, "") is None


def test_it_is_forgotten_after_a_week_and_when_the_clock_went_back() -> None:
    kept = Memory()
    kept.keep(URL, "", 443, 1000.0)
    assert kept.recall(URL, "", 1000.0 + KEPT - 1) == 443
    assert kept.recall(URL, "", 1000.0 + KEPT) is None
    assert kept.recall(URL, "", 900.0) is None
    kept.keep(URL, "", None, 1001.0)
    assert kept.recall(URL, "", 1002.0) is None


def test_it_does_not_grow(tmp_path: Path) -> None:
    kept = Memory(tmp_path)
    for number in range(MOST + 5):
        kept.keep(f"{URL}{number}", "", 443)
    assert kept.recall(f"{URL}0", "") is None
    assert kept.recall(f"{URL}{MOST + 4}", "") == 443


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": 1}', '{"a": [0, 1]}', '{"a": ["x", 1]}', "null"])
def test_a_damaged_file_is_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "ways.json").write_text(text)
    kept = Memory(tmp_path)
    assert kept.recall(URL, "") is None
    kept.keep(URL, "", 443)
    assert kept.recall(URL, "") == 443


def test_a_folder_that_cannot_be_written_is_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    kept = Memory(tmp_path / "file")
    kept.keep(URL, "", 443)
    assert kept.recall(URL, "") == 443
