"""The wallpaper of a plain X desktop: the picture on the root window, as every program sets it that sets one.

The convention (Esetroot's, followed by feh, hsetroot, nitrogen and the compositors): the picture is a pixmap that
outlives whoever made it, named by the properties _XROOTPMAP_ID and ESETROOT_PMAP_ID; a program that sets another one
frees it where both name the same. So the plain pixmap set here is one of that kind, and the first picture is neither
freed nor touched: it comes back exactly as it was. A root window without these properties has nothing to give back,
for X tells nobody what its background is; it is left alone.
"""

from __future__ import annotations

from typing import Any

from Xlib import X, Xatom
from Xlib import error as xerror

from rs_relay.capture.x11.connection import connect
from rs_relay.errors import LocalProblem

NAMES = ("_XROOTPMAP_ID", "ESETROOT_PMAP_ID")
COLOUR = 0x3A3F4B  # a quiet grey: a white or black ground would tire, or hide what is dark


class RootPicture:
    of_server = True
    retried = False

    def __init__(self, display: Any, name: str) -> None:
        self._display, self._name = display, name
        self._root = display.screen().root

    def before(self) -> dict[str, object]:
        held = [self._pixmap(name) for name in NAMES]
        if not held[0] or not self._exists(held[0]):
            raise LocalProblem("There is no wallpaper here that rs could give back afterwards.")
        return {"first": held[0], "both": held[0] == held[1], "ours": self._plain()}

    def make(self, before: dict[str, object]) -> dict[str, object]:
        """Idempotent, like `undo`."""
        if self._pixmap(NAMES[0]) == before["first"]:
            self._root.change_attributes(background_pixel=COLOUR)
            self._set(int(str(before["ours"])), len(NAMES))
        return before

    def upkeep(self, before: dict[str, object]) -> dict[str, object]:
        return before  # a wallpaper that the customer sets meanwhile is theirs

    def undo(self, before: dict[str, object]) -> None:
        first, ours = int(str(before["first"])), int(str(before["ours"]))
        if self._pixmap(NAMES[0]) == ours:
            if self._exists(first):
                self._root.change_attributes(background_pixmap=first)
                self._set(first, 1 + bool(before["both"]))
            else:
                for name in NAMES:
                    self._root.delete_property(self._display.intern_atom(name))
        if self._exists(ours):
            # (python-xlib's kill_client of a resource takes the object of one.)
            self._display.create_resource_object("pixmap", ours).kill_client()
        self._display.sync()

    def _plain(self) -> int:
        """A pixmap of one pixel that outlives the connection it was made on, which has nothing else to lose."""
        maker = connect(self._name)
        screen = maker.screen()
        pixmap = screen.root.create_pixmap(1, 1, screen.root_depth)
        gc = pixmap.create_gc(foreground=COLOUR)
        pixmap.fill_rectangle(gc, 0, 0, 1, 1)
        gc.free()
        maker.set_close_down_mode(X.RetainPermanent)
        maker.sync()
        number = int(pixmap.id)
        maker.close()
        return number

    def _set(self, pixmap: int, names: int) -> None:
        for name in NAMES[:names]:
            self._root.change_property(self._display.intern_atom(name), Xatom.PIXMAP, 32, [pixmap])
        self._root.clear_area(0, 0, 0, 0)
        self._display.sync()

    def _pixmap(self, name: str) -> int:
        value = self._root.get_full_property(self._display.intern_atom(name), Xatom.PIXMAP)
        return int(value.value[0]) if value is not None and len(value.value) == 1 else 0

    def _exists(self, pixmap: int) -> bool:
        try:
            self._display.create_resource_object("pixmap", pixmap).get_geometry()
        except xerror.XError:
            return False
        return True
