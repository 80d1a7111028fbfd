"""Draw: strokes over the customer's desktop, by either side, seen by both.

    technician                                   agent
                              ◀─────────────     Standing(where)   first on each link, and whenever it changes: forget
                                                 all strokes but those that wait for their Done; what is there follows
    Begin(id, tool, …)        ─────────────▶     a stroke begins; `id` is the drawer's choice, never used before
    More(id, points)          ─────────────▶     it goes on; of a stroke that was erased meanwhile: nothing
    Done(id)                  ─────────────▶     it is whole (a laser pointer: it is gone)
                              ◀─────────────     Done(id)   the technician's own stroke is there
    Erase(id)                 ─────────────▶     one stroke, or all of everybody with id 0
                              ◀─────────────     Erase(id)   a stroke is gone (erased, refused, too old); 0: all are
                              ◀─────────────     Begin More Done   strokes of others; only while `where` is "picture"

Where the agent has a window over the customer's desktop (`where` is "desktop"), strokes are in the picture by
themselves. Else ("picture") each technician's end draws them over its picture. "off": nothing is drawn now, since the
customer paused, has a question before them, or will not have it; a Begin is then answered with Erase.

A tool says which of a stroke's points count: all, the first and the last, or the last alone. Points are pixels of the
customer's whole desktop.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

from rs_relay.link.spec import ChannelSpec, Permission, Priority

MAX_PIECE = 256  # points in one message: a mouse of 1000 Hz told four times a second
MAX_POINTS = 2048  # of one stroke; a longer line goes on in the next stroke
MAX_STROKES, MAX_TOTAL = 300, 20_000  # at once, strokes and points: the oldest go first
MAX_WIDTH = 40  # pixels
ALL = 0  # in Erase


class Tool(StrEnum):
    PEN = "pen"
    ARROW = "arrow"  # from the first point to the last
    RECTANGLE = "rectangle"  # the first and the last point are opposite corners
    HIGHLIGHTER = "highlighter"
    LASER = "laser"  # a dot at the last point, gone after a second of rest


class Colour(StrEnum):
    RED = "red"
    YELLOW = "yellow"
    GREEN = "green"
    BLUE = "blue"
    BLACK = "black"
    WHITE = "white"


class Where(StrEnum):
    DESKTOP = "desktop"
    PICTURE = "picture"
    OFF = "off"


Coordinate = Annotated[int, Meta(ge=-(1 << 15), lt=1 << 15)]  # what fits into an X request
Point: TypeAlias = tuple[Coordinate, Coordinate]
Points: TypeAlias = Annotated[tuple[Point, ...], Meta(min_length=1, max_length=MAX_PIECE)]
Id = Annotated[int, Meta(ge=1, lt=1 << 53)]


class Begin(msgspec.Struct, frozen=True, tag="begin"):
    id: Id
    tool: Tool
    colour: Colour
    width: Annotated[int, Meta(ge=1, le=MAX_WIDTH)]
    points: Points


class More(msgspec.Struct, frozen=True, tag="more"):
    id: Id
    points: Points


class Done(msgspec.Struct, frozen=True, tag="done"):
    id: Id


class Erase(msgspec.Struct, frozen=True, tag="erase"):
    id: Annotated[int, Meta(ge=ALL, lt=1 << 53)]


class Standing(msgspec.Struct, frozen=True, tag="standing"):
    where: Where


Up = Begin | More | Done | Erase
Down = Standing | Begin | More | Done | Erase
SPEC: ChannelSpec[Up, Down] = ChannelSpec("draw", Permission.VIEW, Priority.TALK, Up, Down, max_message=16 * 1024)
