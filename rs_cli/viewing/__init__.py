"""One viewer's window on one session: `view` hands over, a companion is one more thing that its menu offers.

The list of companions: adding a line here is how a feature joins the window. The menu shows them in this order.
"""

from __future__ import annotations

from rs_cli.viewing.appearance import PlainDesktop
from rs_cli.viewing.clipboard import SharedClipboard
from rs_cli.viewing.companion import Make
from rs_cli.viewing.draw import DrawTools
from rs_cli.viewing.making import Making
from rs_cli.viewing.pause import PauseEntry
from rs_cli.viewing.privacy import PrivacySwitches
from rs_cli.viewing.record import RecordEntry
from rs_cli.viewing.share import ShareEntry
from rs_cli.viewing.view import View, Wish

COMPANIONS: tuple[Make, ...] = (
    PauseEntry, SharedClipboard, ShareEntry, PrivacySwitches, DrawTools, RecordEntry, Making, PlainDesktop,
)  # fmt: skip

__all__ = ["COMPANIONS", "PlainDesktop", "View", "Wish"]
