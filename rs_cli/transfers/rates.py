"""A limit as a person writes it: `500k`, `1.5M`, `4Mbit`, `none`.

Bytes a second unless it says bit; k M G are thousands, Ki Mi Gi are 1024s, and `/s` may follow.
"""

from __future__ import annotations

import re

from rs_relay.errors import UsageError
from rs_relay.text import printable
from rs_relay.transfer.messages import UNKNOWN
from rs_relay.transfer.part import amount

LEAST = 100  # bytes/s: less is a pause, and has its own name
_FORM = re.compile(r"(\d+(?:\.\d+)?)\s*([kmg]?)(i?)(b|byte|bytes|bit|bits)?(?:/s|ps)?", re.IGNORECASE)
_POWER = {"": 0, "k": 1, "m": 2, "g": 3}


def parse(text: str) -> int:
    """Bytes a second; UNKNOWN for no limit ('none', '0'). Raises UsageError."""
    plain = text.strip()
    if plain.lower() in ("none", "off", "0"):
        return UNKNOWN
    form = _FORM.fullmatch(plain)
    if form is None:
        raise UsageError(f"'{printable(text, 20)}' is no rate.", "Like 500k, 2M (bytes a second), 4Mbit, or none.")
    number, unit, binary, what = form.groups()
    rate = float(number) * (1024 if binary else 1000) ** _POWER[unit.lower()]
    if (what or "").lower().startswith("bit"):
        rate /= 8
    if rate < LEAST:
        raise UsageError(f"A limit is {LEAST} bytes a second at least.", "`rs transfers pause` stops one for a while.")
    return int(min(rate, 2**62))


def shown(rate: float) -> str:
    """`0 B/s`, `512 kB/s`, `1.5 MB/s`."""
    for unit in ("B", "kB", "MB"):
        if rate < 1000:
            return f"{rate:.0f} {unit}/s" if unit == "B" or rate >= 10 else f"{rate:.1f} {unit}/s"
        rate /= 1000
    return f"{rate:.1f} GB/s"


def part(done: int, total: int) -> str:
    """`12.3 of 45.6 MB`; `12.3 MB` where the total is not known (negative)."""
    if total < 0:
        return amount(done)
    number, _, unit = amount(total).partition(" ")
    sofar = amount(done, min(total, 10**9 - 1))  # of gigabytes the first megabytes are told, too
    return f"{sofar.removesuffix(f' {unit}')} of {number} {unit}"
