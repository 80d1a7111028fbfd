"""Pixels of an X screen where no memory can be shared with its server (X over ssh): through the socket, by mss.

A part costs what it weighs, so the last picture is kept and parts are put into it.
"""

from __future__ import annotations

from collections.abc import Sequence

import mss
import numpy as np
from mss.exception import ScreenShotError

from rs_relay.capture.base import Area, Monitor, Pixels, PointerPlace, ScreenChanged
from rs_relay.errors import LocalProblem


class Afar:
    """Raises LocalProblem where nothing can be seen."""

    def __init__(self, display: str | None) -> None:
        self._display = display
        self._camera = self._opened()
        self._held: Monitor | None = None
        self._seen: Pixels = np.zeros((0, 0, 4), np.uint8)

    def see(self, area: Monitor, parts: Sequence[Area] | None) -> Pixels:
        """As Screen.grab. Raises ScreenChanged."""
        try:
            if parts is None or area != self._held:
                self._held, self._seen = None, self._taken(area)
            else:
                for part in parts:
                    x, y = part.x - area.x, part.y - area.y
                    self._seen[y : y + part.height, x : x + part.width] = self._taken(part)
        except ScreenShotError as e:
            self.forget()
            raise ScreenChanged("The screen of this computer has just changed its size or its monitors.", "") from e
        self._held = area
        return self._seen

    def pointer(self) -> PointerPlace | None:
        """Not known here."""
        return None

    def forget(self) -> None:
        """The screen may have another size: mss learns it when it is opened."""
        self._held = None
        self._camera.close()
        self._camera = self._opened()

    def close(self) -> None:
        self._camera.close()

    def _taken(self, area: Monitor | Area) -> Pixels:
        shot = self._camera.grab({"left": area.x, "top": area.y, "width": area.width, "height": area.height})
        return np.frombuffer(shot.raw, np.uint8).reshape(area.height, area.width, 4)  # a bytearray: it can be written

    def _opened(self) -> mss.MSS:
        try:
            return mss.MSS(display=self._display)
        except (ScreenShotError, OSError) as e:
            raise LocalProblem(
                "The screen of this computer cannot be captured.",
                "rs needs a screen of 24 or 32 bit colour and the libraries libxcb, -randr, -render, -shm and -xfixes.",
            ) from e
