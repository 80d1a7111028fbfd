"""The screen turned round: whether the customer sees this computer's screen now."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.widgets import Static

from rs_cli.tui.panels.panel import Panel


class SharePanel(Panel):
    TITLE = "Your screen"

    def compose(self) -> ComposeResult:
        yield Static(markup=False)

    def show(self) -> None:
        share = self.case.share
        shown = Text()
        if share is None:
            shown.append("○ not shown   m: show it", "dim")
        elif share.seen:
            shown.append("● SHOWN TO THE CUSTOMER", "bold red").append("   m: stop", "dim")
        else:
            shown.append("… waiting for the customer", "yellow").append("   m: stop", "dim")
        self.query_one(Static).update(shown)

    def press(self, key: str) -> None:
        self.case.show_mine(self.case.share is None)
