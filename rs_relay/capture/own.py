"""The screen of this computer, for whoever shows their own. What that needs is imported only when it is asked for."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from rs_relay.errors import LocalProblem

if TYPE_CHECKING:
    from rs_relay.capture.base import Screen


def own_screen(
    environ: Mapping[str, str] = os.environ,
    system: str = sys.platform,
    load: Callable[[str], Any] = import_module,
) -> Screen:
    """Opened for the caller's own thread. Raises LocalProblem when there is none that rs can show.

    `load` imports a module by its name."""
    try:
        if system in ("win32", "darwin"):
            portable = load("rs_relay.capture.portable.screen")
            screen: Screen = portable.PortableScreen(load("mss").MSS, load("pynput.mouse").Controller())
            return screen
        return _unix(environ, load)
    except ImportError as e:
        raise LocalProblem(
            f"The library {(e.name or 'that sees the screen').partition('.')[0]} is not installed.",
            "Install rs with its extra 'cli'.",
        ) from e


def _unix(environ: Mapping[str, str], load: Callable[[str], Any]) -> Screen:
    display, wayland = environ.get("DISPLAY", ""), bool(environ.get("WAYLAND_DISPLAY"))
    if not display:
        if wayland:
            return _wayland(environ, load)
        raise LocalProblem("There is no display here to show.", "Is DISPLAY right?")
    connection = load("rs_relay.capture.x11.connection")
    try:
        opened = connection.connect(display)
    except LocalProblem as e:
        raise LocalProblem(e.message, "Is DISPLAY right?") from e
    try:
        if connection.is_xwayland(opened):
            return _wayland(environ, load)
    finally:
        opened.close()
    screen: Screen = load("rs_relay.capture.x11.screen").X11Screen(display)
    return screen


def _wayland(environ: Mapping[str, str], load: Callable[[str], Any]) -> Screen:
    """The desktop asks its person, who is the one that shows it here."""
    leave = load("rs_relay.capture.wayland.leave").Leave(environ, once=True)
    screen: Screen = leave.screen(hands=False)
    return screen
