"""How a window's process and the one that started it speak through a pipe: each message is its length (4 bytes,
big-endian) and that many bytes of MessagePack, a tagged union, validated by whoever reads it.

The pipe is local, but the pixels come from a stranger: either end refuses a length over its limit before it reads on.
"""

from __future__ import annotations

import struct
from typing import Any, TypeVar

import msgspec

from rs_relay.errors import PeerBroke

HEADER = struct.Struct(">I")

_encoder = msgspec.msgpack.Encoder()
T = TypeVar("T")


def pack(message: Any) -> bytes:
    body = _encoder.encode(message)
    return HEADER.pack(len(body)) + body


def length(header: bytes, limit: int) -> int:
    """How many bytes follow. Raises PeerBroke for more than `limit`."""
    (size,) = HEADER.unpack(header)
    if not 0 < size <= limit:
        raise PeerBroke("A message between rs and its window has an impossible length.")
    return int(size)


def decode(decoder: msgspec.msgpack.Decoder[T], body: bytes) -> T:
    """Raises PeerBroke for what is no such message."""
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise PeerBroke("A message between rs and its window does not follow the protocol.") from e
