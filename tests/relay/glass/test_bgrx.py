from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rs_relay.glass.bgrx import convert


def plainly(rgb: np.ndarray) -> np.ndarray:
    wide = rgb.astype(np.uint32)
    return wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 5), st.integers(0, 5), st.integers(0, 2**31))
def test_each_pixel_is_its_word(width: int, height: int, right: int, below: int, seed: int) -> None:
    """Also of a part of a larger picture, and of the very last pixels of one."""
    picture = np.random.default_rng(seed).integers(0, 256, (height + below, width + right, 3), dtype=np.uint8)
    part = picture[below:, right:]
    out = np.full((height + 2, width + 2), 0xDEADBEEF, np.uint32)
    convert(part, out[1:-1, 1:-1])
    assert np.array_equal(out[1:-1, 1:-1], plainly(part))
    edge = out.copy()
    edge[1:-1, 1:-1] = 0xDEADBEEF
    assert (edge == 0xDEADBEEF).all()  # nothing beside it was touched


def test_pixels_that_lie_otherwise_are_refused() -> None:
    with pytest.raises(ValueError, match="lie"):
        convert(np.zeros((4, 8, 3), np.uint8)[:, ::2], np.zeros((4, 4), np.uint32))
    with pytest.raises(ValueError, match="lie"):
        convert(np.zeros((4, 5, 3), np.uint8), np.zeros((4, 4), np.uint32))
