"""Sizes for people: binary units, three digits."""

from __future__ import annotations


def in_bytes(size: float) -> str:
    """`0 B`, `512 B`, `1.5 KiB`, `23 MiB`."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 10 else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"
