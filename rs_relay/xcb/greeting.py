"""What an X server says of itself when a client comes in: how its pixels lie. Pure.

The layout is that of the X11 protocol, section 8 "Connection Setup", in the order of our own bytes.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

HEADER = 8  # bytes; the length of what follows is in its last two, in words of four


@dataclass(frozen=True)
class Visual:
    """`red`, `green`, `blue`: the bits of a pixel that are theirs."""

    id: int
    depth: int
    red: int
    green: int
    blue: int


@dataclass(frozen=True)
class Greeting:
    """`bits`: how many a pixel of a depth takes in memory. `roots`: the root window of each screen."""

    little_endian: bool
    bits: dict[int, int]
    visuals: dict[int, Visual]
    roots: tuple[int, ...]


def length(header: bytes) -> int:
    """Of the whole greeting, in bytes."""
    return HEADER + 4 * int(struct.unpack_from("=6xH", header)[0])


def greeting(data: bytes) -> Greeting:
    vendor, screens, formats, order = struct.unpack_from("=24xH2xBBB", data)
    at = 40 + (vendor + 3) // 4 * 4
    bits = {data[n]: data[n + 1] for n in range(at, at + 8 * formats, 8)}
    at += 8 * formats
    visuals: dict[int, Visual] = {}
    roots = []
    for _ in range(screens):
        roots.append(struct.unpack_from("=I", data, at)[0])
        depths = data[at + 39]
        at += 40
        for _ in range(depths):
            depth, count = struct.unpack_from("=BxH", data, at)
            at += 8
            for _ in range(count):
                number, red, green, blue = struct.unpack_from("=I4xIII", data, at)
                visuals[number] = Visual(number, depth, red, green, blue)
                at += 24
    return Greeting(order == 0, bits, visuals, tuple(roots))
