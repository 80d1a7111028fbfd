"""One viewer's window on one session: `view` hands over, a companion is one more thing that its menu offers.

The list of companions: adding a line here is how a feature joins the window. The menu shows them in this order.
"""

from __future__ import annotations

from rs_cli.viewing.clipboard import SharedClipboard
from rs_cli.viewing.companion import Make
from rs_cli.viewing.draw import DrawTools
from rs_cli.viewing.making import Making
from rs_cli.viewing.pause import PauseEntry
from rs_cli.viewing.share import ShareEntry
from rs_cli.viewing.view import View, Wish

COMPANIONS: tuple[Make, ...] = (PauseEntry, SharedClipboard, ShareEntry, DrawTools, Making)

__all__ = ["COMPANIONS", "View", "Wish"]
