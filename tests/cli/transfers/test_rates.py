"""A limit as a person writes it."""

from __future__ import annotations

import pytest

from rs_cli.transfers.rates import parse, part, shown
from rs_relay.errors import UsageError
from rs_relay.transfer.messages import UNKNOWN


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("500k", 500_000), ("500K", 500_000), ("1.5M", 1_500_000), ("2G", 2_000_000_000), ("800", 800),
        ("2MB/s", 2_000_000), ("512 KiB", 524_288), ("4Mbit", 500_000), ("56kbit/s", 7_000), ("64kbps", 64_000),
        ("none", UNKNOWN), ("0", UNKNOWN), (" off ", UNKNOWN),
    ],
)  # fmt: skip
def test_what_is_a_rate(text: str, rate: int) -> None:
    assert parse(text) == rate


@pytest.mark.parametrize("text", ["", "fast", "-1", "10", "1e9", "5 apples", "k", "1\x1b[2J", "700bit"])
def test_what_is_none(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert "\x1b" not in caught.value.message


def test_shown() -> None:
    assert [shown(r) for r in (0, 999, 1500, 25_000, 3.2e6, 5e9)] == [
        "0 B/s", "999 B/s", "1.5 kB/s", "25 kB/s", "3.2 MB/s", "5.0 GB/s",
    ]  # fmt: skip
    assert part(1_500_000, 3_000_000) == "1.5 of 3.0 MB"
    assert part(1_500_000, 3_000_000_000) == "1.5 MB of 3.00 GB"
    assert part(1_500_000, -1) == "1.5 MB"
    assert part(0, 3_900) == "0.0 of 3.9 kB"
    assert part(500, 3_000_000_000) == "0.0 MB of 3.00 GB"
    assert part(5, 12) == "5 of 12 B"
