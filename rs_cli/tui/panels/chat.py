"""Chat's face: the conversation, and a line to write in."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, RichLog

from rs_cli.tui.panels.panel import Panel
from rs_relay.channels.chat import MAX_TEXT, Line, Who
from rs_relay.text import printable

STYLES = {Who.TECHNICIAN: "bold cyan", Who.CUSTOMER: "bold green", Who.SYSTEM: "dim"}


class Writing(Input):
    """The line one writes in. It says in the footer how to leave it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Say"),
        Binding("escape", "screen.leave", "Leave the line"),
    ]


class ChatPanel(Panel):
    TITLE = "Chat"
    _shown = 0

    def compose(self) -> ComposeResult:
        log = RichLog(wrap=True, markup=False, highlight=False, min_width=20)
        log.can_focus = False
        yield log
        yield Writing(placeholder="c: write to the customer", max_length=MAX_TEXT)

    def show(self) -> None:
        log = self.query_one(RichLog)
        for line in self.case.chat.lines[self._shown :]:
            log.write(as_text(line))
            self._shown += 1
        if self.screen.is_current:
            self.case.read()
        self.query_one(Writing).disabled = self.case.is_over

    def press(self, key: str) -> None:
        self.query_one(Writing).focus()

    @on(Input.Submitted)
    def _say(self, event: Input.Submitted) -> None:
        text = event.value.strip()
        if text:
            self.case.say(text)
            event.input.clear()


def as_text(line: Line) -> Text:
    """Time, who, what: never as markup, whatever the other side wrote."""
    shown = Text()
    shown.append(datetime.fromtimestamp(line.at).strftime("%H:%M "), "dim")
    if line.who is Who.SYSTEM:
        return shown.append(printable(line.text, MAX_TEXT, lines=True), "dim italic")
    name = printable(line.name, 24) or str(line.who)
    shown.append(f"{name}  ", STYLES[line.who])
    return shown.append(printable(line.text, MAX_TEXT, lines=True))
