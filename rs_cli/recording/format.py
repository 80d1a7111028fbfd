"""The bytes of a recording: a head, then records one after the other. Pure.

    head      MAGIC (8 bytes), VERSION (2 bytes, big-endian)
    record    length of the payload (4)  time (4: milliseconds since the recording began)  kind (1)
              payload
              CRC-32 (4) of everything before it in this record

Law: what was written is never changed, only added to. So a recording that was cut at any byte is a shorter recording,
and the first record that is not whole, or whose sum is wrong, is where it ends.

A SEGMENT is a new picture (a `Layout` of the screen channel) and stands alone: the frames up to the next SEGMENT need
nothing before it, since their zstd stream begins with it. Whoever wants to see a moment goes to the last SEGMENT before
it and on from there.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

from rs_relay.channels.screen.messages import SPEC, Down, Frame, Layout, Pointer, Shape
from rs_relay.errors import PeerBroke

MAGIC = b"\x89RSREC\r\n"
VERSION = 1
_VERSION = struct.Struct(">H")
HEAD = MAGIC + _VERSION.pack(VERSION)
RECORD = struct.Struct(">IIB")
SUM = struct.Struct(">I")
LONGEST = SPEC.max_message  # bytes of a payload
MOST_TIME = (1 << 32) - 1  # milliseconds: 49 days


class Kind(IntEnum):
    ABOUT = 0  # About: the first record, once
    SEGMENT = 1  # Layout: a whole picture follows, see above
    FRAME = 2  # Frame: the last, mostly the only one, of an update
    POINTER = 3  # Pointer: where the customer's pointer is
    SHAPE = 4  # Shape, always with its pixels: how it looks
    TICK = 5  # nothing changed until now
    END = 6  # the recording was ended properly
    PART = 7  # Frame: another one of the same update follows


class About(msgspec.Struct, frozen=True):
    """`created`: seconds since the epoch. `title`: which session, in words for a person; no code, no key."""

    created: float
    title: Annotated[str, Meta(max_length=200)] = ""
    program: Annotated[str, Meta(max_length=60)] = ""


Message: TypeAlias = Down | About | None
# What a file may end with: an update is there wholly or not at all.
ENDINGS = frozenset(Kind) - {Kind.SEGMENT, Kind.PART}
_KINDS: dict[type, Kind] = {Layout: Kind.SEGMENT, Pointer: Kind.POINTER, Shape: Kind.SHAPE}
_DOWN = frozenset((*_KINDS.values(), Kind.FRAME, Kind.PART))
_encoder = msgspec.msgpack.Encoder()
_about = msgspec.msgpack.Decoder(About)


@dataclass(frozen=True)
class Record:
    """`message` is None for a kind that brings none, or that this program does not know."""

    time: int  # milliseconds
    kind: int
    message: Message = None


class NotIntact(Exception):
    """From here on the file holds nothing that can be relied on."""


def pack(time: int, kind: Kind, message: Message = None) -> bytes:
    """One record."""
    payload = b"" if message is None else _encoder.encode(message)
    if len(payload) > LONGEST:
        raise ValueError(f"a record of {len(payload)} bytes is over the limit")
    start = RECORD.pack(len(payload), min(time, MOST_TIME), kind) + payload
    return start + SUM.pack(zlib.crc32(start))


def said(time: int, message: Down) -> bytes:
    """The record of a message of the screen channel."""
    return pack(time, _kind(message), message)


def version(head: bytes) -> int | None:
    """The version that a head of len(HEAD) bytes names; None for no recording."""
    return int(_VERSION.unpack(head[len(MAGIC) :])[0]) if head.startswith(MAGIC) and len(head) == len(HEAD) else None


def length(start: bytes) -> int:
    """How many bytes come after the RECORD.size bytes of a record's beginning. Raises NotIntact."""
    if len(start) < RECORD.size:
        raise NotIntact
    size, _, _ = RECORD.unpack(start)
    if size > LONGEST:
        raise NotIntact
    return int(size) + SUM.size


def check(start: bytes, rest: bytes) -> tuple[int, int]:
    """(time, kind) of a record whose sum is right. Raises NotIntact."""
    if len(rest) != length(start):
        raise NotIntact
    body = memoryview(rest)
    if zlib.crc32(body[: -SUM.size], zlib.crc32(start)) != SUM.unpack(body[-SUM.size :])[0]:
        raise NotIntact
    _, time, kind = RECORD.unpack(start)
    return int(time), int(kind)


def unpack(start: bytes, rest: bytes) -> Record:
    """Raises NotIntact, also for a payload that is not what its kind says."""
    time, kind = check(start, rest)
    payload = memoryview(rest)[: -SUM.size]
    try:
        if kind == Kind.ABOUT:
            return Record(time, kind, _about.decode(payload))
        if kind not in _DOWN:
            return Record(time, kind)
        message = SPEC.decode_down(payload)
    except (PeerBroke, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise NotIntact from e
    if _kind(message) != kind:
        raise NotIntact
    return Record(time, kind, message)


def _kind(message: Down) -> Kind:
    if isinstance(message, Frame):
        return Kind.PART if message.more else Kind.FRAME
    return _KINDS[type(message)]
