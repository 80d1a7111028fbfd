from __future__ import annotations

import pytest

from rs_cli.viewer.meter import SPAN, Meter, bits


def test_only_the_last_moments_count() -> None:
    now = [100.0]
    meter = Meter(lambda: now[0])
    assert meter.rate() == 0
    for _ in range(10):
        meter.count(300)
        now[0] += 0.1
    assert meter.rate() == 10 * 300 / SPAN
    now[0] += SPAN - 0.45  # the first of them are too old by now
    assert meter.rate() == pytest.approx(5 * 300 / SPAN, rel=0.25)
    now[0] += SPAN
    assert meter.rate() == 0


@pytest.mark.parametrize(
    ("a_second", "read"),
    [(0, "0.0 kbit/s"), (170, "1.4 kbit/s"), (7_000, "56 kbit/s"), (1_250_000, "10.0 Mbit/s")],
)
def test_as_a_person_reads_it(a_second: float, read: str) -> None:
    assert bits(a_second) == read
