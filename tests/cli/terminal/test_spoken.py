from __future__ import annotations

import pytest

from rs_cli.terminal.spoken import big, clock, since


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-1, "0 s"),
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3700, "1 h 1 min"),
        (93_600, "1 d 2 h"),
    ],
)
def test_since(seconds: float, said: str) -> None:
    assert since(seconds) == said


def test_a_length_of_time_as_a_player_shows_it() -> None:
    assert [clock(s) for s in (-1, 0, 42.9, 725, 3723)] == ["0:00", "0:00", "0:42", "12:05", "1:02:03"]


def test_every_digit_is_three_rows_high_and_looks_different() -> None:
    pictures = [big(digit) for digit in "0123456789-"]
    assert len(set(pictures)) == 11
    assert all(picture.count("\n") == 2 for picture in pictures)
    rows = big("482-915-733").split("\n")
    assert len({len(row) for row in rows}) == 1
    assert len(rows[0]) <= 60
