"""What an X server shows: pixels by a camera, geometry by python-xlib.

Two connections, since each has its library. Pixels come through memory that the server shares with us (`camera`), or
through the socket where it cannot (`afar`): `fast` says which it is.

A grab asks the server nothing beforehand: whether the screen changed is heard from its own RandR events, and what
slipped between the two is an X error. Both end in ScreenChanged, and the next `monitors` is right.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from Xlib import X, Xatom
from Xlib import error as xerror
from Xlib.ext import randr

from rs_relay.capture.base import Area, Monitor, Pixels, PointerPlace, PointerShape, ScreenChanged
from rs_relay.capture.x11.afar import Afar
from rs_relay.capture.x11.camera import Camera
from rs_relay.capture.x11.connection import connect, speaking
from rs_relay.capture.x11.damage import X11Damage
from rs_relay.xcb.libxcb import NoShared


class X11Screen:
    """The screen of one X display. Raises LocalProblem when it cannot be captured at all."""

    def __init__(self, name: str | None = None) -> None:
        self._name = name
        self._display = connect(name)
        self._root = self._display.screen().root
        self._monitors_known = self._has_monitors()
        self._camera = self._opened()
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
        """Whether pixels come through shared memory."""
        return isinstance(self._camera, Camera)

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

    def grab(self, area: Monitor, parts: Sequence[Area] | None = None) -> Pixels:
        with speaking():
            self._refresh()
        if area.width <= 0 or area.height <= 0 or self._cut(area.x, area.y, area.width, area.height) != _rect(area):
            raise _changed()
        try:
            return self._camera.see(area, parts)
        except NoShared:
            self._camera.close()
            self._camera = Afar(self._name)
            return self._camera.see(area, None)
        except ScreenChanged:
            with speaking():
                self._refresh(force=True)  # raises if it was the whole connection that went
            raise

    def pointer(self) -> PointerPlace:
        place = self._camera.pointer()
        if place is None:
            with speaking():
                found = self._root.query_pointer()
            place = PointerPlace(found.root_x, found.root_y)
        return place

    def _opened(self) -> Camera | Afar:
        screen = self._display.screen()
        try:
            return Camera(self._display.get_display_name(), screen.root.id, screen.root_visual)
        except NoShared:
            return Afar(self._name)

    def _refresh(self, *, force: bool = False) -> None:
        """Hears what the server said since."""
        heard = force
        while self._display.pending_events():
            self._display.next_event()
            heard = True
        if heard and (size := self._read_size()) != self._size:
            self._size = size
            self._camera.forget()

    def _read_size(self) -> tuple[int, int]:
        geometry = self._root.get_geometry()
        return geometry.width, geometry.height

    def close(self) -> None:
        if self._damage is not None:
            self._damage.close()
        self._camera.close()
        try:
            self._display.close()
        except (xerror.ConnectionClosedError, OSError):
            return  # it was gone before us


def _rect(area: Monitor) -> tuple[int, int, int, int]:
    return area.x, area.y, area.width, area.height


def _changed() -> ScreenChanged:
    return ScreenChanged("The screen of this computer has just changed its size or its monitors.", "")
