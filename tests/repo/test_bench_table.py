"""Figures in their place on the page, and what they had to reach said beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.pipe.ground import same
from tests.bench.pipe.table import BEGIN, END, Row, markdown, put, text
from tests.bench.screen.report import NoPlace
from tests.bench.transfer import PAGE

ROWS = [Row("1 GiB, scp", "450 MB/s"), Row("rs / scp", "1.20", "≥ 1", True), Row("rs / limit", "0.40", "≥ 0.6", False)]


def test_a_table_says_what_was_to_be_reached_and_whether_it_was() -> None:
    shown = markdown("A machine.", ROWS)
    assert "| rs / scp | 1.20 | ≥ 1 | met |" in shown
    assert "| rs / limit | 0.40 | ≥ 0.6 | **not met** |" in shown
    assert text(ROWS).splitlines()[0].split() == ["1", "GiB,", "scp", "450", "MB/s"]


def test_it_takes_the_place_of_the_last_one_and_of_nothing_else() -> None:
    page = put(f"before\n{BEGIN}\nold\n{END}\nafter\n", "new")
    assert page == f"before\n{BEGIN}\nnew\n{END}\nafter\n"
    for broken in ("nothing", f"{END}{BEGIN}", f"{BEGIN}{BEGIN}{END}"):
        with pytest.raises(NoPlace):
            put(broken, "new")


def test_the_page_has_the_place() -> None:
    assert put(PAGE.read_text(), "x")


def test_a_copy_that_differs_is_no_copy(tmp_path: Path) -> None:
    for name, data in (("a", b"1"), ("b", b"1"), ("c", b"2")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_bytes(data)
    assert same(tmp_path / "a", tmp_path / "b")
    assert not same(tmp_path / "a", tmp_path / "c")
    (tmp_path / "b" / "more").touch()
    assert not same(tmp_path / "a", tmp_path / "b")
