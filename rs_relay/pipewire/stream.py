"""Streams of pictures on one PipeWire connection.

    PipeWire's own thread:  buffer filled ─▶ `_process` takes the newest, gives the one before back ─▶ `drawn`
    any other thread:       `copy` reads what the held buffer shows

A buffer that is held here is not written by its producer, so nothing is copied before somebody wants to see it. Two
locks: PipeWire's loop, which is held whenever it calls us, and `_held`, which is the inner one.
"""

from __future__ import annotations

import ctypes as c
import os
import struct
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rs_relay.errors import LocalProblem
from rs_relay.pipewire import pods
from rs_relay.pipewire.libpipewire import (
    AUTOCONNECT,
    CORRUPTED,
    DONT_RECONNECT,
    ERROR,
    INPUT,
    MAP_BUFFERS,
    UNCONNECTED,
    Buffer,
    Hook,
    OfBuffer,
    ParamChanged,
    Process,
    StateChanged,
    StreamEvents,
    load,
)
from rs_relay.pipewire.libpipewire import pods as pointers

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Pixels = npt.NDArray[np.uint8]

MOST = 30  # pictures a second
_CURSOR = struct.Struct("=IIiiiiI")  # id, flags, place, hot spot, offset of the bitmap
_BITMAP = struct.Struct("=IIIiI")  # order, width, height, stride, offset of its pixels
_REGION = struct.Struct("=iiII")


@dataclass(frozen=True)
class Cursor:
    """`bitmap`: rows of `width` by `height` pixels of R, G, B, A, premultiplied; b'' for a pointer that is not shown,
    None where it looks as before."""

    x: int
    y: int
    hot_x: int = 0
    hot_y: int = 0
    width: int = 0
    height: int = 0
    bitmap: bytes | None = None


@dataclass(frozen=True)
class News:
    """What a stream tells of itself. `regions`: x, y, width, height of what was drawn; None for anywhere."""

    drawn: bool = False
    regions: tuple[tuple[int, int, int, int], ...] | None = ()
    cursor: Cursor | None = None
    over: bool = False  # nothing more comes


@dataclass(frozen=True)
class _Frame:
    buffer: int  # of a pw_buffer
    at: int  # of the first pixel
    stride: int
    format: pods.Format


class Connection:
    """To the PipeWire that `fd` leads to; takes `fd` over. Raises LocalProblem."""

    def __init__(self, fd: int) -> None:
        try:
            self._lib = load()
        except LocalProblem:
            os.close(fd)
            raise
        self._streams: list[Stream] = []
        lib = self._lib
        self._loop = lib.thread_loop_new(b"rs", None)
        self._context = lib.context_new(lib.thread_loop_get_loop(self._loop), None, 0)
        lib.thread_loop_lock(self._loop)
        try:
            lib.thread_loop_start(self._loop)
            self._core = lib.context_connect_fd(self._context, fd, None, 0)  # which takes the descriptor, always
        finally:
            lib.thread_loop_unlock(self._loop)
        if not self._core:
            self.close()
            raise LocalProblem("PipeWire, which hands over what this desktop shows, cannot be reached.")

    def stream(self, node: int, news: Callable[[News], None]) -> Stream:
        """Begins to take what the node of that number shows. `news` is called in PipeWire's thread. Raises
        LocalProblem."""
        self._lib.thread_loop_lock(self._loop)
        try:
            made = Stream(int(self._core), node, news)
        finally:
            self._lib.thread_loop_unlock(self._loop)
        self._streams.append(made)
        return made

    def close(self) -> None:
        """Nothing more comes, and nothing is held. Not from PipeWire's own thread."""
        lib, loop, self._loop = self._lib, self._loop, None
        if loop is None:
            return
        lib.thread_loop_lock(loop)
        for stream in self._streams:
            stream.close()
        if self._core:
            lib.core_disconnect(self._core)
        lib.thread_loop_unlock(loop)
        lib.thread_loop_stop(loop)
        lib.context_destroy(self._context)
        lib.thread_loop_destroy(loop)


