"""Chat: lines of text both ways. The agent keeps the session's lines, so every link sees the same conversation.

    technician                                   agent
    Since(last)               ─────────────▶     the first message on each link: what it has seen already
                              ◀─────────────     Line(...) for each later line, then Current, then each new Line
    Say(key, text)            ─────────────▶     gets a number, shown to the customer, and comes back as Line(key=…)

`key` is chosen by the sender and makes a repeated Say (after a lost link) the same line: said once, shown once.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from rs_relay.link.spec import ChannelSpec, Priority

MAX_TEXT = 8 * 1024  # characters; a longer text is a file


class Who(StrEnum):
    TECHNICIAN = "technician"
    CUSTOMER = "customer"
    SYSTEM = "system"


class Since(msgspec.Struct, frozen=True, tag="since"):
    last: int = 0


class Say(msgspec.Struct, frozen=True, tag="say"):
    key: str
    text: str


class Line(msgspec.Struct, frozen=True, tag="line"):
    number: int  # 1, 2, 3 … in the session
    who: Who
    name: str
    text: str
    at: float  # seconds since the epoch, by the agent's clock
    key: str = ""


class Current(msgspec.Struct, frozen=True, tag="current"):
    """All lines up to this number have been sent; said once on each link."""

    last: int


Up = Since | Say
Down = Line | Current
SPEC: ChannelSpec[Up, Down] = ChannelSpec("chat", None, Priority.TALK, Up, Down, max_message=64 * 1024)
