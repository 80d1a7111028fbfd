"""A photograph at half its size: as large as it was, about alike, and never anything else."""

from __future__ import annotations

import numpy as np
import pytest

from rs_relay.channels.screen.codecs import halved, jpeg
from rs_relay.errors import PeerBroke
from tests.support.scenery import photograph, rgb


@pytest.mark.parametrize(("width", "height"), [(320, 256), (33, 31), (1, 1), (800, 97)])
def test_it_comes_back_in_its_size_and_about_alike(width: int, height: int) -> None:
    pixels = rgb(photograph(height, width))
    seen = halved.decode(halved.encode(pixels), width, height)
    assert seen.shape == pixels.shape
    assert np.abs(seen.astype(int) - pixels).mean() < 20


def test_it_is_a_fifth_of_the_photograph_as_it_is_sent_else() -> None:
    pixels = rgb(photograph(480, 640))
    assert len(halved.encode(pixels)) * 5 < len(jpeg.encode(pixels))


@pytest.mark.parametrize(
    "data", [b"", b"rubbish", jpeg.encode(rgb(photograph(64, 64)))], ids=["none", "rubbish", "whole"]
)
def test_what_is_not_half_as_large_is_refused(data: bytes) -> None:
    with pytest.raises(PeerBroke):
        halved.decode(data, 64, 64)
