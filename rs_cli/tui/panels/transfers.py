"""The transfers' face: what is on its way, how far it is, and what became of it. The newest is on top."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from rs_cli.features.files import State, Transfer
from rs_cli.tui.panels.panel import Panel
from rs_cli.tui.screens.prompt import Prompt
from rs_cli.tui.widgets.paths import PathSuggester, existing
from rs_cli.tui.widgets.size import in_bytes
from rs_relay.errors import RsError, UsageError
from rs_relay.text import printable

SHOWN = 20  # transfers; the older ones have been read
BAR = 14  # cells
LABEL = 28  # cells
LOOKS = {
    State.WAITING: ("waiting", "yellow"),
    State.MOVING: ("", "cyan"),
    State.DONE: ("done", "green"),
    State.FAILED: ("failed", "red"),
    State.CANCELLED: ("cancelled", "dim"),
}


class TransfersPanel(Panel):
    TITLE = "Files"

    def compose(self) -> ComposeResult:
        scroll = VerticalScroll(Static(markup=False))
        scroll.can_focus = False
        yield scroll

    def show(self) -> None:
        transfers = self.case.files.transfers[-SHOWN:]
        shown = Text("\n").join(as_text(transfer) for transfer in reversed(transfers))
        if not transfers:
            shown = Text("f: send a file or folder\ng: get one from the customer", "dim")
        elif any(not transfer.ended.done() for transfer in transfers):
            shown.append("\nx: cancel what is under way", "dim")
        self.query_one(Static).update(shown)

    def press(self, key: str) -> None:
        match key:
            case "f":
                prompt = Prompt("Send a file or folder", "~/report.pdf", existing, PathSuggester())
                self.app.push_screen(prompt, self._send)
            case "g":
                prompt = Prompt("Get a file or folder of the customer's", "Documents/report.pdf", _named)
                self.app.push_screen(prompt, self._get)
            case "x":
                self.case.cancel_transfers()

    def _send(self, path: str | None) -> None:
        if path:
            self._begin(self.case.send, str(Path(path).expanduser()))

    def _get(self, path: str | None) -> None:
        if path:
            self._begin(self.case.fetch, path)

    def _begin(self, start: Callable[[str], None], path: str) -> None:
        try:
            start(path)
        except RsError as error:
            self.case.trouble(error)


def _named(text: str) -> None:
    if not text.strip():
        raise UsageError("Which one?", "The path as the customer's computer writes it, below their home.")


def as_text(transfer: Transfer) -> Text:
    """Two lines: which way and what; how far."""
    word, style = LOOKS[transfer.state]
    shown = Text(no_wrap=True, overflow="ellipsis")
    shown.append("→ " if transfer.sending else "← ", style)
    shown.append(printable(transfer.label, LABEL) + "\n")
    if transfer.state is State.MOVING:
        return shown.append_text(_moving(transfer))
    shown.append(f"  {word}", style)
    if transfer.error and transfer.state is State.FAILED:
        shown.append(f": {transfer.error.message}", "red")
    elif transfer.state is State.DONE:
        shown.append(f", {in_bytes(transfer.progress.done)}", "dim")
    return shown


def _moving(transfer: Transfer) -> Text:
    progress = transfer.progress
    speed = f" {in_bytes(transfer.rate)}/s" if transfer.rate else ""
    if progress.total <= 0:
        return Text(f"  {in_bytes(progress.done)}{speed}", "cyan")
    part = min(1.0, progress.done / progress.total)
    full = round(part * BAR)
    return Text.assemble("  ", ("━" * full, "cyan"), ("━" * (BAR - full), "dim"), f" {part:4.0%}", (speed, "dim"))
