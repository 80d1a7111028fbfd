from __future__ import annotations

import pytest

from rs_cli.viewer.meter import SPAN, Meter, bits, exactness
from rs_relay.channels.screen.messages import Colours


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


@pytest.mark.parametrize(
    ("colours", "lossy", "codec", "read"),
    [
        (Colours.ALL, 0, "jpeg", "exact"),
        (Colours.ALL, 1, "h264", "h264, 1 tile not exact yet"),
        (Colours.C256, 12, "shades", "shades, 12 tiles not exact yet"),
        (Colours.C256, 0, "", "256 colours"),
        (Colours.GREYS, 0, "", "16 greys"),
    ],
)
def test_few_colours_are_never_called_exact(colours: Colours, lossy: int, codec: str, read: str) -> None:
    assert exactness(colours, lossy, codec) == read
