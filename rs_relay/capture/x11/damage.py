"""What was drawn on an X screen since it was last asked, and how its pointer looks: told, not looked for.

XDamage reports once when the first thing is drawn ("NonEmpty"), then is silent until it is asked what it was: so a film
costs one event a look, not hundreds. Asking clears it before anything is grabbed, so what is drawn in between is
reported again: a picture may be seen twice, never missed.

Its own connection and one thread that waits for it. Requests with answers are made by the thread that grabs, under one
lock; whoever reads from the connection may find an event, so both look for them.
"""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
from Xlib import X
from Xlib import error as xerror
from Xlib.ext import damage, xfixes
from Xlib.protocol import rq, structs

from rs_relay.capture.arrow import ARROW
from rs_relay.capture.base import Area, PointerShape
from rs_relay.capture.x11.connection import connect, speaking

LARGEST = 256  # pixels: the side of a pointer over which it is cut, as the protocol has it


class _CreateRegion(rq.Request):  # type: ignore[misc]
    _request = rq.Struct(
        rq.Card8("opcode"),
        rq.Opcode(5),
        rq.RequestLength(),
        rq.Card32("region"),
        rq.List("rectangles", structs.Rectangle),
    )


class _FetchRegion(rq.ReplyRequest):  # type: ignore[misc]
    _request = rq.Struct(rq.Card8("opcode"), rq.Opcode(19), rq.RequestLength(), rq.Card32("region"))
    _reply = rq.Struct(
        rq.ReplyCode(),
        rq.Pad(1),
        rq.Card16("sequence_number"),
        rq.ReplyLength(),
        rq.Object("extents", structs.Rectangle),
        rq.Pad(16),
        rq.List("rectangles", structs.Rectangle),
    )


class X11Damage:
    """Raises LocalProblem when the display is gone. `damaged` is called from this object's thread; `tells` says whether
    the server has XDamage at all, `shapes` whether it tells the pointer's shape."""

    def __init__(self, name: str | None, damaged: Callable[[], None]) -> None:
        self._heard = damaged
        self._lock = threading.Lock()
        self._dirty = True  # before the first answer everything may have changed
        self._display = connect(name)
        self._root = self._display.screen().root
        with speaking():
            self.shapes = self._has("XFIXES")
            self.tells = self.shapes and self._has("DAMAGE")
            self._damage = self._region = 0
            if self.shapes:
                self._display.xfixes_query_version()
                self._display.xfixes_select_cursor_input(self._root, xfixes.XFixesDisplayCursorNotifyMask)
            if self.tells:
                self._begin()
            self._display.flush()
        self._shape: PointerShape | None = None
        self._shape_changed = True
        self._wake_read, self._wake_write = os.pipe()
        self._thread = threading.Thread(target=self._wait, name="damage", daemon=True)
        self._thread.start()

    def _has(self, extension: str) -> bool:
        return self._display.query_extension(extension) is not None and self._display.has_extension(extension)

    def _begin(self) -> None:
        self._display.damage_query_version()
        self._damage = self._root.damage_create(damage.DamageReportNonEmpty)
        self._region = self._display.display.allocate_resource_id()
        _CreateRegion(
            display=self._display.display,
            opcode=self._display.display.get_extension_major(xfixes.extname),
            region=self._region,
            rectangles=[],
        )

    def areas(self) -> tuple[Area, ...]:
        """What was drawn since the last call, in pixels of the desktop; nothing costs no question."""
        with self._lock, speaking():
            if not self._dirty:
                return ()
            self._dirty = False
            self._display.damage_subtract(self._damage, X.NONE, self._region)
            reply = _FetchRegion(
                display=self._display.display,
                opcode=self._display.display.get_extension_major(xfixes.extname),
                region=self._region,
            )
            self._drain()
        return tuple(Area(r.x, r.y, r.width, r.height) for r in reply.rectangles)

    def shape(self) -> PointerShape | None:
        """How the pointer looks; the same object as long as it looks the same. None where the server does not say."""
        with self._lock, speaking():
            if self.shapes and self._shape_changed:
                self._shape_changed = False
                self._shape = self._read_shape()
                self._drain()
            return self._shape

    def _read_shape(self) -> PointerShape | None:
        try:
            image = self._display.xfixes_get_cursor_image(self._root)
        except xerror.BadAccess:  # its owner is gone (xsetroot): X lets nobody read it, and goes on showing it
            return ARROW
        width, height = min(image.width, LARGEST), min(image.height, LARGEST)
        words = np.array(image.cursor_image, np.uint32)[: image.width * image.height]
        if not len(words):
            return PointerShape(0, 0, 0, 0, b"")
        words = words.reshape(image.height, image.width)[:height, :width]
        planes = np.stack([(words >> shift) & 0xFF for shift in (16, 8, 0, 24)], axis=-1).astype(np.uint16)
        alpha = planes[..., 3:]
        planes[..., :3] = np.minimum(planes[..., :3] * 255 // np.maximum(alpha, 1), 255)  # it comes premultiplied
        rgba = planes.astype(np.uint8).tobytes()
        return PointerShape(min(image.xhot, LARGEST - 1), min(image.yhot, LARGEST - 1), width, height, rgba)

    def _wait(self) -> None:
        while True:
            try:
                readable, _, _ = select.select([self._display, self._wake_read], [], [])
            except (OSError, ValueError):
                return
            if self._wake_read in readable:
                return
            with self._lock:
                try:
                    self._drain()
                except (xerror.ConnectionClosedError, OSError):
                    self._dirty = True  # the next grab finds out
                    self._heard()
                    return

    def _drain(self) -> None:
        """The events that are there. The lock is held."""
        told = False
        while self._display.pending_events():
            event: Any = self._display.next_event()
            kinds = self._display.extension_event
            if self.tells and event.type == kinds.DamageNotify:
                told = self._dirty = True
            elif self.shapes and (event.type, getattr(event, "sub_code", None)) == kinds.DisplayCursorNotify:
                told = self._shape_changed = True
        if told:
            self._heard()

    def close(self) -> None:
        with suppress(OSError):
            os.write(self._wake_write, b"x")
        self._thread.join()
        for fd in (self._wake_read, self._wake_write):
            os.close(fd)
        with suppress(xerror.ConnectionClosedError, OSError):
            self._display.close()
