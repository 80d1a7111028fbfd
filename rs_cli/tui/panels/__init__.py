"""The list of panels: adding a line is how a feature gets a face in the workspace. They are shown in this order."""

from __future__ import annotations

from rs_cli.tui.panels.chat import ChatPanel
from rs_cli.tui.panels.clipboard import ClipboardPanel
from rs_cli.tui.panels.panel import Panel, Place
from rs_cli.tui.panels.permissions import PermissionsPanel
from rs_cli.tui.panels.transfers import TransfersPanel

PANELS: tuple[Place, ...] = (
    Place("chat", "c", "Chat", "left", ChatPanel),
    Place("permissions", "p", "Ask", "right", PermissionsPanel),
    Place("clipboard", "b", "Clipboard", "right", ClipboardPanel),
    Place("transfers", "f", "Files", "right", TransfersPanel),
)

__all__ = ["PANELS", "Panel", "Place"]
