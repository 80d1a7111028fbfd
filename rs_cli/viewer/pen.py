"""The mouse while a drawing tool is in the hand: what it does on the glass is a stroke, and nothing of it goes to the
customer's computer.

Each place is drawn here at once, and told at most every TELL_MS: what was drawn meanwhile goes as one message.
"""

from __future__ import annotations

import secrets
import tkinter as tk
from collections.abc import Callable

from rs_cli.viewer import pipe
from rs_relay.channels.draw import ALL, MAX_PIECE, Begin, More, Tool
from rs_relay.drawing.hand import Hand, Said

TELL_MS = 33  # thirty times a second: a smooth line, and 2 kB/s of it


class Pen:
    """`show` draws over the picture, `say` tells the session's process, `changed` when the tool is another."""

    def __init__(
        self,
        widget: tk.Misc,
        show: Callable[[Said], None],
        say: Callable[[pipe.Drawn | pipe.Pen], None],
        changed: Callable[[], None],
    ) -> None:
        self.taken = pipe.Pen()
        self._widget, self._show, self._say, self._changed = widget, show, say, changed
        self._hand: Hand | None = None
        self._drawing: int | None = None  # the stroke that is begun
        self._waiting: list[Said] = []
        self._telling: str | None = None

    @property
    def on(self) -> bool:
        return self.taken.tool is not None

    def take(self, pen: pipe.Pen) -> None:
        """Another tool, or none. What is begun ends."""
        if pen != self.taken:
            self.released()
            self.taken = pen
            self._changed()

    def put_away(self) -> None:
        """The technician has enough of it."""
        self.take(pipe.Pen())
        self._say(self.taken)

    def pressed(self, x: int, y: int) -> None:
        """At a pixel of the customer's desktop."""
        if self.taken.tool is not Tool.LASER:
            self.released()
            self._begin(x, y)

    def moved(self, x: int, y: int) -> None:
        if self._hand is None and self.taken.tool is Tool.LASER:
            self._begin(x, y)
        elif self._hand is not None:
            self._do(self._hand.draw([(x, y)]))

    def released(self) -> None:
        """A laser pointer stays where it is, until it is put away."""
        if self._hand is not None:
            self._do(self._hand.end())
        self._hand = self._drawing = None
        self._tell()

    def lifted(self) -> None:
        """The button is up."""
        if self.taken.tool is not Tool.LASER:
            self.released()

    def erased(self, number: int) -> None:
        """A stroke is no more; the one that is being drawn is drawn on by nobody."""
        if number in (ALL, self._drawing):
            self._hand = self._drawing = None

    def _begin(self, x: int, y: int) -> None:
        tool, colour, width = self.taken.tool, self.taken.colour, self.taken.width
        if tool is not None:
            self._hand = Hand(tool, colour, width, lambda: secrets.randbits(52) + 1)
            self._do(self._hand.draw([(x, y)]))

    def _do(self, said: list[Said]) -> None:
        for each in said:
            if isinstance(each, Begin):
                self._drawing = each.id
            if self.taken.tool is not Tool.LASER:  # the pointer itself shows where it points
                self._show(each)
            self._wait(each)
        if said and self._telling is None:
            self._telling = self._widget.after(TELL_MS, self._tell)

    def _wait(self, said: Said) -> None:
        last = self._waiting[-1] if self._waiting else None
        if isinstance(said, More) and isinstance(last, More) and last.id == said.id:
            every = self.taken.tool in (Tool.PEN, Tool.HIGHLIGHTER)
            if not every or len(last.points) + len(said.points) <= MAX_PIECE:
                self._waiting[-1] = More(said.id, (last.points if every else ()) + said.points)
                return
        self._waiting.append(said)

    def _tell(self) -> None:
        if self._telling is not None:
            self._widget.after_cancel(self._telling)
            self._telling = None
        waiting, self._waiting = self._waiting, []
        for said in waiting:
            self._say(pipe.Drawn(said))
