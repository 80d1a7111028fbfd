"""A picture among Textual's widgets, as the terminal shows it best. `use` says how; half blocks until then."""

from __future__ import annotations

from typing import Any

from PIL import Image
from textual.app import ComposeResult
from textual.containers import Center
from textual.widget import Widget
from textual.widgets import Static

from rs_cli.terminal.half_blocks import HalfBlocks
from rs_cli.terminal.picture import CELL, Terminal, Way, cells, fitted, name_colours_first

_terminal = Terminal(Way.BLOCKS, CELL)


def use(terminal: Terminal) -> None:
    """Widgets that are made from now on draw so."""
    global _terminal
    _terminal = terminal


class PictureView(Center):
    """As large as there is room."""

    def __init__(self) -> None:
        super().__init__()
        self._terminal = _terminal
        self._image: Image.Image | None = None
        self._inner: Any = _widget(_terminal.way)

    def compose(self) -> ComposeResult:
        yield self._inner

    def put(self, image: Image.Image) -> None:
        self._image = image
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        room, image = (self.content_size.width, self.content_size.height), self._image
        if image is None or not all(room):
            return
        columns, rows = cells(image.size, room, self._terminal.cell)
        self._inner.styles.width, self._inner.styles.height = columns, rows
        shown = fitted(image, columns, rows, self._terminal)
        if self._terminal.way is Way.BLOCKS:
            self._inner.update(HalfBlocks(shown))
        else:
            self._inner.image = shown


def _widget(way: Way) -> Widget:
    if way is Way.BLOCKS:
        return Static(markup=False)
    from textual_image import widget as made
    from textual_image.widget import sixel

    name_colours_first(sixel)
    return made.TGPImage() if way is Way.KITTY else made.SixelImage()
