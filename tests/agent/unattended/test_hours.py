"""Working hours of a device."""

from __future__ import annotations

from datetime import datetime

import pytest

from rs_agent.unattended.hours import parse, within
from rs_relay.errors import UsageError

MONDAY = datetime(2026, 11, 23)


@pytest.mark.parametrize(
    ("text", "day", "clock", "inside"),
    [
        ("", 23, "03:00", True),
        ("mon-fri 08:00-18:00", 23, "08:00", True),
        ("mon-fri 08:00-18:00", 23, "18:00", False),
        ("mon-fri 08:00-18:00", 28, "12:00", False),
        ("Mon-Fri 8:00-18:00, SAT 9:00-12:00", 28, "11:59", True),
        ("sat 22:00-06:00", 29, "05:59", True),
        ("sat 22:00-06:00", 28, "05:59", False),
        ("sun 22:00-06:00", 23, "05:00", True),
        ("fri-mon 10:00-11:00", 22, "10:30", True),
        ("fri-mon 10:00-11:00", 25, "10:30", False),
        ("08:00-24:00", 25, "23:59", True),
    ],
)
def test_within(text: str, day: int, clock: str, inside: bool) -> None:
    hour, minute = clock.split(":")
    assert within(parse(text), datetime(2026, 11, day, int(hour), int(minute))) is inside


@pytest.mark.parametrize(
    "text", ["nine to five", "mon 8-18", "lun 08:00-18:00", "mon 25:00-26:00", "mon 08:61-09:00", "08:00-08:00"]
)
def test_what_are_no_hours(text: str) -> None:
    with pytest.raises(UsageError):
        parse(text)
