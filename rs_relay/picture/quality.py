"""Photograph or text: which tiles may be sent lossily for a moment: pure.

Text, lines and flat areas have a neighbour of exactly the same colour at most pixels, along the row or along the
column; photographs and film hardly anywhere. What is taken for a photograph wrongly is blurred for REST seconds and
then exact; what is taken for text wrongly costs bytes. So the doubtful is text.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rs_relay.channels.screen.tiles import Mask
from rs_relay.picture.damage import RGB_ONLY

# Measured on 32-px tiles: text of 11 px in a terminal or a page 0.6 and more, photographs under 0.2.
SAME_NEIGHBOURS = 0.4
# Fewer photographic tiles than this are an icon or an avatar: 16 exact tiles are 48 KB at worst, once.
WORTH_IT = 16
REST = 0.3  # seconds without a change, after which a lossy tile is sent exactly
# Bytes a tile of a film at each quality; a noisy photograph takes twice as many.
JPEG_COSTS = {75: 113.0, 50: 75.0, 30: 52.0, 15: 35.0, 5: 22.0}
MOVING = 0.3  # seconds between two changes of a tile that count as moving


def photographic(tiles: npt.NDArray[np.uint32]) -> npt.NDArray[np.bool_]:
    """Which of `tiles` (n, 32, 32) look like a photograph."""
    sample = tiles[:, ::2] & RGB_ONLY  # every second row halves the work and changes no verdict that matters
    along = (sample[:, :, 1:] == sample[:, :, :-1]).mean(axis=(1, 2))
    doubtful = np.asarray(along < SAME_NEIGHBOURS, np.bool_)
    if doubtful.any():
        block = tiles[doubtful][:, :, ::2] & RGB_ONLY
        doubtful[doubtful] = (block[:, 1:] == block[:, :-1]).mean(axis=(1, 2)) < SAME_NEIGHBOURS
    return doubtful


def lossy(damaged: Mask, photographs: Mask, moving: Mask) -> Mask:
    """Which of the `damaged` tiles to send lossily: photographs, where they are many or where they keep moving."""
    wanted = damaged & photographs
    if int(wanted.sum()) >= WORTH_IT:
        return wanted
    return wanted & moving


def jpeg_quality(tiles: int, allowance: int) -> int:
    """Of 100: the best of JPEG_COSTS at which so many tiles fit into `allowance` bytes, or else the least."""
    return next((quality for quality, cost in JPEG_COSTS.items() if tiles * cost <= allowance), min(JPEG_COSTS))
