"""The layer of drawings over the picture: what the technician has just drawn, and what no window over there shows.

Where the customer's desktop shows drawings, they come with the picture. A stroke of the technician's is then in this
layer only until the agent has it and an update came after that: so it is seen at once, and never twice for long.
"""

from __future__ import annotations

from collections.abc import Callable

from PIL import Image

from rs_relay.channels import draw
from rs_relay.channels.draw import ALL, Begin, Done, Erase, More, Standing, Where
from rs_relay.channels.screen.messages import Layout
from rs_relay.channels.screen.tiles import Rect
from rs_relay.drawing.board import Board, Stroke
from rs_relay.drawing.raster import View, around, grown, soft
from rs_relay.glass import layer
from rs_relay.glass.fit import Fit
from rs_relay.glass.pointer import Painting

SETTLE = 0.15  # seconds from the agent's word until an update is sure to have the stroke's end
LATEST = 3.0  # seconds after which it is taken to be in the picture, though no update came


class Drawings:
    """`erased` is told the number of a stroke that is no more, ALL for all."""

    def __init__(
        self, glass: Painting, clock: Callable[[], float], erased: Callable[[int], None] = lambda number: None
    ) -> None:
        self._glass, self._clock, self._erased = glass, clock, erased
        self._board = Board()
        self._own: set[int] = set()  # the agent has not said that it has them
        self._settling: dict[int, float] = {}  # it has; since when
        self._where = Where.PICTURE
        self._view: View | None = None

    def lie(self, fit: Fit | None, layout: Layout | None) -> None:
        """So the picture lies now; what it shows is painted by the caller."""
        if fit and layout:
            across, down = fit.shown_width / layout.width, fit.shown_height / layout.height
            self._view = View(layout.x, layout.y, across, down)

    def add(self, said: Begin | More | Done) -> None:
        """A piece of the technician's own stroke."""
        match said:
            case Begin(id=number):
                self._own.add(number)
                self._board.begin(said)
                self._paint(number)
            case More():
                self._go_on(said)

    def hear(self, said: draw.Down) -> None:
        """What the agent says of the board. Raises PeerBroke for what makes no sense."""
        match said:
            case Standing(where=where):
                self._where = where
                for number in [number for number in self._board.strokes if number not in self._own]:
                    self._erase(number)
            case Erase(id=number):
                self._erased(number)
                for each in list(self._board.strokes) if number == ALL else [number]:
                    self._erase(each)
            case Done(id=number) if number in self._own:
                self._own.discard(number)
                if self._where is not Where.PICTURE:
                    self._settling[number] = self._clock()
            case Begin(id=number) if number not in self._own:
                self._erase(number)
                self._board.begin(said)
                self._paint(number)
            case More(id=number) if number not in self._own:
                self._go_on(said)

    def updated(self) -> None:
        """An update of the picture has been painted."""
        self._settle(SETTLE)

    def tick(self) -> None:
        """A second has passed."""
        self._settle(LATEST)

    def covers(self) -> Rect | None:
        if self._view is None:
            return None
        found: Rect | None = None
        for stroke in self._board.strokes.values():
            found = layer.around(found, around(stroke, self._view))
        return found

    def draw(self, onto: Image.Image, part: Rect) -> None:
        if self._view:
            soft(onto, part, self._board.strokes.values(), self._view)

    def _go_on(self, said: More) -> None:
        before = self._board.strokes.get(said.id)
        self._board.more(said)
        after = self._board.strokes.get(said.id)
        if before and after and self._view:
            parts = [grown(before, after, self._view)] if after.grew_from(before) else self._places(before, after)
            self._glass.paint(parts)

    def _settle(self, seconds: float) -> None:
        now = self._clock()
        for number in [number for number, since in self._settling.items() if now - since >= seconds]:
            self._erase(number)

    def _erase(self, number: int) -> None:
        stroke = self._board.strokes.get(number)
        self._board.erase(number)
        self._own.discard(number)
        self._settling.pop(number, None)
        if stroke and self._view:
            self._glass.paint(self._places(stroke))

    def _paint(self, number: int) -> None:
        stroke = self._board.strokes.get(number)
        if stroke and self._view:
            self._glass.paint(self._places(stroke))

    def _places(self, *strokes: Stroke) -> list[Rect]:
        return [around(stroke, self._view) for stroke in strokes] if self._view else []
