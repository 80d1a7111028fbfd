"""How things are shown: sizes, times, columns."""

from __future__ import annotations

import time

import pytest

from rs_cli.features.folders import Thing
from rs_cli.terminal import listing, output
from rs_relay.channels.folders import Entry, Kind


def thing(name: str, **more: object) -> Thing:
    return Thing(name, Entry(name, Kind.FILE, **more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("size", "shown"),
    [(0, "0"), (1023, "1023"), (1024, "1.0K"), (1025, "1.1K"), (10239, "10K"), (10240, "10K"), (123456, "121K"),
     (5 * 1024**3, "5.0G"), (2**63, "8.0E")],
)  # fmt: skip
def test_sizes_are_rounded_up(size: int, shown: str) -> None:
    assert listing.human(size) == shown


def test_times_are_local_and_old_ones_have_their_year() -> None:
    now = time.mktime((2026, 11, 28, 12, 0, 0, 0, 0, -1))
    assert listing.moment(now - 3600, now) == "Nov 28 11:00"
    assert listing.moment(now - 400 * 86400, now).endswith("2025")
    for absurd in (1e300, float("inf"), float("nan"), -1e300):
        assert listing.moment(absurd, now) == "?"


def test_modes() -> None:
    assert listing.mode(thing("a", mode=0o754)) == "-rwxr-xr--"


def test_columns_fit_and_count_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "is_terminal", lambda: True)
    monkeypatch.setattr(output, "colour", lambda: False)
    assert listing.columns([thing(n) for n in ("a", "bb", "ccc")], 80) == ["a  bb  ccc"]
    assert listing.columns([thing(n) for n in ("aaa", "bb", "c", "d")], 9) == ["aaa  c", "bb   d"]
    assert listing.columns([thing("\u4f60\u597d"), thing("b")], 7) == ["\u4f60\u597d  b"]
    assert listing.columns([thing("x" * 90), thing("b")], 20) == ["x" * 90, "b"]
    assert listing.columns([], 80) == []


def test_long_lines_line_up(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = listing.long_lines(
        [thing("a", size=5, owner="root", group="x"), thing("b", size=12345, owner="mary", group="yy")],
        time.time(), human_sizes=False,
    )  # fmt: skip
    assert len({len(line) for line in lines}) == 1


def test_many_columns_are_quick() -> None:
    names = [thing(f"file {n}") for n in range(20_000)]
    began = time.process_time()
    listing.columns(names, 200)
    assert time.process_time() - began < 20
