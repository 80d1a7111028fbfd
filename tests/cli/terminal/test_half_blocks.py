from __future__ import annotations

import numpy as np
from PIL import Image
from rich.console import Console
from rich.segment import Segment

from rs_cli.terminal.half_blocks import HalfBlocks


def lines(pixels: np.ndarray) -> list[list[Segment]]:
    console = Console(width=200, color_system="truecolor", force_terminal=True)
    return list(Segment.split_lines(console.render(HalfBlocks(Image.fromarray(pixels)))))


def test_each_cell_shows_its_two_pixels() -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (6, 9, 3), np.uint8)
    shown = lines(pixels)
    assert len(shown) == 3
    for row, line in enumerate(shown):
        cells = [segment for segment in line for _ in segment.text]
        for column, segment in enumerate(cells):
            assert segment.style
            above, below = segment.style.color, segment.style.bgcolor
            assert above
            assert below
            assert tuple(above.get_truecolor()) == tuple(pixels[2 * row, column])
            assert tuple(below.get_truecolor()) == tuple(pixels[2 * row + 1, column])


def test_equal_cells_are_one_piece_and_an_odd_row_is_doubled() -> None:
    shown = lines(np.full((3, 50, 3), 9, np.uint8))
    assert [[segment.text for segment in line] for line in shown] == [["▀" * 50]] * 2
