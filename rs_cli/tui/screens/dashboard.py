"""The dashboard: the sessions this technician holds, the customers who wait, and the ways to a new session."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import DataTable, Footer, Static

from rs_cli.joining import pairing, presence
from rs_cli.session.status import sentence
from rs_cli.state.book import Entry
from rs_cli.terminal.spoken import since
from rs_cli.tui.desk import Case, Desk
from rs_cli.tui.messages import EndSession, OpenSession
from rs_cli.tui.screens.confirm import Confirm
from rs_cli.tui.screens.devices import DevicesScreen
from rs_cli.tui.screens.new_session import NewSession
from rs_cli.tui.screens.prompt import Prompt
from rs_cli.tui.screens.standing import stands
from rs_relay.channels.consent import Grant
from rs_relay.errors import RsError
from rs_relay.link import codes
from rs_relay.text import printable
from rs_relay.wire.messages import Customer

NONE = """\
You hold no session.

n   makes a code for a customer to type
j   joins with the code a customer reads out
d   shows your devices"""
EVERY = 5.0  # seconds between two looks at who is online and who waits
LOOKS = {"online": "green", "connected": "bold green", "offline": "yellow", "ended": "dim"}


class Dashboard(Screen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new", "New code"),
        Binding("j", "join", "Join by code"),
        Binding("d", "devices", "Devices"),
        Binding("enter", "open", "Open"),
        Binding("e", "end", "End"),
        Binding("r", "refresh", "Refresh"),
        Binding("f1", "app.help", "Help"),
        Binding("q", "app.quit", "Quit"),
    ]

    def __init__(self, desk: Desk, relay: str) -> None:
        super().__init__()
        self._desk, self._relay = desk, relay
        self._states: dict[int, str] = {}
        self._customers: tuple[Customer, ...] = ()
        self._trouble = ""
        self._looking = False

    def compose(self) -> ComposeResult:
        yield Static(Text.assemble((" rs ", "reverse bold"), "  remote support"), id="brand")
        with Vertical(id="held"):
            yield DataTable(cursor_type="row", zebra_stripes=True, id="sessions")
            yield Static(
                NONE,
                id="none",
                markup=False,
            )
        with Vertical(id="waiting"):
            yield Static("", markup=False)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        table.add_columns(("#", "number"), ("Customer", "customer"), ("State", "state"), ("Since", "since"))
        table.add_columns(("Allowed", "grants"), ("New", "unread"))
        self.query_one("#held").border_title = "Sessions"
        self.query_one("#waiting").border_title = "Waiting customers"
        self.set_interval(EVERY, self.action_refresh)
        self.set_interval(1.0, self._draw)
        self.action_refresh()

    def on_screen_resume(self) -> None:
        self.action_refresh()

    # what is known

    def action_refresh(self) -> None:
        if not self._looking:
            self.run_worker(self._look(), group="look")
        self._draw()

    async def _look(self) -> None:
        self._looking = True
        try:
            (self._states, trouble), waiting = await asyncio.gather(
                presence.states(self._desk.book.entries(), self._desk.connect), self._waiting()
            )
            error = trouble or waiting
            self._trouble = error.message if error else ""
        finally:
            self._looking = False
        self._draw()

    async def _waiting(self) -> RsError | None:
        if not self._relay:
            return None
        try:
            self._customers = await self._desk.connect(self._relay).waiting()
        except RsError as error:
            self._customers = ()
            return error
        return None

    # how it looks

    def _draw(self) -> None:
        if not stands(self):
            return
        entries = self._desk.book.entries()
        self._draw_sessions(entries)
        self._draw_waiting()
        relay = self._relay.split("://")[-1] or "no relay: run `rs login URL`"
        brand = Text.assemble((" rs ", "reverse bold"), ("  remote support  ", "bold"), (f"{relay}  ", "dim"))
        self.query_one("#brand", Static).update(brand.append(self._trouble, "yellow"))

    def _draw_sessions(self, entries: list[Entry]) -> None:
        table = self.query_one(DataTable)
        shown = {row.value for row in table.rows if row.value}
        wanted = {str(entry.number) for entry in entries}
        for gone in shown - wanted:
            table.remove_row(gone)
        for entry in entries:
            cells = self._cells(entry)
            if str(entry.number) not in shown:
                table.add_row(*cells.values(), key=str(entry.number))
                continue
            for column, cell in cells.items():
                if table.get_cell(str(entry.number), column) != cell:
                    table.update_cell(str(entry.number), column, cell, update_width=True)
        table.display = bool(entries)
        self.query_one("#none").display = not entries

    def _cells(self, entry: Entry) -> dict[str, Text]:
        case = self._desk.cases.get(entry.number)
        state = self._state(entry, case)
        style = "dim" if not entry.is_open else ""
        unread = case.unread if case else 0
        return {
            "number": Text(str(entry.number), style or "bold"),
            "customer": Text(printable(entry.customer, 24) or "customer", style),
            "state": Text(state, LOOKS.get(state, "yellow" if entry.is_open else "dim")),
            "since": Text(presence.started(entry).removesuffix(" ago"), style),
            "grants": Text(_granted(case), style),
            "unread": Text(str(unread) if unread else "", "bold yellow"),
        }

    def _state(self, entry: Entry, case: Case | None) -> str:
        if not entry.is_open:
            return "ended"
        if case and not case.is_over:
            return sentence(case.status) if case.is_open else "reconnecting"
        return self._states.get(entry.number, "…")

    def _draw_waiting(self) -> None:
        shown = Text()
        for customer in self._customers:
            name = printable(customer.name, 40) or "customer"
            shown.append(f"{name:<30} ", "bold").append(f"code {customer.slot}-…   {since(customer.since)}\n", "dim")
        if not self._customers:
            shown.append("Nobody shows a code now.", "dim")
        else:
            shown.append("j: join one by the code they read out", "dim")
        self.query_one("#waiting Static", Static).update(shown)

    # what the keys do

    @on(DataTable.RowSelected)
    def _selected(self, event: DataTable.RowSelected) -> None:
        self._open(int(event.row_key.value or 0))

    def action_open(self) -> None:
        if number := self._chosen():
            self._open(number)

    def action_new(self) -> None:
        if self._relay_known():
            self.app.push_screen(NewSession(self._desk, self._relay), self._joined)

    def action_join(self) -> None:
        if self._relay_known():
            self.app.push_screen(Prompt("The customer's code", "482-915-733", codes.parse), self._join)

    def action_devices(self) -> None:
        if self._relay_known():
            connector = self._desk.connect(self._relay)
            self.app.push_screen(DevicesScreen(connector, self._relay, self._desk.book), self._joined)

    def action_end(self) -> None:
        number = self._chosen()
        if number and self._desk.book.get(number).is_open:
            question = f"End session {number}? It ends at both computers and cannot be resumed."
            self.app.push_screen(Confirm(question, "End it"), lambda yes: self._end(number) if yes else None)

    def _chosen(self) -> int:
        table = self.query_one(DataTable)
        if not table.row_count or not table.display:
            return 0
        key = table.coordinate_to_cell_key(table.cursor_coordinate).row_key.value
        return int(key or 0)

    def _relay_known(self) -> bool:
        if not self._relay:
            self.app.notify("Run `rs login URL` first.", title="No relay is set up", severity="warning", markup=False)
        return bool(self._relay)

    def _open(self, number: int) -> None:
        self.post_message(OpenSession(number))

    def _joined(self, entry: Entry | None) -> None:
        if entry:
            self._open(entry.number)

    def _join(self, text: str | None) -> None:
        if text:
            self.run_worker(self._join_now(codes.parse(text)))

    async def _join_now(self, code: codes.Code) -> None:
        try:
            paired = await self._desk.connect(self._relay).join(code)
            self._joined(await pairing.keep(paired, self._relay, self._desk.book))
        except RsError as error:
            self.app.notify(error.hint or " ", title=error.message, severity="error", markup=False)

    def _end(self, number: int) -> None:
        self.post_message(EndSession(number))


def _granted(case: Case | None) -> str:
    if not case or not case.state:
        return ""
    return " ".join(str(p) for p, grant in case.state.grants.items() if grant is Grant.GRANTED)
