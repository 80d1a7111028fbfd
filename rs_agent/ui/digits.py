"""Digits that can be read from across a desk: five lines of blocks for a code."""

from __future__ import annotations

_ROWS = {
    "0": "111 101 101 101 111", "1": "010 110 010 010 111", "2": "111 001 111 100 111", "3": "111 001 111 001 111",
    "4": "101 101 111 001 001", "5": "111 100 111 001 111", "6": "111 100 111 101 111", "7": "111 001 001 001 001",
    "8": "111 101 111 101 111", "9": "111 101 111 001 111", "-": "000 000 111 000 000",
}  # fmt: skip
HEIGHT = 5


def large(text: str, block: str = "█") -> list[str]:
    """Five lines; each digit is three cells wide (two columns a cell, as a cell is about half as wide as high)."""
    lines = []
    for row in range(HEIGHT):
        cells = (_ROWS[c].split()[row] for c in text if c in _ROWS)
        lines.append("  ".join("".join(block * 2 if bit == "1" else "  " for bit in cell) for cell in cells).rstrip())
    return lines


def width(text: str) -> int:
    """Columns that `large(text)` takes at most."""
    return 8 * len(text)
