"""Consent's face: what the customer allows, and keys that ask for more."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from rs_cli.tui.panels.panel import Panel
from rs_relay.channels.consent import Grant
from rs_relay.link.spec import Permission

NAMES = {
    Permission.VIEW: "see the screen",
    Permission.CONTROL: "control",
    Permission.CLIPBOARD: "clipboard",
    Permission.FILES: "files",
    Permission.SHELL: "shell",
    Permission.POWER: "restart",
    Permission.SHARE: "show mine",
    Permission.RECORD: "record",
    Permission.PRIVACY: "blank screen",
    Permission.INFO: "system info",
    Permission.TUNNEL: "tunnel",
    Permission.UNATTENDED: "unattended",
    Permission.DISK: "all files",
}
ASKING = dict(zip("1234567890", Permission, strict=False))  # the last ones have no key of their own
LOOKS = {
    Grant.NOT_ASKED: ("○", "dim", ""),
    Grant.ASKING: ("…", "yellow", "asking"),
    Grant.GRANTED: ("●", "bold green", "allowed"),
    Grant.REFUSED: ("✗", "red", "refused"),
    Grant.WITHDRAWN: ("✗", "red", "withdrawn"),
}


class Row(Static, can_focus=True):
    """One permission; Enter or a click asks for it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "ask", "Ask"),
        Binding("up", "app.focus_previous", show=False),
        Binding("down", "app.focus_next", show=False),
    ]

    def __init__(self, key: str, permission: Permission) -> None:
        super().__init__(markup=False)
        self.key, self.permission = key, permission

    def draw(self, grant: Grant) -> None:
        mark, style, word = LOOKS[grant]
        shown = Text.assemble((f"{mark} ", style), f"{NAMES[self.permission]:<15}", (f"{word:<10}", style))
        shown.append("" if grant in (Grant.GRANTED, Grant.ASKING) else f"{self.key or 'Enter'}: ask", "dim")
        self.update(shown)

    def on_click(self) -> None:
        self.action_ask()

    def action_ask(self) -> None:
        panel = self.parent
        if isinstance(panel, PermissionsPanel):
            panel.ask(self.permission)


class PermissionsPanel(Panel):
    TITLE = "Allowed by the customer"

    def compose(self) -> ComposeResult:
        keys = {permission: key for key, permission in ASKING.items()}
        for permission in Permission:
            yield Row(keys.get(permission, ""), permission)

    def show(self) -> None:
        state = self.case.state
        for row in self.query(Row):
            row.draw(state.grants.get(row.permission, Grant.NOT_ASKED) if state else Grant.NOT_ASKED)

    def press(self, key: str) -> None:
        if key in ASKING:
            self.ask(ASKING[key])
        else:
            self.query(Row).first().focus()

    def ask(self, permission: Permission) -> None:
        state = self.case.state
        if state and state.grants.get(permission) not in (Grant.GRANTED, Grant.ASKING):
            self.case.do(self.case.consent.request([permission]))
