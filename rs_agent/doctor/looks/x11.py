"""Looks at an X display: its size, what its server can, whether its pixels can be had. Nothing is changed."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from Xlib import error as xerror
from Xlib.ext import screensaver

from rs_agent.desktop.x11.keeper.devices import physical
from rs_agent.doctor.facts import Display
from rs_agent.doctor.probes.screen import FIXES, INPUT, RANDR, SHAPE, SHARED, TEST, TOLD, XKB
from rs_relay.capture.x11.connection import connect, speaking
from rs_relay.capture.x11.screen import X11Screen
from rs_relay.errors import RsError

ASKED = (SHARED, TOLD, FIXES, TEST, RANDR, SHAPE, XKB, INPUT)
SAVER_ON = 1


def see(name: str) -> Display:
    """The display `name`. Raises LocalProblem."""
    opened = connect(name)
    try:
        with speaking():
            extensions = frozenset(each for each in ASKED if opened.query_extension(each) is not None)
            size = opened.screen().root.get_geometry()
            fast, monitors, problem = _pixels(name)
            return Display(
                name, size.width, size.height, monitors, extensions, is_afar(name), fast,
                gamma=RANDR in extensions and _gamma(opened), devices=_devices(opened) if INPUT in extensions else 0,
                saver=_saver(opened), problem=problem,
            )  # fmt: skip
    finally:
        with suppress(xerror.ConnectionClosedError, OSError):
            opened.close()


def is_afar(name: str) -> bool:
    """Whether display `name` belongs to another computer, or comes through ssh: X(7), DISPLAY NAMES."""
    host = name.rpartition(":")[0]
    return bool(host) and not host.startswith(("unix", "/"))


def _pixels(name: str) -> tuple[bool, int, RsError | None]:
    """(through shared memory, monitors, why they cannot be had)"""
    try:
        screen = X11Screen(name)
    except RsError as e:
        return False, 0, e
    try:
        monitors = screen.monitors()
        screen.grab(monitors[0])
        return screen.fast, len(monitors), None
    except RsError as e:
        return False, 0, e
    finally:
        screen.close()


def _gamma(opened: Any) -> bool:
    resources = opened.screen().root.xrandr_get_screen_resources_current()
    for crtc in resources.crtcs:
        with suppress(xerror.XError):
            if opened.xrandr_get_crtc_info(crtc, resources.config_timestamp).mode:
                return bool(opened.xrandr_get_crtc_gamma_size(crtc).size >= 2)
    return False


def _devices(opened: Any) -> int:
    with suppress(xerror.XError):
        opened.xinput_query_version()
        return len(physical(opened))
    return 0


def _saver(opened: Any) -> bool:
    if opened.query_extension(screensaver.extname) is None:
        return False
    return bool(opened.screen().root.screensaver_query_info().state == SAVER_ON)
