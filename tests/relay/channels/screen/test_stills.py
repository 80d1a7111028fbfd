"""A film picture by picture."""

from __future__ import annotations

import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from rs_relay.channels.screen.codecs import FILMS, stills
from rs_relay.errors import PeerBroke
from tests.support.scenery import grabbed, photograph, rgb


@pytest.mark.parametrize(("width", "height"), [(320, 192), (319, 191), (32, 7)])
def test_a_picture_arrives_about_as_it_was(width: int, height: int) -> None:
    there = photograph(height + height % 2, width + width % 2)
    data = stills.Encoder().encode(grabbed(there))
    seen = stills.Decoder(width, height).decode(data)
    assert seen.shape == (height, width, 3)
    assert np.abs(seen.astype(int) - rgb(there)[:height, :width]).mean() < 12


def test_a_part_of_a_larger_picture_needs_no_copy() -> None:
    whole = grabbed(photograph(300, 400))
    part = whole[40:240, 64:320]
    assert stills.Encoder().encode(part) == stills.Encoder().encode(np.ascontiguousarray(part))


def test_a_picture_of_another_size_or_none_is_refused() -> None:
    data = stills.Encoder().encode(grabbed(photograph(64, 64)))
    progressive = io.BytesIO()
    Image.new("RGB", (64, 64)).save(progressive, "JPEG", progressive=True)
    decoder = stills.Decoder(64, 64)
    for lie in (data[:-100], b"", b"no picture", progressive.getvalue()):
        with pytest.raises(PeerBroke):
            decoder.decode(lie)
    with pytest.raises(PeerBroke):
        stills.Decoder(66, 64).decode(data)


def test_it_is_offered_and_its_library_loaded_with_the_first_film_only() -> None:
    assert FILMS[stills.NAME] is stills.Decoder
    code = "import sys; from rs_relay.channels.screen import codecs; print('simplejpeg' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
