from __future__ import annotations

import struct

from rs_relay.xcb.greeting import HEADER, Visual, greeting, length

VENDOR = b"The X.Org Foundation!"  # 21 letters: three bytes fill the word


def said() -> bytes:
    visuals = struct.pack("=IBBHIII4x", 0x21, 4, 8, 256, 0xFF0000, 0xFF00, 0xFF)
    screen = struct.pack("=I", 0x4D5) + bytes(35) + bytes([2])
    depths = struct.pack("=BxH4x", 24, 1) + visuals + struct.pack("=BxH4x", 1, 0)
    formats = bytes([1, 1, 32]) + bytes(5) + bytes([24, 32, 32]) + bytes(5)
    body = struct.pack("=IIIIHHBBBBBBBB4x", 0, 0, 0, 0, len(VENDOR), 0xFFFF, 1, 2, 0, 0, 32, 32, 8, 255)
    body += VENDOR + bytes(3) + formats + screen + depths
    return struct.pack("=BxHHH", 1, 11, 0, len(body) // 4) + body


def test_how_the_servers_pixels_lie() -> None:
    data = said()
    assert length(data[:HEADER]) == len(data)
    found = greeting(data)
    assert found.little_endian
    assert found.bits == {1: 1, 24: 32}
    assert found.visuals == {0x21: Visual(0x21, 24, 0xFF0000, 0xFF00, 0xFF)}
    assert found.roots == (0x4D5,)
