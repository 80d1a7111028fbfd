"""Screen: the customer's picture as differences, sent only as fast as they are painted.

    technician                                   agent
    Start(monitor, codecs)    ─────────────▶     the first message on each link; it may go along with the request for it
                              ◀─────────────     Layout(number, …)   a picture of that size, black, begins; also later
                                                 whenever the monitors change, after Choose and after Refresh
                              ◀─────────────     Frame(seq, layout, …)   one or more make an update; the last of an
                                                 update has more=False
    Painted(seq)              ─────────────▶     update `seq` is before the eye: credit for the next
                              ◀─────────────     Pointer(x, y)   where the customer's pointer is, when it moved
                              ◀─────────────     Shape(number, …)   how the pointer looks from now on
    Choose(monitor)           ─────────────▶     another monitor: a new Layout follows
    Tune(colours, …)          ─────────────▶     how to make the picture: a new Layout follows where it must
    Refresh()                 ─────────────▶     all again, from a new Layout (a decoder that lost the thread asks this)
    Pause() / Resume()        ─────────────▶     no frames, no grabbing meanwhile / go on

A Frame is applied in this order: `copies`, one after the other; then the tiles named by `spans`, and then `patches`,
whose pixels come next in the layout's one zstd stream; then `regions`; then `films`. Each update leaves the technician
with the whole picture of one moment, but for tiles whose region was lossy: `lossy` says how many those are, and they
follow losslessly when they rest.

Who wants only exact pixels (a screenshot) says Start(codecs=()): the first whole update is then the exact picture.

All are array-like structs: what a typed letter costs is of the size of the field names. New fields go to the end,
with a default.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from rs_relay.channels.screen.tiles import MAX_SIDE
from rs_relay.link.spec import ChannelSpec, Permission, Priority

ALL_MONITORS = -1
MAX_MONITORS = 64
# Tiles that one Frame may bring, in spans and regions together: 3 MiB of pixels. It bounds what a decoder holds beside
# the picture, and lets it paint the first part of a large update while the next is on its way.
MAX_TILES = 1024
MAX_COPIES = 64
MAX_PATCHES = 16
MAX_FILMS = 4  # at once
MAX_SHAPE = 256  # pixels: the largest side of a pointer

Coordinate = Annotated[int, Meta(ge=-(1 << 20), le=1 << 20)]  # of the desktop: a monitor may lie left of another
Side = Annotated[int, Meta(ge=0, le=MAX_SIDE)]
Count = Annotated[int, Meta(ge=0, le=(1 << 53))]
Codec = Annotated[str, Meta(min_length=1, max_length=16)]


class Colours(StrEnum):
    """How many a pixel may have: fewer cost fewer bytes on a slow line."""

    ALL = "all"
    C256 = "256"  # three bits of red and green, two of blue
    GREYS = "16"  # sixteen levels of grey


class Tune(msgspec.Struct, frozen=True, tag="tune", array_like=True):
    """How the technician wants the picture made. `lossless`: no lossy codec, though it be slow. `rate`: at most so many
    updates a second, 0 for as many as the line and the eye allow. Without a word of it: Tune()."""

    colours: Colours = Colours.ALL
    lossless: bool = False
    rate: Annotated[int, Meta(ge=0, le=60)] = 0


class Start(msgspec.Struct, frozen=True, tag="start", array_like=True):
    """`codecs`: the lossy codecs that may be used, see `codecs.NAMES`; none means exact pixels only."""

    monitor: Annotated[int, Meta(ge=ALL_MONITORS, lt=MAX_MONITORS)] = ALL_MONITORS
    codecs: Annotated[tuple[Codec, ...], Meta(max_length=16)] = ()
    tune: Tune = Tune()


class Painted(msgspec.Struct, frozen=True, tag="p", array_like=True):
    seq: Count


class Pause(msgspec.Struct, frozen=True, tag="pause", array_like=True):
    pass


class Resume(msgspec.Struct, frozen=True, tag="resume", array_like=True):
    pass


class Refresh(msgspec.Struct, frozen=True, tag="refresh", array_like=True):
    pass


class Choose(msgspec.Struct, frozen=True, tag="choose", array_like=True):
    monitor: Annotated[int, Meta(ge=ALL_MONITORS, lt=MAX_MONITORS)]


class MonitorPlace(msgspec.Struct, frozen=True):
    """A monitor in pixels of the whole desktop. `name` comes from the other side: filter before showing it."""

    name: Annotated[str, Meta(max_length=128)]
    x: Coordinate
    y: Coordinate
    width: Side
    height: Side
    primary: bool = False


class Layout(msgspec.Struct, frozen=True, tag="layout", array_like=True):
    """A new picture: `width` by `height` pixels, the part of the desktop whose top left is (`x`, `y`)."""

    number: Count
    x: Coordinate
    y: Coordinate
    width: Side
    height: Side
    chosen: Annotated[int, Meta(ge=ALL_MONITORS, lt=MAX_MONITORS)] = ALL_MONITORS
    monitors: Annotated[tuple[MonitorPlace, ...], Meta(max_length=MAX_MONITORS)] = ()
    colours: Colours = Colours.ALL  # what a tile's pixels are in the zstd stream, see `codecs.exact`


class Copy(msgspec.Struct, frozen=True, array_like=True):
    """The rectangle at (x, y) appears at (to_x, to_y) as well, as if through a buffer: they may overlap."""

    x: Side
    y: Side
    width: Side
    height: Side
    to_x: Side
    to_y: Side


class Region(msgspec.Struct, frozen=True, array_like=True):
    """A rectangle of whole tiles (cut at the picture's edge), in columns and rows of tiles, coded by itself."""

    codec: Codec
    column: Side
    row: Side
    columns: Side
    rows: Side
    data: bytes


class Film(msgspec.Struct, frozen=True, array_like=True):
    """The next picture of a film that plays in a rectangle of whole tiles. `stream` names one decoder, which begins
    with the first Film of that number and must be of one codec and one rectangle to its end; a higher number in the
    same place ends the lower, and so does a Film without `data`. Each other Film gives exactly one picture, at once.

    `spans`: the tiles that show it, as skip, take … in the row-major order of the rectangle; () for all. A letter that
    stands still on a film stays exact."""

    stream: Count
    codec: Codec
    column: Side
    row: Side
    columns: Side
    rows: Side
    data: bytes
    spans: Annotated[tuple[Count, ...], Meta(max_length=2 * MAX_TILES)] = ()


class Patch(msgspec.Struct, frozen=True, array_like=True):
    """A small rectangle of pixels, anywhere in the picture."""

    x: Side
    y: Side
    width: Side
    height: Side


class Frame(msgspec.Struct, frozen=True, tag="f", array_like=True):
    """`spans`: tiles in row-major order as skip, take, skip, take …, see `tiles.spans`. `data`: the next piece of the
    layout's zstd stream, which holds exactly their pixels."""

    seq: Count  # of the update; its frames share it, and the next update has a higher one
    layout: Count
    copies: Annotated[tuple[Copy, ...], Meta(max_length=MAX_COPIES)] = ()
    spans: Annotated[tuple[Count, ...], Meta(max_length=2 * MAX_TILES)] = ()
    data: bytes = b""
    regions: Annotated[tuple[Region, ...], Meta(max_length=MAX_TILES)] = ()
    more: bool = False  # another frame of the same update follows
    lossy: Count = 0  # tiles not exact after this frame
    films: Annotated[tuple[Film, ...], Meta(max_length=MAX_FILMS)] = ()
    # 0: `data` are the pixels. 1, 2, 4: four greys at that part of the size, in a stream of their own, see
    # `codecs.depth`; only if Start named the codec "shades".
    shades: Annotated[int, Meta(ge=0, le=4)] = 0
    # Their pixels follow the tiles' in `data`, rows from the top; not together with `shades`.
    patches: Annotated[tuple[Patch, ...], Meta(max_length=MAX_PATCHES)] = ()


class Pointer(msgspec.Struct, frozen=True, tag="at", array_like=True):
    """In pixels of the whole desktop, so possibly outside the picture."""

    x: Coordinate
    y: Coordinate


class Shape(msgspec.Struct, frozen=True, tag="shape", array_like=True):
    """How the pointer looks from now on. `number` names the shape: one that was told before on this channel comes with
    no `data`. `data`: `width` by `height` pixels R, G, B, A (not premultiplied), rows from the top, in one zstd frame;
    a size of 0 hides the pointer. `hot_x`, `hot_y`: the pixel of it that is where Pointer says."""

    number: Count
    hot_x: Annotated[int, Meta(ge=0, lt=MAX_SHAPE)] = 0
    hot_y: Annotated[int, Meta(ge=0, lt=MAX_SHAPE)] = 0
    width: Annotated[int, Meta(ge=0, le=MAX_SHAPE)] = 0
    height: Annotated[int, Meta(ge=0, le=MAX_SHAPE)] = 0
    data: bytes = b""


Up = Start | Painted | Pause | Resume | Refresh | Choose | Tune
Down = Layout | Frame | Pointer | Shape
SPEC: ChannelSpec[Up, Down] = ChannelSpec(
    "screen", Permission.VIEW, Priority.SCREEN, Up, Down, max_message=4 * 1024 * 1024, window=1024 * 1024
)
