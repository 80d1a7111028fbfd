"""The clipboard's face: whether both are kept alike, which way the last text went, and what else was copied there. The
text itself is not shown."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.widgets import Static

from rs_cli.features.clipboard import Moved
from rs_cli.features.clips import beside_text
from rs_cli.tui.panels.panel import Panel
from rs_cli.tui.widgets.size import in_bytes
from rs_relay.channels.clips import Format, Item, Offered


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
        if self.case.offered and (item := beside_text(self.case.offered)):
            shown.append("\ny: get ", "dim")
            shown.append(_named(item, self.case.offered), "bold")
        self.query_one(Static).update(shown)

    def press(self, key: str) -> None:
        if key == "y":
            self.case.take_clipboard(lambda text: self.app.notify(text, title="Clipboard", markup=False))
        else:
            self.case.keep_alike(not self.case.clipboard.watching)


def _named(item: Item, offered: Offered) -> str:
    if item.format is not Format.FILES:
        return f"a picture, {in_bytes(item.size)}{'' if item.fits else ', too large to get'}"
    many = [(offered.files, "file"), (offered.folders, "folder")]
    return f"{', '.join(f'{n} {what}s' if n > 1 else f'a {what}' for n, what in many if n)}, {in_bytes(item.size)}"


def _went(moved: Moved) -> str:
    way = "← from the customer" if moved.from_customer else "→ to the customer"
    return f"{way}, {in_bytes(moved.size)}{'' if moved.taken else ': too large, not copied'}"
