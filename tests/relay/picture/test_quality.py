from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from rs_relay.channels.screen.tiles import SIDE
from rs_relay.picture import quality
from tests.support.scenery import page, photograph, words


def tiles(picture: np.ndarray) -> np.ndarray:
    rows, columns = picture.shape[0] // SIDE, picture.shape[1] // SIDE
    whole = picture[: rows * SIDE, : columns * SIDE].reshape(rows, SIDE, columns, SIDE)
    return np.ascontiguousarray(whole.transpose(0, 2, 1, 3)).reshape(-1, SIDE, SIDE)


def share(picture: np.ndarray) -> float:
    return float(quality.photographic(tiles(picture)).mean())


def terminal() -> np.ndarray:
    image = Image.new("RGB", (640, 480), (0, 0, 0))
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(11)
    for n, y in enumerate(range(0, 480, 13)):
        draw.text((0, y), "M@W#%&8B" * 14, fill=((n * 40) % 256, 255 - n * 5, 90), font=font)
    return words(np.asarray(image))


def gradient(axis: int) -> np.ndarray:
    ramp = np.linspace(20, 200, 640 if axis else 480).astype(np.uint8)
    return words(np.broadcast_to(ramp[None, :, None] if axis else ramp[:, None, None], (480, 640, 3)))


@pytest.mark.parametrize(
    "text",
    [page(480, 640), terminal(), gradient(0), gradient(1), np.zeros((480, 640), np.uint32)],
    ids=["page", "dense terminal", "gradient down", "gradient along", "flat"],
)
def test_text_and_flat_areas_are_no_photographs(text: np.ndarray) -> None:
    assert share(text) == 0


@pytest.mark.parametrize("seed", range(3))
def test_photographs_are(seed: int) -> None:
    assert share(photograph(480, 640, seed)) > 0.95


def test_the_fourth_byte_means_nothing() -> None:
    noisy = page(480, 640) | np.random.default_rng(0).integers(0, 256, (480, 640), dtype=np.uint32) << 24
    assert share(noisy.astype(np.uint32)) == 0


def mask(count: int) -> np.ndarray:
    return np.arange(100).reshape(10, 10) < count


ALL, NONE = mask(100), mask(0)


@pytest.mark.parametrize(
    ("damaged", "photographs", "moving", "lossy"),
    [
        (ALL, ALL, NONE, 100),
        (ALL, NONE, ALL, 0),
        (ALL, mask(quality.WORTH_IT), NONE, quality.WORTH_IT),
        (ALL, mask(quality.WORTH_IT - 1), NONE, 0),  # an icon is sent exactly
        (ALL, mask(5), mask(3), 3),  # but not if it keeps moving
        (mask(4), ALL, NONE, 0),
        (NONE, ALL, ALL, 0),
    ],
)
def test_what_is_lossy(damaged: np.ndarray, photographs: np.ndarray, moving: np.ndarray, lossy: int) -> None:
    chosen = quality.lossy(damaged, photographs, moving)
    assert int(chosen.sum()) == lossy
    assert not (chosen & ~damaged).any()


@pytest.mark.parametrize(
    ("tiles", "allowance", "wanted"),
    [(900, 10**9, 75), (900, 70_000, 50), (900, 35_000, 15), (900, 100, 5), (0, 0, 75)],
)
def test_a_photograph_is_as_good_as_the_line_allows(tiles: int, allowance: int, wanted: int) -> None:
    assert quality.jpeg_quality(tiles, allowance) == wanted
