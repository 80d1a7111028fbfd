"""One transfer in full: what is told of it in a line elsewhere, and which files failed, and why."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from rs_cli.features.files import State, Transfer
from rs_cli.transfers import rates, speed
from rs_cli.tui.desk import Case
from rs_cli.tui.screens.standing import stands
from rs_relay.text import printable
from rs_relay.transfer.part import amount

FAILURES = 200  # listed
NAME = 200  # cells


class TransferScreen(ModalScreen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [("escape,q,enter", "dismiss", "Close")]

    def __init__(self, case: Case, transfer: Transfer) -> None:
        super().__init__()
        self._case, self._transfer = case, transfer
        self._stop: Callable[[], None] = lambda: None

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog wide"):
            yield Static(as_text(self._transfer), markup=False)

    def on_mount(self) -> None:
        self._stop = self._case.watch(lambda: self.call_later(self._draw))

    def on_unmount(self) -> None:
        self._stop()

    def _draw(self) -> None:
        if stands(self):
            self.query_one(Static).update(as_text(self._transfer))


def as_text(transfer: Transfer) -> Text:
    order, progress, report = transfer.order, transfer.progress, transfer.report
    shown = Text.assemble((printable(transfer.label, NAME), "bold"), f"\n{transfer.state}")
    if transfer.error and transfer.state is State.FAILED:
        shown.append(f": {printable(transfer.error.message)} {printable(transfer.error.hint)}", "red")
    way = "to the customer" if order.sending else "from the customer"
    facts = {
        "way": way + (f", number {transfer.id} in `rs transfers`" if transfer.id else ""),
        "moved": rates.part(progress.done, progress.total),
        "there before": amount(progress.resumed) if progress.resumed else "",
        "files": f"{progress.files} of {progress.all_files}" if progress.all_files else "",
        "now": printable(progress.name, NAME) if transfer.state is State.MOVING else "",
        "rate": rates.shown(transfer.rate) if transfer.state is State.MOVING else "",
        "left": speed.shown(transfer.seconds_left),
        "limit": rates.shown(transfer.limit) if transfer.limit >= 0 else "",
        "skipped": str(report.skips or ""),
        "failed": str(report.failures or ""),
    }
    for name, value in facts.items():
        if value:
            shown.append(f"\n{name:<13}", "dim").append(value)
    for outcome in report.failed[:FAILURES]:
        if outcome.error:
            shown.append(f"\n✗ {printable(outcome.name, NAME)}: ", "red").append(printable(outcome.error.message))
    if report.failures > min(FAILURES, len(report.failed)):
        shown.append(f"\n… and {report.failures - min(FAILURES, len(report.failed))} more", "dim")
    return shown
