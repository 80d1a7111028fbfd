"""Pixels of an X screen in memory that the server shares with us: it writes them where they stay, nobody copies them.

The memory is laid out as the area that is looked at. A part that is wide is fetched as whole rows of it, which lie in
one piece there; a narrow one beside it, and copied to its place. What is asked for, the pointer's place included, is
asked for at once, and then waited for: one trip, whatever it holds.

The memory is handed over as a file (MIT-SHM 1.2): a server elsewhere cannot take it, and one in another container gets
just this. Not SysV: its numbers mean another thing there.
"""

from __future__ import annotations

import ctypes as c
import mmap
import os
import struct
from collections.abc import Sequence

import numpy as np

from rs_relay.capture.base import Area, Monitor, Pixels, PointerPlace, ScreenChanged
from rs_relay.xcb.connection import Connection
from rs_relay.xcb.libxcb import Cookie, NoShared

_Z_PIXMAP, _ALL_PLANES = 2, 0xFFFFFFFF
WIDE = 0.5  # of the area's width: from here on a part is fetched as whole rows
BESIDE = 4  # one in so many of the area's bytes: room for narrow parts


class Camera(Connection):
    """`root`, `visual`: the root window's. Raises NoShared where the server shares no memory with us."""

    def __init__(self, display: str, root: int, visual: int) -> None:
        super().__init__(display)
        self._root = root
        self._segment = 0
        self._memory = np.zeros(0, np.uint8)
        self._held: Monitor | None = None  # what the memory holds
        self._place: PointerPlace | None = None
        try:
            self.visual(visual)
            self._share(mmap.PAGESIZE)
        except NoShared:
            self.close()
            raise

    def see(self, area: Monitor, parts: Sequence[Area] | None) -> Pixels:
        """As Screen.grab. Raises ScreenChanged, and NoShared when the server takes no more memory of ours."""
        pixels = 4 * area.width * area.height
        if area != self._held:
            parts, self._held = None, None
            if len(self._memory) < pixels + pixels // BESIDE:
                self._share(pixels + pixels // BESIDE)
        seen = self._memory[:pixels].reshape(area.height, area.width, 4)
        rest, at = self._memory[pixels:], 0
        whole = (Area(area.x, area.y, area.width, area.height),)
        pointer = self._xcb.xcb_query_pointer(self._link, self._root)
        asked: list[Cookie] = []
        beside: list[tuple[Pixels, Pixels]] = []
        for part in whole if parts is None else parts:
            size = 4 * part.width * part.height
            if part.width >= WIDE * area.width or at + size > len(rest):
                offset = 4 * area.width * (part.y - area.y)
                asked.append(self._ask(area.x, part.y, area.width, part.height, offset))
            else:
                asked.append(self._ask(part.x, part.y, part.width, part.height, pixels + at))
                x, y = part.x - area.x, part.y - area.y
                to = seen[y : y + part.height, x : x + part.width]
                beside.append((to, rest[at : at + size].reshape(part.height, part.width, 4)))
                at += size
        self._place = self._pointer(pointer)
        answers = [self._answered(cookie) for cookie in asked]  # each: what is left would be kept for ever
        if not all(answers):
            self._held = None
            raise ScreenChanged("The screen of this computer has just changed its size or its monitors.", "")
        for to, come in beside:
            to[:] = come
        self._held = area
        return seen

    def pointer(self) -> PointerPlace | None:
        """Where it was when the last picture was taken, if this is asked for the first time since; else where it is.
        None: the connection is gone."""
        place, self._place = self._place, None
        return place or self._pointer(self._xcb.xcb_query_pointer(self._link, self._root))

    def forget(self) -> None:
        """The next picture is taken of all."""
        self._held = None

    def _ask(self, x: int, y: int, width: int, height: int, offset: int) -> Cookie:
        asked: Cookie = self._shm.xcb_shm_get_image(
            self._link, self._root, x, y, width, height, _ALL_PLANES, _Z_PIXMAP, self._segment, offset
        )
        return asked

    def _answered(self, cookie: Cookie) -> bool:
        error = c.c_void_p()
        reply = self._shm.xcb_shm_get_image_reply(self._link, cookie, c.byref(error))
        self._free(reply)
        self._free(error.value)
        return bool(reply)

    def _pointer(self, cookie: Cookie) -> PointerPlace | None:
        """`root_x` and `root_y` of xcb_query_pointer_reply_t."""
        reply = self._xcb.xcb_query_pointer_reply(self._link, cookie, None)
        if not reply:
            return None
        place = PointerPlace(*struct.unpack_from("=16xhh", c.string_at(reply, 20)))
        self._free(reply)
        return place

    def _share(self, size: int) -> None:
        """Other memory, of `size` bytes, zeros."""
        try:
            file = os.memfd_create("rs-screen")
            os.ftruncate(file, size)
            memory = mmap.mmap(file, size)
        except (OSError, AttributeError) as e:
            raise NoShared("no shared memory") from e
        if self._segment:
            self._shm.xcb_shm_detach(self._link, self._segment)
        self._segment = self._new()
        if self._refused(self._shm.xcb_shm_attach_fd_checked(self._link, self._segment, file, 0)):  # it closes `file`
            self._segment = 0
            raise NoShared("the server does not take our memory")
        self._memory = np.frombuffer(memory, np.uint8)
