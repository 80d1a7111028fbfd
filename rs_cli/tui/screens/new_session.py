"""A code for the customer to type, as large as the terminal allows, while this end waits for them.

The code exists only while this screen is open: closing it retires the code, and so do its time and three wrong tries.
"""

from __future__ import annotations

from time import monotonic
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Digits, Static

from rs_cli.joining.link import join_link
from rs_cli.joining.pairing import keep
from rs_cli.state.book import Entry
from rs_cli.tui.desk import Desk
from rs_cli.tui.screens.standing import stands
from rs_relay.errors import RsError
from rs_relay.link.codes import Code


class NewSession(ModalScreen[Entry | None]):
    """Dismissed with the new session, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape,q", "cancel", "Cancel")]

    def __init__(self, desk: Desk, relay: str) -> None:
        super().__init__()
        self._desk, self._relay = desk, relay
        self._until = 0.0
        self._wrong = ""

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide"):
            yield Static("Read this code to the customer", classes="title", markup=False)
            yield Digits("")
            yield Static("Asking the relay for a code …", classes="state", markup=False)
            yield Static("", classes="link", markup=False)
            yield Static(
                "They type it into rs-agent.   Esc: cancel, the code is then void", classes="hint", markup=False
            )

    def on_mount(self) -> None:
        self.set_interval(1.0, self._tick)
        self.run_worker(self._hold(), exclusive=True)

    async def _hold(self) -> None:
        try:
            paired = await self._desk.connect(self._relay).hold(self._show, self._count)
            self.dismiss(await keep(paired, self._relay, self._desk.book))
        except RsError as error:
            if not stands(self):
                return
            self._until = 0.0
            self.query_one(Digits).update("")
            self.query_one(".link", Static).update("")
            self.query_one(".state", Static).update(f"{error.message} {error.hint}")

    def _show(self, code: Code, seconds: float) -> None:
        self._until = monotonic() + seconds
        self.query_one(Digits).update(code.spoken())
        link = join_link(self._relay, code.spoken())
        self.query_one(".link", Static).update(f"Or send them this link, the page that starts rs-agent:\n{link}")
        self._tick()

    def _count(self, left: int) -> None:
        self._wrong = f"   A wrong code was typed: {left} left."
        self._tick()

    def _tick(self) -> None:
        if not stands(self):
            return
        left = int(self._until - monotonic())
        if left > 0:
            text = f"Waiting for the customer …  valid for {left // 60}:{left % 60:02}{self._wrong}"
            self.query_one(".state", Static).update(text)

    def action_cancel(self) -> None:
        self.dismiss(None)
