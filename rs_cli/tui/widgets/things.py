"""A list of files with a cursor. Only the lines that are seen are ever made, so ten thousand are as quick as ten."""

from __future__ import annotations

import time
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from rs_cli.features.folders import Thing
from rs_cli.terminal.listing import human, moment
from rs_relay.channels.folders import Kind
from rs_relay.text import cells, printable

SIZE, WHEN = 7, 13  # cells of the columns right of the name
_LOOKS = {
    Kind.FOLDER: Style(color="bright_blue", bold=True),
    Kind.LINK: Style(color="cyan"),
    Kind.OTHER: Style(dim=True),
}
_ENDS = {Kind.FOLDER: "/", Kind.LINK: "@", Kind.OTHER: "?"}


class Things(ScrollView, can_focus=True):
    """`cursor` is the place of the one that is chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "go(-1)", show=False),
        Binding("down,j", "go(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown,space", "page(1)", show=False),
        Binding("home", "end(False)", show=False),
        Binding("end", "end(True)", show=False),
    ]

    cursor: reactive[int] = reactive(0)

    class Chosen(Message):
        """Enter, or a click on the one that was chosen already."""

    def __init__(self) -> None:
        super().__init__()
        self.things: list[Thing] = []
        self._now = time.time()

    @property
    def chosen(self) -> Thing | None:
        return self.things[self.cursor] if self.cursor < len(self.things) else None

    def fill(self, things: list[Thing], at: str = "") -> None:
        """The cursor goes to the one of the name `at`, if there is one."""
        self.things, self._now = things, time.time()
        self.virtual_size = Size(0, len(things))
        self.cursor = next((place for place, thing in enumerate(things) if thing.name == at), 0)
        self._reveal()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        place, width = y + self.scroll_offset.y, self.scrollable_content_region.width
        if place >= len(self.things):
            return Strip.blank(width)
        thing = self.things[place]
        entry = thing.entry
        size = human(entry.size) if entry.kind is Kind.FILE else ""
        right = f"{size:>{SIZE}}  {moment(entry.mtime, self._now):>{WHEN}}"
        room = max(width - len(right) - 2, 8)
        name = printable(thing.name, room - 1) + _ENDS.get(entry.kind, "")
        name += " " * (room - cells(name))
        style = _LOOKS.get(entry.kind, Style())
        dim = Style(dim=True)
        if place == self.cursor:
            style = dim = Style(reverse=True)
        return Strip([Segment(f" {name}", style), Segment(f" {right}", dim)]).adjust_cell_length(width, dim)

    def watch_cursor(self) -> None:
        self._reveal()
        self.refresh()

    def _reveal(self) -> None:
        self.scroll_to_region(Region(0, self.cursor, 1, 1), animate=False, force=True)

    def _to(self, place: int) -> None:
        self.cursor = max(0, min(place, len(self.things) - 1))

    def action_go(self, step: int) -> None:
        self._to(self.cursor + step)

    def action_page(self, step: int) -> None:
        self._to(self.cursor + step * max(self.size.height - 1, 1))

    def action_end(self, last: bool) -> None:
        self._to(len(self.things) - 1 if last else 0)

    def on_click(self, event: object) -> None:
        place = getattr(event, "y", 0) + self.scroll_offset.y
        if place >= len(self.things):
            return
        if place == self.cursor:
            self.post_message(self.Chosen())
        self.cursor = place
