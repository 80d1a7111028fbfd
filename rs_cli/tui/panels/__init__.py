"""The list of panels: adding a line is how a feature gets a face in the workspace. They are shown in this order."""

from __future__ import annotations

from rs_cli.tui.panels.chat import ChatPanel
from rs_cli.tui.panels.clipboard import ClipboardPanel
from rs_cli.tui.panels.panel import Key, Panel, Place
from rs_cli.tui.panels.permissions import ASKING, PermissionsPanel
from rs_cli.tui.panels.screen import ScreenPanel
from rs_cli.tui.panels.share import SharePanel
from rs_cli.tui.panels.transfers import TransfersPanel

PANELS: tuple[Place, ...] = (
    Place("screen", "left", ScreenPanel, (Key("w", ""),)),
    Place("chat", "left", ChatPanel, (Key("c", "Chat"),)),
    Place("permissions", "right", PermissionsPanel, (Key("p", "Ask"), *(Key(key, "") for key in ASKING))),
    Place("clipboard", "right", ClipboardPanel, (Key("b", "Clip"), Key("y", ""))),
    Place("share", "right", SharePanel, (Key("m", ""),)),
    Place("transfers", "right", TransfersPanel, (Key("f", "Send"), Key("g", "Get"), Key("t", "Queue"), Key("x", ""))),
)

__all__ = ["PANELS", "Panel", "Place"]
