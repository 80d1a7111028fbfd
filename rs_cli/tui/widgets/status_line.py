"""One line: which session, how the connection stands, for how long, and how many look on."""

from __future__ import annotations

from collections.abc import Callable
from time import time

from rich.text import Text
from textual.widgets import Static

from rs_cli.session.status import Connecting, Ended, Lost, Open, Status, Stopped, sentence
from rs_cli.terminal.spoken import since
from rs_cli.tui.desk import Case
from rs_relay.text import printable


class StatusLine(Static):
    def __init__(self, case: Case) -> None:
        super().__init__(markup=False)
        self._case = case
        self._stop: Callable[[], None] = lambda: None

    def on_mount(self) -> None:
        self._stop = self._case.watch(lambda: self.call_later(self._draw))
        self.set_interval(1.0, self._draw)
        self._draw()

    def on_unmount(self) -> None:
        self._stop()

    def _draw(self) -> None:
        self.update(line(self._case, time()))


def line(case: Case, now: float) -> Text:
    customer = printable((case.state.customer if case.state else "") or case.entry.customer, 30)
    shown = Text(no_wrap=True, overflow="ellipsis")
    shown.append(f" {case.entry.number} ", "reverse bold")
    shown.append(f" {customer or 'customer'}  ", "bold")
    shown.append(f"● {sentence(case.status)}", colour(case.status))
    if case.is_open:
        links = case.state.links if case.state else 1
        others = f", {links} links" if links > 1 else ""
        shown.append(f"  {since(now - case.entry.created)}{others}", "dim")
        if with_you := [printable(one.name, 20) for one in (case.state.present if case.state else ()) if not one.you]:
            shown.append(f"  with {', '.join(with_you)}", "bold yellow")
    relay = case.entry.relay.split("://")[-1]
    return shown.append(f"  via {relay}", "dim")


def colour(status: Status) -> str:
    match status:
        case Open():
            return "green"
        case Connecting() | Lost():
            return "yellow"
        case Ended() | Stopped():
            return "red"
