"""Which glass this display allows."""

from __future__ import annotations

import logging
import tkinter as tk

from rs_relay.glass.framebuffer import Framebuffer
from rs_relay.glass.glass import Glass
from rs_relay.glass.panes import Panes
from rs_relay.glass.shared import Shared
from rs_relay.xcb.libxcb import NoShared

log = logging.getLogger(__name__)


def open_glass(parent: tk.Misc, buffer: Framebuffer) -> Glass:
    if parent.tk.call("tk", "windowingsystem") == "x11":
        try:
            return Shared(parent, buffer)
        except NoShared as why:
            log.debug("glass of panes: %s", why)
    return Panes(parent, buffer)
