"""The machine behind protocols (`base`), and `pick`, which knows what machine this is; nobody else asks."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from rs_relay.errors import LocalProblem, UsageError

if TYPE_CHECKING:
    from rs_agent.desktop.base import Desktop

NAMES = ("x11", "wayland", "headless", "windows", "macos")
_SYSTEMS = {"win32": "windows", "darwin": "macos"}


def pick(name: str | None = None, environ: Mapping[str, str] = os.environ, system: str = sys.platform) -> Desktop:
    """The desktop called `name` (one of NAMES), or the one that this computer has (None or 'auto').

    Raises LocalProblem when it has none that rs can show. What a desktop needs is imported only when it is picked.
    """
    chosen = name not in (None, "auto")
    if chosen and name not in NAMES:
        raise UsageError(f"There is no desktop of that name; there are: {', '.join(NAMES)}.", "")
    name = name if chosen else _SYSTEMS.get(system, "x11")
    if name == "headless":
        from rs_agent.desktop.headless.desktop import HeadlessDesktop

        return HeadlessDesktop()
    if name in ("windows", "macos"):
        from rs_agent.desktop.portable.desktop import PortableDesktop

        return PortableDesktop(name)
    return _wayland(environ) if name == "wayland" else _unix(environ, chosen=chosen)


def _unix(environ: Mapping[str, str], *, chosen: bool) -> Desktop:
    """The display that DISPLAY names, unless it is a Wayland desktop's X server, which shows next to nothing of it."""
    from rs_agent.desktop.wayland.survey import is_wayland

    display = environ.get("DISPLAY", "")
    if not display:
        if is_wayland(environ):
            return _wayland(environ)
        raise LocalProblem(
            "This computer has no screen that rs can show: there is no X display here.",
            "Start rs-agent inside the desktop session; without one, `--desktop headless` still gives chat and files.",
        )
    from rs_agent.desktop.x11.desktop import X11Desktop

    desktop = X11Desktop(display)
    if desktop.is_xwayland and not chosen:
        desktop.close()
        return _wayland(environ)
    return desktop


def _wayland(environ: Mapping[str, str]) -> Desktop:
    from rs_agent.desktop.wayland.desktop import WaylandDesktop

    return WaylandDesktop(environ)
