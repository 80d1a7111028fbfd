"""A connection to the X server beside Tk's own: memory shared with the server, pictures put from it, a pointer of any
shape.

Why not Tk's connection: what Tk draws waits for its idle moment; this goes at once.

All calls come from one thread.
"""

from __future__ import annotations

import ctypes as c
import struct
from dataclasses import dataclass

import numpy as np

from rs_relay.glass.bgrx import Words
from rs_relay.xcb import connection
from rs_relay.xcb.libxcb import NoShared

_Z_PIXMAP = 2
_CURSOR = 1 << 14  # of a window's attributes
_RMID, _CREAT, _OURS = 0, 0o1000, 0o600
_PROOF = 0x5A3C96


@dataclass(frozen=True)
class Paper:
    """A drawable, and what it takes to draw on it and on others like it."""

    drawable: int
    pen: int
    depth: int


@dataclass
class Segment:
    """Memory that the server reads: `words` is (height, width). Gone with the processes that hold it."""

    id: int
    address: int
    words: Words


class Connection(connection.Connection):
    """Raises NoShared where there is no libxcb, no display, or no way to share memory with it."""

    def __init__(self, display: str) -> None:
        super().__init__(display)
        self.colours = self._lib.render is not None and self._has(self._lib.render, "xcb_render_id")

    def paper(self, drawable: int, depth: int) -> Paper:
        pen = self._new()
        self._xcb.xcb_create_gc(self._link, pen, drawable, 0, None)
        return Paper(drawable, pen, depth)

    def share(self, width: int, height: int, paper: Paper) -> Segment:
        """A segment of that size, black. Raises NoShared, also when the server sees other memory than we do: one in
        another container may have a segment of the same number."""
        number = self._c.shmget(0, width * height * 4, _CREAT | _OURS)
        address = self._c.shmat(number, None, 0) if number >= 0 else None
        if address in (None, c.c_void_p(-1).value):
            raise NoShared("no shared memory")
        segment = self._new()
        refused = self._refused(self._shm.xcb_shm_attach_checked(self._link, segment, number, 1))
        self._c.shmctl(number, _RMID, None)  # it is gone when both have let go of it, whatever becomes of us
        memory = (c.c_uint32 * (width * height)).from_address(address)
        made = Segment(segment, address, np.ctypeslib.as_array(memory).reshape(height, width))
        if refused or not self._seen(made, paper):
            if not refused:
                self._shm.xcb_shm_detach(self._link, segment)
            self._let_go(made)
            raise NoShared("the server does not see our memory")
        return made

    def drop(self, segment: Segment) -> None:
        """Nobody may touch its words any more."""
        self._shm.xcb_shm_detach(self._link, segment.id)
        self.round_trip()
        self._let_go(segment)

    def put(self, paper: Paper, segment: Segment, x: int, y: int, width: int, height: int) -> None:
        """Show that part of the segment at the same place of the paper."""
        full_height, full_width = segment.words.shape
        self._shm.xcb_shm_put_image(
            *(self._link, paper.drawable, paper.pen, full_width, full_height, x, y, width, height, x, y),
            *(paper.depth, _Z_PIXMAP, 0, segment.id, 0),
        )

    def cursor(self, argb: Words, hot_x: int, hot_y: int) -> int | None:
        """A pointer of that shape, its colours premultiplied; None where the server has none in colours."""
        render, form = self._lib.render, self._form_with_alpha()
        if render is None or form is None:
            return None
        height, width = argb.shape
        data = argb.astype("=u4").tobytes()
        pixmap, pen, picture, made = self._new(), self._new(), self._new(), self._new()
        self._xcb.xcb_create_pixmap(self._link, 32, pixmap, self.greeting.roots[0], width, height)
        self._xcb.xcb_create_gc(self._link, pen, pixmap, 0, None)
        self._xcb.xcb_put_image(self._link, _Z_PIXMAP, pixmap, pen, width, height, 0, 0, 0, 32, len(data), data)
        render.xcb_render_create_picture(self._link, picture, pixmap, form, 0, None)
        refused = self._refused(render.xcb_render_create_cursor_checked(self._link, made, picture, hot_x, hot_y))
        render.xcb_render_free_picture(self._link, picture)
        self._xcb.xcb_free_gc(self._link, pen)
        self._xcb.xcb_free_pixmap(self._link, pixmap)
        return None if refused else made

    def wear(self, window: int, cursor: int) -> None:
        """The pointer over that window; 0 for its parent's."""
        self._xcb.xcb_change_window_attributes(self._link, window, _CURSOR, c.byref(c.c_uint32(cursor)))
        self.flush()

    def free_cursor(self, cursor: int) -> None:
        self._xcb.xcb_free_cursor(self._link, cursor)

    def _seen(self, segment: Segment, paper: Paper) -> bool:
        """Whether a word written here is found there, by way of a small pixmap."""
        segment.words[0, 0] = _PROOF
        pixmap = self._new()
        self._xcb.xcb_create_pixmap(self._link, paper.depth, pixmap, paper.drawable, 1, 1)
        self.put(Paper(pixmap, paper.pen, paper.depth), segment, 0, 0, 1, 1)
        cookie = self._xcb.xcb_get_image(self._link, _Z_PIXMAP, pixmap, 0, 0, 1, 1, 0xFFFFFFFF)
        reply = self._xcb.xcb_get_image_reply(self._link, cookie, None)
        seen = struct.unpack("=I", c.string_at(self._xcb.xcb_get_image_data(reply), 4))[0] if reply else 0
        self._free(reply)
        self._xcb.xcb_free_pixmap(self._link, pixmap)
        segment.words[0, 0] = 0
        return (int(seen) & 0xFFFFFF) == _PROOF

    def _form_with_alpha(self) -> int | None:
        """The server's name for pixels of 8 bits each of alpha, red, green and blue in a word."""
        render = self._lib.render
        if render is None or not self.colours:
            return None
        cookie = render.xcb_render_query_pict_formats(self._link)
        reply = render.xcb_render_query_pict_formats_reply(self._link, cookie, None)
        if not reply:
            return None
        size = 28 * int(struct.unpack_from("=8xI", c.string_at(reply, 12))[0])
        forms = c.string_at(render.xcb_render_query_pict_formats_formats(reply), size)
        self._free(reply)
        for at in range(0, size, 28):
            number, *form = struct.unpack_from("=IBB2x8H", forms, at)
            if form == [1, 32, 16, 255, 8, 255, 0, 255, 24, 255]:
                return int(number)
        return None

    def _let_go(self, segment: Segment) -> None:
        segment.words = np.zeros((0, 0), np.uint32)
        self._c.shmdt(segment.address)
