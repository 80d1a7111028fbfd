"""The transfers' face: the queue in its order, then what became of the others, the newest first.

A cursor, and keys for what it stands on while the panel has the focus (t). Enter opens the details.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from rs_cli.features.files import State, Transfer
from rs_cli.transfers import rates, speed
from rs_cli.tui.desk import Case
from rs_cli.tui.panels.panel import Panel
from rs_cli.tui.screens.prompt import Prompt
from rs_cli.tui.screens.transfer import TransferScreen
from rs_cli.tui.widgets.paths import PathSuggester, existing
from rs_relay.errors import RsError, UsageError
from rs_relay.text import printable
from rs_relay.transfer.part import amount

SHOWN = 50  # that are over; the older ones have been read
BAR = 12  # cells
LABEL = 28  # cells
LOOKS = {
    State.QUEUED: ("in the queue", "dim"),
    State.WAITING: ("waiting for the connection", "yellow"),
    State.MOVING: ("", "cyan"),
    State.PAUSED: ("paused", "yellow"),
    State.DONE: ("done", "green"),
    State.FAILED: ("failed", "red"),
    State.CANCELLED: ("cancelled", "dim"),
    State.STOPPED: ("stopped", "red"),
}


class Queue(OptionList):
    """One transfer, two lines each. The keys work on the one under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "do('pause')", "Pause"),
        Binding("x,delete", "do('cancel')", "Cancel"),
        Binding("r", "do('retry')", show=False),
        Binding("l", "do('limit')", show=False),
        Binding("shift+up,minus", "do('up')", show=False),
        Binding("shift+down,plus", "do('down')", show=False),
        Binding("shift+home,asterisk", "do('first')", show=False),
    ]

    def on_focus(self) -> None:
        self.post_message(Panel.Redraw())

    def on_blur(self) -> None:
        self.post_message(Panel.Redraw())

    def action_do(self, what: str) -> None:
        if isinstance(self.parent, TransfersPanel):
            self.parent.do(what)


class TransfersPanel(Panel):
    TITLE = "Files"

    def __init__(self, case: Case) -> None:
        super().__init__(case)
        self._rows: list[Transfer] = []

    def compose(self) -> ComposeResult:
        yield Static(Text("f: send a file or folder\ng: get one from the customer", "dim"), markup=False)
        yield Queue(markup=False)

    def show(self) -> None:
        rows = self._order()
        listed = self.query_one(Queue)
        self.query_one(Static).display = not rows
        listed.display = bool(rows)
        self.border_subtitle = "r retry  l limit  ⏎ details" if listed.has_focus else ""
        if rows != self._rows:
            self._fill(listed, rows)
            return
        for place, transfer in enumerate(rows):
            listed.replace_option_prompt_at_index(place, as_text(transfer))

    def press(self, key: str) -> None:
        match key:
            case "f":
                prompt = Prompt("Send a file or folder", "~/report.pdf", existing, PathSuggester())
                self.app.push_screen(prompt, self._send)
            case "g":
                prompt = Prompt("Get files or folders of the customer's", "Documents/*.pdf", _named)
                self.app.push_screen(prompt, self._get)
            case "x":
                self.do("cancel")
            case "t":
                if self._rows:
                    self.query_one(Queue).focus()

    def do(self, what: str) -> None:
        """One of the queue's keys."""
        transfer = self._chosen()
        if transfer is None:
            return
        files = self.case.files
        match what:
            case "pause":
                (files.resume if transfer.state is State.PAUSED else files.pause)(transfer)
            case "cancel":
                self.case.do(files.cancel(transfer))
            case "retry":
                self._begin(self.case.retry, transfer)
            case "up" | "down":
                files.move(transfer, -1 if what == "up" else 1)
            case "first":
                files.move(transfer, None)
            case "limit":
                self.app.push_screen(
                    Prompt("At most how fast?", "500k, 2M, 4Mbit, none", rates.parse),
                    lambda text: files.set_limit(transfer, rates.parse(text)) if text else None,
                )

    @on(OptionList.OptionSelected)
    def _details(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.app.push_screen(TransferScreen(self.case, self._rows[event.option_index]))

    def _order(self) -> list[Transfer]:
        queue = self.case.files.queue
        over = [transfer for transfer in self.case.files.transfers if transfer.state.is_over]
        return queue + over[: -SHOWN - 1 : -1]

    def _fill(self, listed: Queue, rows: list[Transfer]) -> None:
        """The cursor stays on its transfer, wherever that has gone."""
        chosen = self._chosen()
        self._rows = rows
        listed.set_options([Option(as_text(transfer)) for transfer in rows])
        if rows:
            listed.highlighted = rows.index(chosen) if chosen in rows and listed.has_focus else 0

    def _chosen(self) -> Transfer | None:
        at = self.query_one(Queue).highlighted
        return self._rows[at] if at is not None and at < len(self._rows) else None

    def _send(self, path: str | None) -> None:
        if path:
            self._begin(self.case.send, str(Path(path).expanduser()))

    def _get(self, path: str | None) -> None:
        if path:
            self._begin(self.case.fetch, path)

    def _begin(self, start: Callable[[str], None] | Callable[[Transfer], None], what: str | Transfer) -> None:
        try:
            start(what)  # type: ignore[arg-type]
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
    progress, report = transfer.progress, transfer.report
    if transfer.error and transfer.state is State.FAILED:
        shown.append(f": {printable(transfer.error.message)}", "red")
    elif transfer.state is State.FAILED:
        shown.append(f": {report.failures} of {report.failures + report.files + report.skips} files", "red")
    elif transfer.state is State.DONE:
        shown.append(f", {amount(progress.done)}", "dim")
    elif transfer.state is State.PAUSED and progress.done:
        shown.append(f", {rates.part(progress.done, progress.total)}", "dim")
    return shown


def _moving(transfer: Transfer) -> Text:
    progress = transfer.progress
    rate = f" {rates.shown(transfer.rate)}" if transfer.rate >= 1 else ""
    if progress.total <= 0:
        return Text(f"  {amount(progress.done)}{rate}", "cyan")
    part = min(1.0, progress.done / progress.total)
    full = round(part * BAR)
    left = speed.shown(transfer.seconds_left)
    return Text.assemble(
        "  ", ("━" * full, "cyan"), ("━" * (BAR - full), "dim"), f" {part:.0%}", (rate, "dim"), (f" {left}", "dim")
    )
