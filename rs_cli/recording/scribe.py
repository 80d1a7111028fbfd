"""From the messages of the screen channel to the records of a file. No I/O, no clock, one thread at a time.

The stream of a layout goes on for as long as it lasts, and nobody can enter it in the middle. So what is written is not
what came: the picture is put together here and taken apart anew, into segments that each begin with all of it. That
also lets `write` be left out for a while (a slow disk): the next one writes what has changed since, and the picture is
right again. Film and photographs stay lossy and become exact when they rest, as they came.

Decided against: asking the agent for a whole picture at the beginning of each segment, which the line would pay for.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import numpy as np

from rs_cli.recording import format
from rs_cli.recording.format import Kind
from rs_relay.channels.screen.codecs import jpeg
from rs_relay.channels.screen.messages import MAX_SHAPE, MAX_TILES, Colours, Down, Frame, Layout, Pointer, Shape
from rs_relay.channels.screen.picture import Picture
from rs_relay.channels.screen.tiles import Grid, Mask, Rect
from rs_relay.errors import PeerBroke
from rs_relay.glass import bgrx
from rs_relay.picture.encoder import Encoder

SEGMENT_TIME = 30_000  # milliseconds: what a seek decodes at most
SEGMENT_BYTES = 8 * 1024 * 1024  # the same, for a film
MOST_SHAPES = 256  # that an agent may name again
LARGEST_SHAPE = MAX_SHAPE * MAX_SHAPE * 4 + 1024  # bytes: pixels that no compression helps


class Scribe:
    """`heard` brings messages in; `write` gives the records of what has changed since."""

    def __init__(self) -> None:
        self._picture = Picture()
        self._grid = Grid(0, 0)
        self._words: bgrx.Words = np.zeros((0, 0), np.uint32)
        self._dirty: Mask = self._grid.empty()
        self._whole = False  # what the picture holds is of one moment
        self._begin = True  # with a new segment
        self._encoder: Encoder | None = None
        self._segments = 0
        self._since = 0  # when the segment began
        self._bytes = 0  # in it
        self._pointer: Pointer | None = None
        self._shape: Shape | None = None
        self._shapes: dict[int, Shape] = {}
        self._new: set[type] = set()  # of Pointer and Shape: not written yet

    @property
    def segments(self) -> int:
        """How many have begun."""
        return self._segments

    def heard(self, message: Down) -> None:
        """Raises PeerBroke, after which nothing changes until the next Layout."""
        match message:
            case Layout():
                self._picture.reset(message)
                self._grid = Grid(message.width, message.height)
                self._words = np.zeros((message.height, message.width), np.uint32)
                self._dirty = self._grid.empty()
                self._dirty[:] = True
                self._whole, self._begin = False, True
            case Frame():
                self._frame(message)
            case Pointer():
                self._pointer = message
                self._new.add(Pointer)
            case Shape():
                self._take_shape(message)

    def write(self, time: int) -> Iterator[bytes]:
        """The records, at `time` (milliseconds since the recording began); none when there is nothing to say. All of
        them must be taken."""
        if not self._whole:
            return
        if self._dirty.any() and self._too_long(time):
            self._begin = True
        if self._begin:
            yield self._count(self._segment(time))
        for frame in self._frames(time):
            yield self._count(format.said(time, frame))
        for said in (self._shape, self._pointer):
            if said is not None and type(said) in self._new:
                yield self._count(format.said(time, said))
        self._new.clear()

    def again(self) -> None:
        """The next `write` begins a segment: what was written last may not have got there."""
        self._begin = True

    def _frame(self, frame: Frame) -> None:
        layout = self._picture.layout
        if layout is None or frame.layout < layout.number:
            return  # was under way when another was asked for
        for changed in self._picture.apply(frame):
            self._dirty |= self._grid.touched(changed)
        self._whole = not frame.more

    def _take_shape(self, shape: Shape) -> None:
        if len(shape.data) > LARGEST_SHAPE:
            raise PeerBroke("The other end sent a pointer that is too large.")
        if shape.data or shape.number not in self._shapes:
            if len(self._shapes) >= MOST_SHAPES:
                self._shapes.clear()
            self._shapes[shape.number] = shape
        self._shape = self._shapes[shape.number]
        self._new.add(Shape)

    def _too_long(self, time: int) -> bool:
        return time - self._since >= SEGMENT_TIME or self._bytes >= SEGMENT_BYTES

    def _segment(self, time: int) -> bytes:
        layout = self._picture.layout
        assert layout is not None  # the picture is whole
        self._segments += 1
        self._since, self._bytes, self._begin = time, 0, False
        self._encoder = Encoder(self._segments, self._grid, (jpeg.NAME,))
        self._dirty[:] = True
        self._new = {Pointer, Shape}
        # All colours, for so the picture is held here, however few of them the agent sent.
        return format.said(time, msgspec.structs.replace(layout, number=self._segments, colours=Colours.ALL))

    def _frames(self, time: int) -> Iterator[Frame]:
        assert self._encoder is not None  # a segment has begun
        if not self._dirty.any() and not self._encoder.lossy:
            return
        self._convert()
        only, self._dirty = self._dirty, self._grid.empty()
        grabbed = self._words.view(np.uint8).reshape(*self._words.shape, 4)
        yield from self._encoder.update(grabbed, time / 1000, MAX_TILES, only)

    def _convert(self) -> None:
        """What has changed, as the encoder takes it: rows of tiles at a time."""
        pixels = self._picture.pixels
        for row in np.flatnonzero(self._dirty.any(axis=1)):
            part = self._grid.pixels(0, int(row), self._grid.columns, 1)
            bgrx.convert(_cut(pixels, part), _cut(self._words, part))

    def _count(self, record: bytes) -> bytes:
        self._bytes += len(record)
        return record


def _cut(pixels: np.ndarray, part: Rect) -> np.ndarray:
    return pixels[part.y : part.y + part.height]


def opening(about: format.About) -> bytes:
    """How a file begins."""
    return format.HEAD + format.pack(0, Kind.ABOUT, about)
