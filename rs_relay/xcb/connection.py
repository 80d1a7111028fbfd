"""A connection to the X server: how its pixels lie, which extensions it has, and that what was asked for is done.

Why libxcb and not libX11: an error of Xlib goes to one handler for the whole process, which is Tk's and ends it; here
it is an answer like others. Several questions may be under way at once, which python-xlib cannot.

All calls come from one thread.
"""

from __future__ import annotations

import ctypes as c
import sys

from rs_relay.xcb import greeting, libxcb
from rs_relay.xcb.greeting import Visual
from rs_relay.xcb.libxcb import NoShared


class Connection:
    """Raises NoShared where there is no libxcb, no display, or no way to share memory with it."""

    def __init__(self, display: str) -> None:
        self._lib = libxcb.load()
        self._xcb, self._shm, self._c = self._lib.xcb, self._lib.shm, self._lib.libc
        self._link: int | None = self._xcb.xcb_connect(display.encode(), None)
        try:
            if self.lost:
                raise NoShared("no connection")
            start = self._xcb.xcb_get_setup(self._link)
            self.greeting = greeting.greeting(c.string_at(start, greeting.length(c.string_at(start, greeting.HEADER))))
            if not self._has(self._shm, "xcb_shm_id"):
                raise NoShared("the server has no MIT-SHM")
        except NoShared:
            self.close()
            raise

    @property
    def lost(self) -> bool:
        return bool(self._xcb.xcb_connection_has_error(self._link))

    def visual(self, number: int) -> Visual:
        """The window's. Raises NoShared unless its pixels are words of 8 bits each of X, red, green and blue."""
        found = self.greeting.visuals.get(number)
        if (
            found is None
            or (found.red, found.green, found.blue) != (0xFF0000, 0xFF00, 0xFF)
            or self.greeting.bits.get(found.depth) != 32
            or self.greeting.little_endian != (sys.byteorder == "little")
        ):
            raise NoShared("the window's pixels are not 8 bits of red, green and blue in a word")
        return found

    def flush(self) -> None:
        """What was asked for is on its way."""
        self._xcb.xcb_flush(self._link)

    def round_trip(self) -> None:
        """Wait until the server has done all that was asked of it. What it complained of meanwhile is dropped: a window
        may go at any time, and it can be nothing else."""
        self._free(self._xcb.xcb_get_input_focus_reply(self._link, self._xcb.xcb_get_input_focus(self._link), None))
        while event := self._xcb.xcb_poll_for_event(self._link):
            self._free(event)

    def close(self) -> None:
        if self._link is not None:
            self._xcb.xcb_disconnect(self._link)
            self._link = None

    def _has(self, library: c.CDLL, name: str) -> bool:
        """Whether the server has that extension: `present` in xcb_query_extension_reply_t."""
        known = self._xcb.xcb_get_extension_data(self._link, c.byref(self._lib.extension(library, name)))
        return bool(known) and bool(c.string_at(known, 12)[8])

    def _new(self) -> int:
        return int(self._xcb.xcb_generate_id(self._link))

    def _refused(self, cookie: libxcb.Cookie) -> bool:
        error = self._xcb.xcb_request_check(self._link, cookie)
        self._free(error)
        return bool(error)

    def _free(self, pointer: int | None) -> None:
        if pointer:
            self._c.free(pointer)
