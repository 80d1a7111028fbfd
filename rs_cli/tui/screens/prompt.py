"""One line asked for: a code, a path."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.suggester import Suggester
from textual.widgets import Input, Static

from rs_relay.errors import RsError


class Prompt(ModalScreen[str | None]):
    """Dismissed with the text, or None. `check` raises an RsError for a text that will not do."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "cancel", "Cancel")]

    def __init__(
        self,
        title: str,
        placeholder: str,
        check: Callable[[str], object] = lambda text: None,
        suggester: Suggester | None = None,
    ) -> None:
        super().__init__()
        self._title, self._placeholder, self._check, self._suggester = title, placeholder, check, suggester

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(self._title, classes="title", markup=False)
            yield Input(placeholder=self._placeholder, suggester=self._suggester)
            yield Static("", classes="trouble", markup=False)
            yield Static(self._help(), classes="hint", markup=False)

    def _help(self) -> str:
        return "Enter: go on   " + ("→: complete   " if self._suggester else "") + "Esc: cancel"

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        try:
            self._check(event.value)
        except RsError as error:
            self.query_one(".trouble", Static).update(f"{error.message} {error.hint}")
            return
        self.dismiss(event.value)

    def action_cancel(self) -> None:
        self.dismiss(None)
