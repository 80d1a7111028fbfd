"""The picture at the technician's: frames in, pixels ready for the glass out. No Tk.

It holds the picture as the customer's computer sent it; scaling happens on the way to the glass and only for what is
looked at and has changed. Dimmed, it shows itself in pale grey: the link is lost and this is how it was.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image

from rs_relay.channels.screen.messages import Frame, Layout
from rs_relay.channels.screen.picture import Picture
from rs_relay.channels.screen.tiles import Pixels, Rect
from rs_relay.glass import bgrx
from rs_relay.glass.fit import Fit

# Grey level -> the paler one it is dimmed to: three fifths paper.
_PALE = [150 + level * 105 // 255 for level in range(256)]
# Pixels from which scaling is shared with a second thread, which Pillow and numpy leave the interpreter to: below, the
# handing over costs more than it saves.
SHARED = 128 * 1024


class Framebuffer:
    def __init__(self) -> None:
        self._picture = Picture()
        self.dimmed = False
        self._second = ThreadPoolExecutor(1, "scaling")

    @property
    def layout(self) -> Layout | None:
        return self._picture.layout

    @property
    def complete(self) -> bool:
        """Whether a whole update has come since the layout began."""
        return self._picture.complete

    @property
    def exact(self) -> bool:
        return self._picture.exact

    @property
    def lossy(self) -> int:
        """Tiles that are not the customer's own pixels yet."""
        return self._picture.lossy

    def begin(self, layout: Layout) -> None:
        """A new picture, not dimmed. Raises PeerBroke for an absurd size."""
        self._picture.reset(layout)
        self.dimmed = False

    def apply(self, frame: Frame) -> list[Rect]:
        """What changed. A frame of an elder layout, which was under way when a new one was asked for, is none.

        Raises PeerBroke for one that makes no sense."""
        layout = self._picture.layout
        if layout is not None and frame.layout < layout.number:
            return []
        return self._picture.apply(frame)

    def shown(self, fit: Fit, part: Rect) -> Image.Image:
        """The pixels of `part` of the shown picture, RGB."""
        if fit.exact:
            image = self._cut(part)
        else:
            around, box = fit.source(part)
            image = self._cut(around).resize((part.width, part.height), Image.Resampling.HAMMING, box)
        return image.convert("L").point(_PALE).convert("RGB") if self.dimmed else image

    def words(self, fit: Fit, part: Rect, out: bgrx.Words) -> None:
        """Write the pixels of `part` of the shown picture into `out`, which has its size."""
        if fit.exact and not self.dimmed:
            bgrx.convert(self._pixels(part), out)
        elif part.width * part.height < SHARED:
            self._write(fit, part, out)
        else:
            half = part.height // 2
            upper, lower = (
                Rect(part.x, part.y, part.width, half),
                Rect(part.x, part.y + half, part.width, part.height - half),
            )
            other = self._second.submit(self._write, fit, lower, out[half:])
            self._write(fit, upper, out[:half])
            other.result()

    def still(self) -> Image.Image:
        """The whole picture, pixel for pixel, not dimmed; a copy."""
        return Image.fromarray(self._picture.pixels)

    def _write(self, fit: Fit, part: Rect, out: bgrx.Words) -> None:
        bgrx.convert(np.asarray(self.shown(fit, part)), out)

    def _cut(self, part: Rect) -> Image.Image:
        return Image.fromarray(self._pixels(part))

    def _pixels(self, part: Rect) -> Pixels:
        return self._picture.pixels[part.y : part.y + part.height, part.x : part.x + part.width]
