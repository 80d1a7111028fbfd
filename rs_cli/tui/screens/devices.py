"""The devices: which there are, which are here now, and coming in at one by its access code."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import DataTable, Input, Static

from rs_cli.joining.coming_in import come_in, pin_of
from rs_cli.joining.picking import SHORT, place
from rs_cli.session.connector import Connector
from rs_cli.state.book import Book, Entry
from rs_cli.tui.screens.prompt import Prompt
from rs_cli.tui.screens.standing import stands
from rs_relay.errors import RsError
from rs_relay.text import printable
from rs_relay.wire.limits import TAG
from rs_relay.wire.messages import Device

NONE = "You have no device. `rs devices add ADDRESS` adds one that was set up on site."
EVERY = 5.0  # seconds between two looks at who is here


class AccessCode(Prompt):
    """The code is not shown while it is typed."""

    def on_mount(self) -> None:
        self.query_one(Input).password = True


class DevicesScreen(ModalScreen[Entry | None]):
    """Dismissed with the session at a device, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "cancel", "Cancel")]

    def __init__(self, connector: Connector, relay: str, book: Book) -> None:
        super().__init__()
        self._connector, self._relay, self._book = connector, relay, book
        self._devices: dict[str, Device] = {}

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static("Your devices", classes="title", markup=False)
            yield DataTable(cursor_type="row", zebra_stripes=True)
            yield Static("", classes="trouble", markup=False)
            yield Static("Enter: connect   Esc: back", classes="hint", markup=False)

    def on_mount(self) -> None:
        self.query_one(DataTable).add_columns("Name", "Tags", "State", "Id")
        self.set_interval(EVERY, self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        self.run_worker(self._look(), group="devices", exclusive=True)

    async def _look(self) -> None:
        try:
            found, trouble = await self._connector.devices(), None
        except RsError as error:
            found, trouble = [], error
        if not stands(self):
            return
        if trouble is not None:
            self._say(trouble)
            return
        found = sorted(found, key=lambda device: (not device.online, place(device).casefold()))
        if found != list(self._devices.values()):
            self._devices = {device.host: device for device in found}
            self._draw()
        if not found:
            self.query_one(".trouble", Static).update(NONE)

    def _draw(self) -> None:
        table = self.query_one(DataTable)
        chosen = table.cursor_row
        table.clear()
        for device in self._devices.values():
            style = "" if device.online else "dim"
            tags = " ".join(printable(tag, TAG) for tag in device.tags)
            state = Text("online", "green") if device.online else Text("offline", "yellow")
            cells = (Text(place(device), style), Text(tags, style), state, Text(device.host[:SHORT], "dim"))
            table.add_row(*cells, key=device.host)
        table.move_cursor(row=min(chosen, len(self._devices) - 1))

    @on(DataTable.RowSelected)
    def _selected(self, event: DataTable.RowSelected) -> None:
        device = self._devices[event.row_key.value or ""]
        try:
            pin_of(device)
        except RsError as error:
            self._say(error)
            return
        prompt = AccessCode(f"Access code of {place(device)}", "")
        self.app.push_screen(prompt, lambda code: self._come_in(device, code))

    def _come_in(self, device: Device, code: str | None) -> None:
        if code:
            self.query_one(".trouble", Static).update("Connecting …")
            self.run_worker(self._visit(device, code))

    async def _visit(self, device: Device, code: str) -> None:
        try:
            entry = await come_in(self._connector, device, code, self._relay, self._book)
        except RsError as error:
            self._say(error)
            return
        self.dismiss(entry)

    def _say(self, error: RsError) -> None:
        self.query_one(".trouble", Static).update(f"{error.message} {error.hint}")

    def action_cancel(self) -> None:
        self.dismiss(None)
