"""The transfers' face: what is on its way, how far it is, and what became of it."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Static

from rs_cli.tui.panels.panel import Panel


class TransfersPanel(Panel):
    TITLE = "Files"

    def compose(self) -> ComposeResult:
        yield Static("", markup=False)

    def show(self) -> None:
        self.query_one(Static).update("f: send a file   g: get one")
