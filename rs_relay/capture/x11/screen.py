"""What an X server shows: pixels by mss (MIT-SHM), geometry and pointer by python-xlib.

Two connections, since each library brings its own. Pixels: `XShmGetImage` into shared memory, one copy out of it into
a fresh array (0.7 ms for 1920 x 1080). XGetImage through the socket is what mss itself falls back to where shared
memory cannot be had (X over ssh): `fast` says which it is.

A grab asks the server nothing beforehand: whether the screen changed is heard from its own RandR events, and what
slipped between the two is an X error that mss catches. Both end in ScreenChanged, and the next `monitors` is right.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mss
import numpy as np
from mss.exception import ScreenShotError
from Xlib import X, Xatom
from Xlib import error as xerror
from Xlib.ext import randr

from rs_relay.capture.base import Area, Monitor, Pixels, PointerPlace, PointerShape, ScreenChanged
from rs_relay.capture.x11.connection import connect, speaking
from rs_relay.capture.x11.damage import X11Damage
from rs_relay.errors import LocalProblem


class X11Screen:
    """The screen of one X display. Raises LocalProblem when it cannot be captured at all."""

    def __init__(self, name: str | None = None) -> None:
        self._name = name
        self._display = connect(name)
        self._root = self._display.screen().root
        self._monitors_known = self._has_monitors()
        self._camera = _camera(name)
        self._root.change_attributes(event_mask=X.StructureNotifyMask)
        if self._monitors_known:
            self._root.xrandr_select_input(randr.RRScreenChangeNotifyMask)
        self._size = self._read_size()
        self._damage: X11Damage | None = None

    def watch(self, changed: Callable[[], None]) -> bool:
        if self._damage is None:
            self._damage = X11Damage(self._name, changed)
        return self._damage.tells

    def damaged(self) -> tuple[Area, ...] | None:
        return self._damage.areas() if self._damage and self._damage.tells else None

    def shape(self) -> PointerShape | None:
        return self._damage.shape() if self._damage else None

    def focus(self) -> Area | None:
        """What the window manager calls active, or else the outermost window that holds the keyboard's focus."""
        with speaking():
            try:
                window = self._active() or self._focused()
                if window is None:
                    return None
                size, place = window.get_geometry(), self._root.translate_coords(window, 0, 0)
            except xerror.XError:  # it has just gone
                return None
        return Area(place.x, place.y, size.width, size.height)

    def _active(self) -> Any:
        told = self._root.get_full_property(self._display.get_atom("_NET_ACTIVE_WINDOW"), Xatom.WINDOW)
        number = told.value[0] if told is not None and len(told.value) else 0
        return self._display.create_resource_object("window", number) if number else None

    def _focused(self) -> Any:
        window = self._display.get_input_focus().focus
        if window in (X.NONE, X.PointerRoot) or window == self._root:
            return None
        while (parent := window.query_tree().parent) and parent != self._root:
            window = parent
        return window

    def _has_monitors(self) -> bool:
        """RandR 1.5 knows monitors; before it the whole screen is one."""
        if not self._display.has_extension("RANDR"):
            return False
        version = self._display.xrandr_query_version()
        return (version.major_version, version.minor_version) >= (1, 5)

    @property
    def fast(self) -> bool:
        """Whether pixels come through shared memory; known after the first grab."""
        return "MIT-SHM is working correctly." in self._camera.performance_status

    def monitors(self) -> tuple[Monitor, ...]:
        with speaking():
            self._refresh(force=True)
            width, height = self._size
            found = self._read_monitors() if self._monitors_known else ()
        return found or (Monitor("screen", 0, 0, width, height, primary=True),)

    def _read_monitors(self) -> tuple[Monitor, ...]:
        """RandR's monitors, cut to the desktop; of those that mirror each other (same rectangle) the first."""
        found: dict[tuple[int, int, int, int], Monitor] = {}
        for each in self._root.xrandr_get_monitors().monitors:
            area = self._cut(each.x, each.y, each.width_in_pixels, each.height_in_pixels)
            if area is None:
                continue
            name = str(self._display.get_atom_name(each.name))
            known = found.get(area)
            if known is None or (each.primary and not known.primary):
                found[area] = Monitor(known.name if known else name, *area, primary=bool(each.primary))
        return tuple(found.values())

    def _cut(self, x: int, y: int, width: int, height: int) -> tuple[int, int, int, int] | None:
        """A mode that is larger than the desktop (panning) shows only what the desktop has."""
        right, bottom = min(x + width, self._size[0]), min(y + height, self._size[1])
        x, y = max(0, x), max(0, y)
        return (x, y, right - x, bottom - y) if right > x and bottom > y else None

    def bounds(self) -> Monitor:
        with speaking():
            self._refresh(force=True)
        return Monitor("all", 0, 0, *self._size)

    def grab(self, area: Monitor) -> Pixels:
        with speaking():
            self._refresh()
        if area.width <= 0 or area.height <= 0 or self._cut(area.x, area.y, area.width, area.height) != _rect(area):
            raise _changed()
        try:
            shot = self._camera.grab({"left": area.x, "top": area.y, "width": area.width, "height": area.height})
        except ScreenShotError as e:
            with speaking():
                self._refresh(force=True)  # raises if it was the whole connection that went
            self._reopen()
            raise _changed() from e
        return np.frombuffer(shot.raw, np.uint8).reshape(area.height, area.width, 4)

    def pointer(self) -> PointerPlace:
        with speaking():
            found = self._root.query_pointer()
        return PointerPlace(found.root_x, found.root_y)

    def _refresh(self, *, force: bool = False) -> None:
        """Hears what the server said since; a larger screen needs a larger piece of shared memory."""
        heard = force
        while self._display.pending_events():
            self._display.next_event()
            heard = True
        if heard and (size := self._read_size()) != self._size:
            self._size = size
            self._reopen()

    def _read_size(self) -> tuple[int, int]:
        geometry = self._root.get_geometry()
        return geometry.width, geometry.height

    def _reopen(self) -> None:
        self._camera.close()
        self._camera = _camera(self._name)

    def close(self) -> None:
        if self._damage is not None:
            self._damage.close()
        self._camera.close()
        try:
            self._display.close()
        except (xerror.ConnectionClosedError, OSError):
            return  # it was gone before us


def _camera(name: str | None) -> mss.MSS:
    try:
        return mss.MSS(display=name)
    except (ScreenShotError, OSError) as e:
        raise LocalProblem(
            "The screen of this computer cannot be captured.",
            "rs needs a screen of 24 or 32 bit colour and the libraries libxcb, -randr, -render, -shm and -xfixes.",
        ) from e


def _rect(area: Monitor) -> tuple[int, int, int, int]:
    return area.x, area.y, area.width, area.height


def _changed() -> ScreenChanged:
    return ScreenChanged("The screen of this computer has just changed its size or its monitors.", "")
