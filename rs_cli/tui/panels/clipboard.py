"""The clipboard's face: whether both are kept alike, and which way the last text went. The text itself is not shown."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.widgets import Static

from rs_cli.features.clipboard import Moved
from rs_cli.tui.panels.panel import Panel
from rs_cli.tui.widgets.size import in_bytes


class ClipboardPanel(Panel):
    TITLE = "Clipboard"

    def compose(self) -> ComposeResult:
        yield Static(markup=False)

    def show(self) -> None:
        on = self.case.clipboard.watching
        shown = Text()
        if on:
            shown.append("● shared", "bold green")
        elif self.case.waiting_for == "clipboard":
            shown.append("… waiting for the customer", "yellow")
        else:
            shown.append("○ not shared", "dim")
        shown.append("   b: " + ("stop" if on else "share"), "dim")
        if self.case.moved:
            shown.append("\n" + _went(self.case.moved), "dim")
        self.query_one(Static).update(shown)

    def press(self, key: str) -> None:
        self.case.keep_alike(not self.case.clipboard.watching)


def _went(moved: Moved) -> str:
    way = "← from the customer" if moved.from_customer else "→ to the customer"
    return f"{way}, {in_bytes(moved.size)}{'' if moved.taken else ': too large, not copied'}"
