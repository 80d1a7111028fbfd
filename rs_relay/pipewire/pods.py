"""What two ends of a PipeWire stream agree on, as pods (spa/pod/pod.h): little boxes of a size, a type and a body.

Pure: bytes in, bytes out. Only what a consumer of raw video says and hears is known here. Numbers are spa's.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

ID, INT, RECTANGLE, FRACTION, OBJECT, CHOICE = 3, 4, 10, 11, 15, 19
_RANGE, _ENUM, _FLAGS = 1, 3, 4
_HEAD = struct.Struct("=II")  # size of the body, type
_FIRST = 0x2_0000  # of the keys that a video format has
KEY_TYPE, KEY_SUBTYPE, KEY_FORMAT, KEY_SIZE, KEY_RATE, KEY_MOST = (
    1, 2, _FIRST + 1, _FIRST + 3, _FIRST + 4, _FIRST + 5,
)  # fmt: skip
OBJECT_FORMAT, OBJECT_BUFFERS, OBJECT_META = 0x4_0003, 0x4_0004, 0x4_0005
PARAM_ENUM_FORMAT, PARAM_FORMAT, PARAM_BUFFERS, PARAM_META = 3, 4, 5, 6
META_DAMAGE, META_CURSOR = 3, 5
_VIDEO, _RAW = 2, 1
_MEMORY = 1 << 1 | 1 << 2  # MemPtr, MemFd: never DMA-BUF, which lies in a graphics card
BUFFERS = (8, 4, 16)  # wanted, least, most: one is held here while the producer fills others
LARGEST = 16384
CURSOR_LARGEST, REGIONS = 384, 16
CURSOR_HEAD, BITMAP_HEAD, REGION = 28, 20, 16  # bytes of spa_meta_cursor, spa_meta_bitmap, spa_meta_region


class Video(IntEnum):
    """Byte orders of a pixel of four bytes; the last of BGRX and RGBX is undefined."""

    RGBX = 7
    BGRX = 8
    RGBA = 11
    BGRA = 12


@dataclass(frozen=True)
class Format:
    """What a stream carries: raw pictures of `width` by `height` pixels."""

    order: Video
    width: int
    height: int


def _padded(body: bytes) -> bytes:
    return body + bytes(-len(body) % 8)


def _pod(kind: int, body: bytes) -> bytes:
    return _HEAD.pack(len(body), kind) + _padded(body)


def _choice(how: int, kind: int, values: Iterable[bytes]) -> bytes:
    each = list(values)
    return _pod(CHOICE, struct.pack("=IIII", how, 0, len(each[0]), kind) + b"".join(each))


def _object(kind: int, param: int, properties: Iterable[tuple[int, bytes]]) -> bytes:
    fields = b"".join(struct.pack("=II", key, 0) + pod for key, pod in properties)
    return _pod(OBJECT, struct.pack("=II", kind, param) + fields)


def _int(value: int) -> bytes:
    return struct.pack("=i", value)


def _pair(first: int, second: int) -> bytes:
    return struct.pack("=II", first, second)


def wanted(most: int) -> bytes:
    """The pictures that are understood here, at most `most` a second; none in a graphics card."""
    orders = (Video.BGRX, Video.BGRX, Video.BGRA, Video.RGBX, Video.RGBA)  # the first is the one liked best
    return _object(
        OBJECT_FORMAT,
        PARAM_ENUM_FORMAT,
        (
            (KEY_TYPE, _pod(ID, _int(_VIDEO))),
            (KEY_SUBTYPE, _pod(ID, _int(_RAW))),
            (KEY_FORMAT, _choice(_ENUM, ID, map(_int, orders))),
            (KEY_SIZE, _choice(_RANGE, RECTANGLE, (_pair(1920, 1080), _pair(1, 1), _pair(LARGEST, LARGEST)))),
            (KEY_RATE, _pod(FRACTION, _pair(0, 1))),  # as something changes, not by a clock
            (KEY_MOST, _choice(_RANGE, FRACTION, (_pair(most, 1), _pair(1, 1), _pair(most, 1)))),
        ),
    )


def buffers() -> bytes:
    """In memory that is shared with us, as many as BUFFERS says. Keys: count 1, kind of memory 6."""
    return _object(
        OBJECT_BUFFERS,
        PARAM_BUFFERS,
        ((1, _choice(_RANGE, INT, map(_int, BUFFERS))), (6, _choice(_FLAGS, INT, (_int(_MEMORY),)))),
    )


def metas() -> tuple[bytes, ...]:
    """What is to be told beside pixels: how the pointer looks and where it is, and where something was drawn."""

    def cursor(side: int) -> bytes:
        return _int(CURSOR_HEAD + BITMAP_HEAD + side * side * 4)

    return (
        _meta(META_CURSOR, _choice(_RANGE, INT, (cursor(64), cursor(1), cursor(CURSOR_LARGEST)))),
        _meta(META_DAMAGE, _choice(_RANGE, INT, (_int(REGION * REGIONS), _int(REGION), _int(REGION * REGIONS)))),
    )


def _meta(kind: int, size: bytes) -> bytes:
    return _object(OBJECT_META, PARAM_META, ((1, _pod(ID, _int(kind))), (2, size)))


def read_format(pod: bytes) -> Format | None:
    """What a Format object fixes; None for one that fixes nothing we understand."""
    found: dict[int, bytes] = {}
    if len(pod) < 16 or _HEAD.unpack_from(pod)[1] != OBJECT:
        return None
    at, end = 16, min(len(pod), 8 + int(_HEAD.unpack_from(pod)[0]))
    while at + 16 <= end:
        key, _flags, size, kind = struct.unpack_from("=IIII", pod, at)
        body = pod[at + 16 : at + 16 + size]
        if kind == CHOICE and len(body) >= 16:  # one that has been fixed: its first value holds
            body = body[16:]
        found[key] = body
        at += 16 + size + -size % 8
    try:
        (order,) = struct.unpack_from("=I", found[KEY_FORMAT])
        width, height = struct.unpack_from("=II", found[KEY_SIZE])
        known = Video(order)
    except (KeyError, ValueError, struct.error):
        return None
    inside = 0 < width <= LARGEST and 0 < height <= LARGEST
    return Format(known, width, height) if inside else None
