"""The pictures of all screens that the person at a Wayland desktop chose, for as many as look at them here."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Protocol

from rs_relay.capture.base import Area, PointerPlace, PointerShape
from rs_relay.capture.wayland.places import Placed, arrange, scale
from rs_relay.errors import LocalProblem
from rs_relay.pipewire.stream import Connection, Cursor, News
from rs_relay.portal.session import Source

if TYPE_CHECKING:
    from rs_relay.capture.base import Pixels

FIRST = 5.0  # seconds for the first picture of a screen


class Stream(Protocol):
    """One screen's, of `rs_relay.pipewire.stream`."""

    @property
    def size(self) -> tuple[int, int] | None: ...

    def copy(self, into: Pixels, at: tuple[int, int], parts: Sequence[tuple[int, int, int, int]]) -> bool: ...


class Pictures(Protocol):
    """A connection to PipeWire."""

    def stream(self, node: int, news: Callable[[News], None]) -> Stream: ...

    def close(self) -> None: ...


class Watcher(Protocol):
    """Called in PipeWire's thread."""

    def drawn(self, area: Area | None) -> None:
        """Something was, there or (None) anywhere."""
        ...

    def moved(self) -> None:
        """The pointer is elsewhere, or looks different."""
        ...


@dataclass
class _Shown:
    source: Source
    stream: Stream | None = None
    size: tuple[int, int] | None = None  # pixels of the last picture
    scale: tuple[float, float] = (1.0, 1.0)  # of the first: what the desktop says of its own measure is of that time
    over: bool = False


@dataclass
class _Pointer:
    source: int = 0
    x: int = 0
    y: int = 0
    shape: PointerShape | None = None
    cursor: Cursor | None = field(default=None)


class Cast:
    """Raises LocalProblem when the screens send no picture. `sources` as the portal gave them."""

    def __init__(self, fd: int, sources: Sequence[Source], connect: Callable[[int], Pictures] = Connection) -> None:
        self._shown = [_Shown(source) for source in sources]
        self._news = threading.Condition()
        self._watchers: list[Watcher] = []
        self._pointer = _Pointer()
        self._pictures = connect(fd)
        try:
            for number, one in enumerate(self._shown):
                one.stream = self._pictures.stream(one.source.node, partial(self._heard, number))
            with self._news:
                if not self._news.wait_for(self._all_there, FIRST) or self.over:
                    raise LocalProblem("This desktop sends no picture of the screen that was chosen.")
        except LocalProblem:
            self._pictures.close()
            raise

    def _all_there(self) -> bool:
        return all(one.size is not None or one.over for one in self._shown)

    @property
    def over(self) -> bool:
        """No screen sends anything any more."""
        return all(one.over for one in self._shown)

    def watch(self, watcher: Watcher) -> None:
        with self._news:
            self._watchers = [*self._watchers, watcher]

    def leave(self, watcher: Watcher) -> bool:
        """Whether nobody looks any more."""
        with self._news:
            self._watchers = [one for one in self._watchers if one is not watcher]
            return not self._watchers

    def wake(self) -> None:
        """Everybody looks at once, to hear that it is over."""
        for watcher in self._watchers:
            watcher.drawn(None)

    def places(self) -> tuple[Placed, ...]:
        with self._news:
            live = [one for one in self._shown if one.size is not None and not one.over]
            return arrange(
                [one.source for one in live], [one.size or (0, 0) for one in live], [one.scale for one in live]
            )

    def copy(
        self, placed: Placed, into: Pixels, at: tuple[int, int], parts: Sequence[tuple[int, int, int, int]]
    ) -> bool:
        """`Stream.copy` of that screen."""
        stream = next((one.stream for one in self._shown if one.source is placed.source), None)
        return stream is not None and stream.copy(into, at, parts)

    def pointer(self) -> PointerPlace:
        """In pixels of the whole desktop."""
        at = self._pointer
        source = self._shown[at.source].source
        monitor = next((p.monitor for p in self.places() if p.source is source), None)
        return PointerPlace(at.x + monitor.x, at.y + monitor.y) if monitor else PointerPlace(at.x, at.y)

    def shape(self) -> PointerShape | None:
        """The same object as long as it looks the same; None before the desktop told."""
        pointer = self._pointer
        cursor, pointer.cursor = pointer.cursor, None
        if cursor is not None:
            made = shape(cursor)
            pointer.shape = pointer.shape if pointer.shape == made else made
        return pointer.shape

    def close(self) -> None:
        self._pictures.close()

    def _heard(self, number: int, news: News) -> None:
        """In PipeWire's thread."""
        one = self._shown[number]
        with self._news:
            if news.over:
                one.over = True
            size = one.stream.size if news.drawn and one.stream is not None else None
            resized = size is not None and size != one.size
            if size is not None:
                if one.size is None:
                    one.scale = scale(one.source, size)
                one.size = size
            if news.cursor is not None:
                self._point(number, news.cursor)
            self._news.notify_all()
        watchers = self._watchers
        if news.over or (news.drawn and (news.regions is None or resized)):
            for watcher in watchers:
                watcher.drawn(None)
        elif news.drawn and news.regions:
            corner = next((p.monitor for p in self.places() if p.source is one.source), None)
            for x, y, width, height in news.regions:
                area = Area(x + corner.x, y + corner.y, width, height) if corner else None
                for watcher in watchers:
                    watcher.drawn(area)
        if news.cursor is not None:
            for watcher in watchers:
                watcher.moved()

    def _point(self, number: int, cursor: Cursor) -> None:
        self._pointer.source, self._pointer.x, self._pointer.y = number, cursor.x, cursor.y
        if cursor.bitmap is not None:
            self._pointer.cursor = cursor


def shape(cursor: Cursor) -> PointerShape:
    """As `capture` has it: its colours not multiplied by how much they cover."""
    if not cursor.bitmap:
        return PointerShape(0, 0, 0, 0, b"")
    import numpy as np

    pixels = np.frombuffer(cursor.bitmap, np.uint8).reshape(-1, 4).astype(np.uint16)
    cover = np.maximum(pixels[:, 3:], 1)
    pixels[:, :3] = np.minimum(pixels[:, :3] * 255 // cover, 255)
    return PointerShape(cursor.hot_x, cursor.hot_y, cursor.width, cursor.height, pixels.astype(np.uint8).tobytes())
