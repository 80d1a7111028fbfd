"""A program with nothing between key and pixel: any key changes a block's colour, Return changes the whole window.

    python -m tests.support.echo_client DISPLAY      (covers the display; prints `ready`; ends when killed)

The background is one of two pictures that look like documents: black strokes on white, the second inverted in its
upper half, so that a full change is neither a flat colour nor noise.
"""

from __future__ import annotations

import sys

import numpy as np
from Xlib import X
from Xlib.display import Display

BLOCK = 96  # pixels, a side
COLOURS = (0xFF00FF, 0x00C800)


def document(width: int, height: int, seed: int) -> bytes:
    """BGRX rows that compress about as a page of text does."""
    rng = np.random.default_rng(seed)
    page = np.full((height, width), 255, np.uint8)
    for y in range(12, height - 12, 18):
        x = 20 + int(rng.integers(0, 60))
        while x < width - 40:
            word = int(rng.integers(12, 60))
            strokes = rng.random((10, word)) < 0.35
            page[y : y + 10, x : x + word][strokes[:, : page[y : y + 10, x : x + word].shape[1]]] = 20
            x += word + 8
    picture = np.repeat(page[..., None], 4, axis=2)
    if seed % 2:
        picture[: height // 2] = 255 - picture[: height // 2]
    return picture.tobytes()


def main() -> None:
    display = Display(sys.argv[1])
    screen = display.screen()
    width, height = screen.width_in_pixels, screen.height_in_pixels
    window = screen.root.create_window(
        0, 0, width, height, 0, screen.root_depth, X.InputOutput, X.CopyFromParent,
        background_pixel=0xFFFFFF, override_redirect=True, event_mask=X.KeyPressMask | X.ExposureMask,
    )  # fmt: skip
    window.set_wm_name("echo")
    window.map()
    gc = window.create_gc()
    pages = []
    for seed in (0, 1):
        pixmap = window.create_pixmap(width, height, screen.root_depth)
        picture, row = document(width, height, seed), width * 4
        rows = max(1, 200_000 // row)
        for y in range(0, height, rows):
            part = picture[y * row : (y + rows) * row]
            pixmap.put_image(gc, 0, y, width, len(part) // row, X.ZPixmap, screen.root_depth, 0, part)
        pages.append(pixmap)
    page, colour = 0, 0

    def draw(whole: bool) -> None:
        if whole:
            window.copy_area(gc, pages[page], 0, 0, width, height, 0, 0)
        gc.change(foreground=COLOURS[colour])
        window.fill_rectangle(gc, width // 2, height // 2, BLOCK, BLOCK)
        display.flush()

    display.sync()
    window.set_input_focus(X.RevertToPointerRoot, X.CurrentTime)
    draw(True)
    display.sync()
    print("ready", flush=True)
    while True:
        event = display.next_event()
        if event.type == X.Expose:
            draw(True)
        elif event.type == X.KeyPress:
            whole = display.keycode_to_keysym(event.detail, 0) == 0xFF0D
            if whole:
                page ^= 1
            else:
                colour ^= 1
            draw(whole)


if __name__ == "__main__":
    main()
