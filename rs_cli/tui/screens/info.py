"""What the customer's computer is, and the programs that run on it, looked at again and again while this is open.

A program is ended by its number and start as they were in the row: should another have taken the number by the time
that the question is answered, nothing happens.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import DataTable, Footer, Static

from rs_cli.features.manage import Manage
from rs_cli.features.sysinfo import Sysinfo
from rs_cli.terminal import machine
from rs_cli.terminal.listing import human
from rs_cli.tui.desk import Case
from rs_cli.tui.screens.confirm import Confirm
from rs_cli.tui.screens.standing import stands
from rs_cli.tui.widgets.status_line import StatusLine
from rs_relay.channels.sysinfo import Attention, Process, System
from rs_relay.text import printable

EVERY = 3.0  # seconds between two looks
SHOWN = 300  # programs
ORDERS = ("cpu", "memory", "name", "started")
COLUMNS = ("PID", "USER", "CPU %", "MEMORY", "STATE", "COMMAND")


class Info(Screen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("k", "kill", "End program"),
        Binding("s", "order", "Order"),
        Binding("r", "again", "Refresh"),
        Binding("f1", "app.help", "Help"),
        Binding("q,escape", "dismiss", "Back"),
    ]

    def __init__(self, case: Case) -> None:
        super().__init__()
        self.case = case
        self._sysinfo, self._manage = Sysinfo(), Manage()
        self._looking: asyncio.Task[None] | None = None
        self._now = asyncio.Event()
        self._order = ORDERS[0]
        self._found: list[Process] = []
        self._rows: dict[str, Process] = {}

    def compose(self) -> ComposeResult:
        yield StatusLine(self.case)
        with VerticalScroll(id="about"):
            yield Static("Waiting for the customer's computer …", markup=False)
        yield DataTable(cursor_type="row", zebra_stripes=True, id="programs")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one("#about").border_title = "Computer"
        table = self.query_one(DataTable)
        table.border_title = "Programs"
        table.add_columns(*((name, name) for name in COLUMNS))
        table.focus()
        self._looking = self.case.do(self.case.session.during(self._sysinfo, self._look()))

    async def on_unmount(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
        await self.case.session.drop(self._sysinfo)
        await self.case.session.drop(self._manage)

    # what the keys do

    def action_again(self) -> None:
        self._now.set()

    def action_order(self) -> None:
        self._order = ORDERS[(ORDERS.index(self._order) + 1) % len(ORDERS)]
        self._draw()

    def action_kill(self) -> None:
        table = self.query_one(DataTable)
        if not table.is_valid_row_index(table.cursor_row):
            return
        key = table.coordinate_to_cell_key(table.cursor_coordinate).row_key.value
        if (process := self._rows.get(key or "")) is None:
            return
        name = printable(process.name, 40)
        question = f"End {name} ({process.pid}) of {printable(process.user, 30)}? What is not saved in it is lost."

        def answered(yes: bool | None) -> None:
            if yes:
                self.case.do(self._kill(process))

        self.app.push_screen(Confirm(question, "End it"), answered)

    async def _kill(self, process: Process) -> None:
        done = await self.case.session.during(self._manage, self._manage.kill(process.pid, process.started))
        if done.alive:
            title = f"{printable(process.name, 40)} has not ended"
            stronger = f"`rs kill {self.case.entry.number} {process.pid} -s KILL` is stronger."
            self.app.notify(stronger, title=title, severity="warning", markup=False)
        self._now.set()

    # what is seen

    async def _look(self) -> None:
        attention: Attention | None = None
        checking = asyncio.create_task(self._sysinfo.check())
        try:
            while True:
                self._now.clear()
                system = await self._sysinfo.look(0)
                self._found = await self._sysinfo.processes()
                if checking.done():
                    attention = checking.result()
                self._show(system, attention)
                try:
                    async with asyncio.timeout(EVERY):
                        await self._now.wait()
                except TimeoutError:
                    pass
        finally:
            checking.cancel()
            await asyncio.gather(checking, return_exceptions=True)

    def _show(self, system: System, attention: Attention | None) -> None:
        if not stands(self):
            return
        about = self.query_one("#about")
        lines = machine.about(system, attention, max(about.content_size.width - 1, 40))
        about.query_one(Static).update(Text("\n".join(lines)))
        self._draw()

    def _draw(self) -> None:
        """The cursor stays on its program, wherever that is now; at the top it stays at the top."""
        table = self.query_one(DataTable)
        at, scrolled = table.cursor_row, table.scroll_y
        chosen = ""
        if at > 0 and table.is_valid_row_index(at):
            chosen = table.coordinate_to_cell_key(table.cursor_coordinate).row_key.value or ""
        table.clear()
        shown = machine.sorted_by(self._found, self._order)[:SHOWN]
        self._rows = {f"{process.pid}@{process.started}": process for process in shown}
        for key, process in self._rows.items():
            table.add_row(*_cells(process), key=key)
        table.border_subtitle = f"{len(self._found)}, by {self._order}"
        table.move_cursor(row=list(self._rows).index(chosen) if chosen in self._rows else 0, scroll=False)
        table.scroll_to(y=scrolled, animate=False)


def _cells(process: Process) -> tuple[Text, ...]:
    """As text, never as markup, whatever a program calls itself."""
    command = " ".join(process.command.split()) or f"[{process.name}]"
    return (
        Text(str(process.pid), justify="right"),
        Text(printable(process.user, 12)),
        Text(f"{process.cpu:.1f}", justify="right"),
        Text(human(process.memory), justify="right"),
        Text(printable(process.state, 8)),
        Text(printable(command, 200)),
    )