class Stream:
    """What one node shows. Made and closed with PipeWire's loop held (`Connection` does)."""

    def __init__(self, core: int, node: int, news: Callable[[News], None]) -> None:
        self._lib, self._news = load(), news
        self._held = threading.Lock()
        self._frame: _Frame | None = None
        self._format: pods.Format | None = None
        self._over = False
        properties = self._lib.properties_new(None)
        for key, value in (("media.type", "Video"), ("media.category", "Capture"), ("media.role", "Screen")):
            self._lib.properties_set(properties, key.encode(), value.encode())
        self._stream = self._lib.stream_new(core, b"rs", properties)
        if not self._stream:
            raise LocalProblem("PipeWire gives no stream of this desktop's picture.")
        self._hook = Hook()
        self._calls = (
            StateChanged(self._state),
            ParamChanged(self._param),
            OfBuffer(self._removed),
            Process(self._process),
        )
        state, param, removed, process = self._calls
        self._events = StreamEvents(
            version=0, state_changed=state, param_changed=param, remove_buffer=removed, process=process
        )
        self._lib.stream_add_listener(self._stream, c.byref(self._hook), c.byref(self._events), None)
        offered, _kept = pointers((pods.wanted(MOST),))
        flags = AUTOCONNECT | MAP_BUFFERS | DONT_RECONNECT
        if self._lib.stream_connect(self._stream, INPUT, node, flags, offered, len(offered)) < 0:
            self.close()
            raise LocalProblem("PipeWire gives no stream of this desktop's picture.")

    @property
    def size(self) -> tuple[int, int] | None:
        """Of the picture that can be copied now; None before the first."""
        with self._held:
            return (self._frame.format.width, self._frame.format.height) if self._frame else None

    @property
    def over(self) -> bool:
        return self._over

    def copy(self, into: Pixels, at: tuple[int, int], parts: Sequence[tuple[int, int, int, int]]) -> bool:
        """Copies `parts` (x, y, width, height, within the picture) as B, G, R, X to `into`, in which `at` is the place
        of the picture's corner. False: there is no picture, or it is too small for that."""
        import numpy as np

        with self._held:
            frame = self._frame
            if frame is None:
                return False
            wide, high = frame.format.width, frame.format.height
            room = (c.c_uint8 * (frame.stride * (high - 1) + wide * 4)).from_address(frame.at)
            seen = np.ndarray((high, wide, 4), np.uint8, memoryview(room), 0, (frame.stride, 4, 1))
            swapped = frame.format.order in (pods.Video.RGBX, pods.Video.RGBA)
            for x, y, width, height in parts:
                if x < 0 or y < 0 or x + width > wide or y + height > high:
                    return False
                part = seen[y : y + height, x : x + width]
                there = into[at[1] + y : at[1] + y + height, at[0] + x : at[0] + x + width]
                if swapped:
                    there[..., 0], there[..., 1], there[..., 2] = part[..., 2], part[..., 1], part[..., 0]
                else:
                    there[...] = part
            return True

    def close(self) -> None:
        with self._held:
            self._frame = None
        stream, self._stream = self._stream, None
        if stream:
            self._lib.stream_destroy(stream)

    # --- called by PipeWire, in its thread; an exception cannot leave them ---

    def _state(self, _data: int, _old: int, state: int, _error: bytes) -> None:
        if state in (ERROR, UNCONNECTED) and self._stream and not self._over:
            self._over = True
            self._news(News(over=True))

    def _param(self, _data: int, param: int, pod: int) -> None:
        if param != pods.PARAM_FORMAT or not pod:
            return
        size = c.c_uint32.from_address(pod).value
        self._format = pods.read_format(c.string_at(pod, 8 + min(size, 4096)))
        answer, _kept = pointers((pods.buffers(), *pods.metas()))
        self._lib.stream_update_params(self._stream, answer, len(answer))

    def _removed(self, _data: int, buffer: int) -> None:
        with self._held:
            if self._frame is not None and self._frame.buffer == buffer:
                self._frame = None

    def _process(self, _data: int) -> None:
        drawn, anywhere = False, False
        regions: list[tuple[int, int, int, int]] = []
        cursor: Cursor | None = None
        while buffer := self._lib.stream_dequeue_buffer(self._stream):
            told = Buffer.from_address(buffer).buffer.contents
            metas = {told.metas[n].type: told.metas[n] for n in range(told.n_metas)}
            if pods.META_CURSOR in metas:
                cursor = _cursor(metas[pods.META_CURSOR].data, metas[pods.META_CURSOR].size, cursor) or cursor
            frame = self._picture(buffer, told)
            if frame is None:
                self._lib.stream_queue_buffer(self._stream, buffer)
                continue
            with self._held:
                self._frame, before = frame, self._frame
            if before is not None:
                self._lib.stream_queue_buffer(self._stream, before.buffer)
            drawn = True
            damage = metas.get(pods.META_DAMAGE)
            found = _regions(damage.data, damage.size) if damage is not None else []
            anywhere |= not found
            regions += found
        if drawn or cursor is not None:
            self._news(News(drawn, None if anywhere else tuple(regions), cursor))

    def _picture(self, buffer: int, told: object) -> _Frame | None:
        """The picture in a buffer; None where it carries none, or one that is not what was agreed."""
        format = self._format
        if format is None or not told.n_datas:  # type: ignore[attr-defined]
            return None
        data = told.datas[0]  # type: ignore[attr-defined]
        chunk = data.chunk.contents
        if not data.data or not chunk.size or chunk.flags & CORRUPTED:
            return None
        stride = chunk.stride or format.width * 4
        offset = chunk.offset % data.maxsize if data.maxsize else 0
        if stride < format.width * 4 or offset + stride * (format.height - 1) + format.width * 4 > data.maxsize:
            return None
        return _Frame(buffer, data.data + offset, stride, format)


