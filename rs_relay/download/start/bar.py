"""How much is left to be fetched, on one line of the customer's terminal, which is gone when all is there."""

from __future__ import annotations

import sys
import time
from typing import TextIO

from .words import say

WIDTH = 24
EVERY = 0.1  # seconds between two looks of the line


class Bar:
    """`total`: bytes. Where nobody looks (no terminal) it is one line, once."""

    def __init__(self, total: int, out: TextIO = sys.stderr) -> None:
        self._total, self._left, self._out = total, total, out
        self._moves = out.isatty()
        self._shown = 0.0
        if not self._moves:
            self._say(say("Fetching what rs-agent needs, once: {size} KB.").format(size=_kb(total)) + "\n")

    def came(self, more: int) -> None:
        """`more` bytes have arrived."""
        self._left -= more
        if self._moves and time.monotonic() - self._shown >= EVERY:
            self._shown = time.monotonic()
            full = round(WIDTH * (1 - self._left / self._total))
            text = say("Fetching what rs-agent needs, once: {size} KB left").format(size=_kb(max(0, self._left)))
            self._say(f"\r[{'#' * full}{'.' * (WIDTH - full)}] {text} ")

    def close(self) -> None:
        if self._moves and self._shown:
            self._say("\r\033[K")

    def _say(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()


def _kb(size: int) -> str:
    return f"{size / 1000:.0f}"
