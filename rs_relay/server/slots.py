"""The public numbers of codes: handed out, expired, worn out.

Law: a slot belongs to whoever asked for it; only that one retires it or reports failures. A slot is gone after its
time, after three reported failures, after ten joins, or when its holder is gone for good. A number is never given
out again while it is in use, and which number comes next is random, so that nobody can wait at the next door.

A code is a slot followed by six digits, so the ends split it from its right: a slot may have any length of three to
five digits and stays unambiguous. Three digits while few are in use; a fourth and fifth keep the share of numbers in
use, and with it the reward for guessing slots, below one half.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

# Numbers in use before a digit is added: 400 of 1,000 (SECURITY-DESIGN 2.1), the same share of 10,000 and of 100,000.
ROOM = ((3, 400), (4, 4_000), (5, 40_000))


@dataclass
class Held:
    slot: str
    holder: str  # "host:<id>" or "control:<peer>"
    made: float
    until: float
    failures: int = 0
    joins: int = 0
    joiners: list[str] = field(default_factory=list)  # throttle keys of who joined, for the blame of a failure


class Slots:
    def __init__(
        self, *, ttl: float, failures: int, joins: int, pick: Callable[[int], int] = secrets.randbelow
    ) -> None:
        self._ttl = ttl
        self._failures = failures
        self._joins = joins
        self._pick = pick
        self._held: dict[str, Held] = {}

    def __len__(self) -> int:
        return len(self._held)

    def allocate(self, holder: str, now: float) -> Held | None:
        """A free number for `holder`; None when all that may be used are in use."""
        for digits, room in ROOM:
            if len(self._held) < room:
                held = Held(self._free(digits), holder, now, now + self._ttl)
                self._held[held.slot] = held
                return held
        return None

    def join(self, slot: str, joiner: str, now: float) -> Held | None:
        """The slot, if somebody may join it now; counts the join."""
        held = self._held.get(slot)
        if held is None or held.until <= now:
            return None
        held.joins += 1
        held.joiners.append(joiner)
        if held.joins >= self._joins:
            del self._held[slot]
        return held

    def peek(self, slot: str, now: float) -> Held | None:
        held = self._held.get(slot)
        return held if held is not None and held.until > now else None

    def fail(self, slot: str, holder: str) -> Held | None:
        """A wrong secret was tried. The slot if it is the holder's; it is gone after the last failure it may have."""
        held = self._held.get(slot)
        if held is None or held.holder != holder:
            return None
        held.failures += 1
        if held.failures >= self._failures:
            del self._held[slot]
        return held

    def retire(self, slot: str, holder: str) -> bool:
        held = self._held.get(slot)
        if held is None or held.holder != holder:
            return False
        del self._held[slot]
        return True

    def of(self, holder: str) -> tuple[str, ...]:
        return tuple(held.slot for held in self._held.values() if held.holder == holder)

    def drop_all(self, holder: str) -> tuple[str, ...]:
        dropped = self.of(holder)
        for slot in dropped:
            del self._held[slot]
        return dropped

    def expire(self, now: float) -> tuple[str, ...]:
        gone = tuple(held.slot for held in self._held.values() if held.until <= now)
        for slot in gone:
            del self._held[slot]
        return gone

    def newest(self, prefix: str, now: float) -> Iterator[Held]:
        """Slots whose holder begins with `prefix`, the newest first."""
        for held in sorted(self._held.values(), key=lambda h: h.made, reverse=True):
            if held.until > now and held.holder.startswith(prefix):
                yield held

    def _free(self, digits: int) -> str:
        # At most two fifths are in use, so a try succeeds with 0.6; 64 tries fail once in 10^25, and then we search.
        for _ in range(64):
            slot = str(self._pick(10**digits)).zfill(digits)
            if slot not in self._held:
                return slot
        start = random.SystemRandom().randrange(10**digits)
        numbers = (str((start + i) % 10**digits).zfill(digits) for i in range(10**digits))
        return next(slot for slot in numbers if slot not in self._held)
