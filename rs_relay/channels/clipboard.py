"""Clipboard text, both ways, without echo.

    technician                                   agent
    Watch(on)                 ─────────────▶     from now on each change at the customer's comes as Text; never what
                                                 was there before
    Get()                     ─────────────▶     Text(...) now, whatever is there
    Put(text)                 ─────────────▶     set at the customer's; answered by Done
                              ◀─────────────     Skipped(size) instead of a Text that is over the limit

An end that sets its own clipboard because the other said so never reports that change back.
"""

from __future__ import annotations

import msgspec

from rs_relay.link.spec import ChannelSpec, Permission, Priority

MAX_TEXT = 10 * 1024 * 1024  # bytes of UTF-8: more is a file, and would sit in the memory of four programs
SYNC_LIMIT = 1024 * 1024  # bytes of UTF-8 that are sent unasked


class Watch(msgspec.Struct, frozen=True, tag="watch"):
    on: bool


class Get(msgspec.Struct, frozen=True, tag="get"):
    pass


class Put(msgspec.Struct, frozen=True, tag="put"):
    text: str


class Text(msgspec.Struct, frozen=True, tag="text"):
    text: str
    asked: bool  # the answer to a Get, not a change


class Done(msgspec.Struct, frozen=True, tag="done"):
    pass


class Skipped(msgspec.Struct, frozen=True, tag="skipped"):
    size: int  # bytes
    asked: bool


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    code: str
    message: str


Up = Watch | Get | Put
Down = Text | Done | Skipped | Failed
SPEC: ChannelSpec[Up, Down] = ChannelSpec(
    "clipboard", Permission.CLIPBOARD, Priority.TALK, Up, Down, max_message=MAX_TEXT + 1024, window=1024 * 1024
)
