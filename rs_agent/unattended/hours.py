"""Working hours of a device: `mon-fri 08:00-18:00`, several with commas, over midnight too (`sat 22:00-06:00`)."""

from __future__ import annotations

import re
from datetime import datetime

from rs_agent.language import N_
from rs_relay.errors import UsageError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"(?:([a-z]{3})(?:-([a-z]{3}))? )?(\d{1,2}):(\d\d)-(\d{1,2}):(\d\d)")
DAY = 24 * 60  # minutes

Span = tuple[frozenset[int], int, int]  # days it begins on, from, to (minutes; over DAY: on the next day)


def parse(text: str) -> tuple[Span, ...]:
    """Empty text: always. Raises UsageError."""
    parts = [" ".join(part.lower().split()) for part in text.split(",") if part.strip()]
    return tuple(_span(part) for part in parts)


def within(spans: tuple[Span, ...], now: datetime) -> bool:
    """`now` is this computer's local time."""
    if not spans:
        return True
    today, minute = now.weekday(), now.hour * 60 + now.minute
    for days, begin, end in spans:
        if today in days and begin <= minute < end:
            return True
        if (today - 1) % 7 in days and minute < end - DAY:
            return True
    return False


def _span(text: str) -> Span:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise _wrong(text)
    first, last, *clock = found.groups()
    h1, m1, h2, m2 = (int(part) for part in clock)
    begin, end = h1 * 60 + m1, h2 * 60 + m2
    named = {first, last} - {None}
    if not named <= set(DAYS) or m1 > 59 or m2 > 59 or begin >= DAY or end > DAY or begin == end:
        raise _wrong(text)
    if first is None:
        days = frozenset(range(7))
    else:
        start, stop = DAYS.index(first), DAYS.index(last or first)
        days = frozenset((start + n) % 7 for n in range((stop - start) % 7 + 1))
    return days, begin, end if end > begin else end + DAY


def _wrong(text: str) -> UsageError:
    return UsageError(N_("Those are no working hours."), f"{text[:40]!r}: mon-fri 08:00-18:00, sat 09:00-12:00")