def _regions(at: int, size: int) -> list[tuple[int, int, int, int]]:
    found: list[tuple[int, int, int, int]] = []
    for region in _REGION.iter_unpack(c.string_at(at, size - size % _REGION.size)):
        if not region[2] or not region[3]:
            break
        found.append(region)
    return found


def _cursor(at: int, size: int, before: Cursor | None) -> Cursor | None:
    """What a spa_meta_cursor says; None for nothing. A look that `before` brought is kept: one may follow without."""
    told = c.string_at(at, size)
    with suppress(struct.error):
        number, _flags, x, y, hot_x, hot_y, offset = _CURSOR.unpack_from(told)
        if not number:
            return None
        if not offset:
            if before is None:
                return Cursor(x, y)
            return Cursor(x, y, before.hot_x, before.hot_y, before.width, before.height, before.bitmap)
        order, width, height, stride, pixels = _BITMAP.unpack_from(told, offset)
        bitmap = _bitmap(told[offset + pixels :], order, width, height, stride) if pixels else b""
        return Cursor(x, y, hot_x, hot_y, width, height, bitmap) if bitmap else Cursor(x, y, bitmap=b"")
    return None


def _bitmap(told: bytes, order: int, width: int, height: int, stride: int) -> bytes:
    """R, G, B, A; b'' for what is no bitmap."""
    largest = pods.CURSOR_LARGEST
    if not (0 < width <= largest and 0 < height <= largest and stride >= width * 4 and len(told) >= stride * height):
        return b""
    rows = bytearray(b"".join(told[y * stride : y * stride + width * 4] for y in range(height)))
    if order in (pods.Video.BGRA, pods.Video.BGRX):
        rows[0::4], rows[2::4] = rows[2::4], rows[0::4]
    elif order not in (pods.Video.RGBA, pods.Video.RGBX):
        return b""
    return bytes(rows)
