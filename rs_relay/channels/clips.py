"""What lies on a clipboard besides text: pictures, marked-up text, copied files. Announced with sizes, sent when asked.

    technician                                   agent
    Watch(on)                 ─────────────▶     from now on each change is announced; never what was there before
    Look()                    ─────────────▶     announce what is there now
                              ◀─────────────     Offered(number, …)
    Fetch(number, format)     ─────────────▶     that, of that announcement, as it was when it was announced
                              ◀─────────────     Piece(…) … Piece(last)
    Which(number)             ─────────────▶     where the files lie; their contents go over the channel `files`
                              ◀─────────────     Paths(…)
    Put(items), Piece(…) …    ─────────────▶     the contents of each item follow, in order
                              ◀─────────────     Done
    PutFiles(names)           ─────────────▶     files that were sent to the folder of received files before
                              ◀─────────────     Done
                              ◀─────────────     Failed(…) in place of any answer

Asked one at a time. The channel is bulk: a picture never holds up the screen or a word of the chat, which text beside
it (the channel `clipboard`) may.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from rs_relay.link.spec import ChannelSpec, Permission, Priority

PIECE = 128 * 1024  # bytes
MAX_PATHS = 10_000
PATH = 4096  # characters of a path or name

Name = Annotated[str, Meta(min_length=1, max_length=PATH)]


class Format(StrEnum):
    """The same words as `rs_relay.clipboard.contents.Format`; a test compares."""

    TEXT = "text"
    HTML = "html"
    RTF = "rtf"
    IMAGE = "image"
    FILES = "files"


class Item(msgspec.Struct, frozen=True):
    """`size` in bytes of what would be sent; 0 for files, whose sizes stand in Offered. `fits`: it is not too large."""

    format: Format
    size: Annotated[int, Meta(ge=0)]
    fits: bool = True


class Watch(msgspec.Struct, frozen=True, tag="watch"):
    on: bool


class Look(msgspec.Struct, frozen=True, tag="look"):
    pass


class Fetch(msgspec.Struct, frozen=True, tag="fetch"):
    number: int
    format: Format


class Which(msgspec.Struct, frozen=True, tag="which"):
    number: int


class Put(msgspec.Struct, frozen=True, tag="put"):
    items: Annotated[tuple[Item, ...], Meta(min_length=1, max_length=4)]


class PutFiles(msgspec.Struct, frozen=True, tag="put-files"):
    names: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=MAX_PATHS)]


class Piece(msgspec.Struct, frozen=True, tag="piece"):
    data: Annotated[bytes, Meta(max_length=PIECE)]
    last: bool


class Offered(msgspec.Struct, frozen=True, tag="offered"):
    """`files` and `folders` that were copied, and how many bytes the files are (those in the folders not counted)."""

    number: int
    asked: bool  # the answer to a Look, not a change
    items: Annotated[tuple[Item, ...], Meta(max_length=5)] = ()
    files: Annotated[int, Meta(ge=0)] = 0
    folders: Annotated[int, Meta(ge=0)] = 0
    files_size: Annotated[int, Meta(ge=0)] = 0


class Paths(msgspec.Struct, frozen=True, tag="paths"):
    paths: Annotated[tuple[Name, ...], Meta(max_length=MAX_PATHS)]


class Done(msgspec.Struct, frozen=True, tag="done"):
    pass


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    code: str
    message: str


Up = Watch | Look | Fetch | Which | Put | PutFiles | Piece
Down = Offered | Piece | Paths | Done | Failed
SPEC: ChannelSpec[Up, Down] = ChannelSpec(
    "clips", Permission.CLIPBOARD, Priority.BULK, Up, Down, max_message=2 * 1024 * 1024, window=1024 * 1024
)
