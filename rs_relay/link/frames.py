"""The inner frame: what a record's plaintext holds.

kind(u8) | channel(u32) | body          a record holds exactly one frame; channel 0 is the link itself

HELLO   0  agent → technician, first: who is here (opaque to this room)
OPEN    n  technician → agent: body is the channel's name; behind a zero, what is said on it first
ACCEPT  n  agent → technician
REFUSE  n  agent → technician: body is an error
MORE    n  part of a message, not the last
DATA    n  the last (or only) part of a message
PADDED  n  the same, short, padded to one size: u16 length, body, zeros. Keys all look alike to the relay
CREDIT  n  u32: this many bytes more may be sent on n
CLOSE   n  nothing more comes on n; body is an error, or empty
PING    0  u64, answered by PONG with the same
BYE     0  the link ends here by intention; body is a reason. A stream cut without it was cut by somebody else
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from rs_relay.errors import RsError, from_wire

HEADER = 5
PADDED_BODY = 59  # bytes of a frame with padding, so that its plaintext is 64


class Kind(IntEnum):
    HELLO = 1
    OPEN = 2
    ACCEPT = 3
    REFUSE = 4
    MORE = 5
    DATA = 6
    PADDED = 7
    CREDIT = 8
    CLOSE = 9
    PING = 10
    PONG = 11
    BYE = 12


class BadFrame(Exception):
    """The other end holds the keys and yet says what no honest program says. The link ends."""


class Frame(NamedTuple):
    kind: Kind
    channel: int
    body: bytes | memoryview


def encode(kind: Kind, channel: int, body: bytes | memoryview = b"") -> bytes:
    return b"".join((bytes([kind]), channel.to_bytes(4, "big"), body))


def encode_padded(channel: int, body: bytes) -> bytes:
    """A short DATA frame (body <= PADDED_BODY - 2) that looks like any other short one."""
    return encode(Kind.PADDED, channel, len(body).to_bytes(2, "big") + body + bytes(PADDED_BODY - 2 - len(body)))


def decode(plaintext: bytes) -> Frame:
    if len(plaintext) < HEADER:
        raise BadFrame("a frame shorter than its header")
    try:
        kind = Kind(plaintext[0])
    except ValueError as e:
        raise BadFrame("a frame of unknown kind") from e
    channel = int.from_bytes(plaintext[1:HEADER], "big")
    body = memoryview(plaintext)[HEADER:]
    if kind is not Kind.PADDED:
        return Frame(kind, channel, body)
    size = int.from_bytes(body[:2], "big")
    if len(body) != PADDED_BODY or size > PADDED_BODY - 2:
        raise BadFrame("a padded frame of the wrong size")
    return Frame(Kind.DATA, channel, body[2 : 2 + size])


def encode_error(error: RsError | None) -> bytes:
    """An error as a body; empty for none."""
    if error is None:
        return b""
    return "\0".join(part.replace("\0", " ")[:500] for part in (error.code, error.message, error.hint)).encode()


def decode_error(body: bytes | memoryview) -> RsError | None:
    if not body:
        return None
    parts = bytes(body[:4096]).decode("utf-8", "replace").split("\0")
    code, message, hint = (*parts, "", "", "")[:3]
    return from_wire(code, message, hint)
