"""A plain arrow, for where a server does not let its own pointer be read."""

from __future__ import annotations

from rs_relay.capture.base import PointerShape

_ROWS = (
    "X",
    "XX",
    "X.X",
    "X..X",
    "X...X",
    "X....X",
    "X.....X",
    "X......X",
    "X.......X",
    "X........X",
    "X.....XXXXX",
    "X..X..X",
    "X.X X..X",
    "XX  X..X",
    "X    X..X",
    "     X..X",
    "      XX",
)
_WIDTH = max(map(len, _ROWS))
_INK = {"X": b"\x00\x00\x00\xff", ".": b"\xff\xff\xff\xff", " ": b"\x00\x00\x00\x00"}

ARROW = PointerShape(
    0, 0, _WIDTH, len(_ROWS), b"".join(_INK[ink] for row in _ROWS for ink in row.ljust(_WIDTH))
)  # fmt: skip
